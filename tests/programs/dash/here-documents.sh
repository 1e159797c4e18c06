name=World
cat <<END
Hello $name, $(echo nested) `echo ticks`
END
cat <<'END'
$name is kept
END
cat <<-END | tr a-z A-Z
	tabs removed
END
while read line; do echo "[$line]"; done <<END
one
two
END
