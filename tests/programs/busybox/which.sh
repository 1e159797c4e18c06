which sh cat | wc -l
type cd | head -n 1
