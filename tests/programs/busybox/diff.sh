cp words w2
echo more >> w2
diff words w2
echo $?
cmp words w2
comm words w2 | wc -l
