mkdir -p from/deep/er; for i in 1 2 3; do seq $((i * 1000)) > from/deep/f$i; done
ln -s f1 from/deep/link; ln from/deep/f2 from/hard; chmod 640 from/deep/f3
early() { find from -exec touch -h -d "$1 UTC" {} +; }
early 2020-01-01; rsync -aH --stats from/ to | grep -E 'Number of (files|regular|created)|Total file size'
diff -r from to && echo equal; ls -l --time-style=+%F to/deep | cut -d' ' -f1,2,6-
echo more >> from/deep/f3; rm from/deep/f1; early 2021-01-01
rsync -aHi --delete from/ to
echo again >> from/deep/f3; rsync -aH --no-whole-file --checksum --stats from/ to | grep -E '(Matched|Literal) data'
rsync -a --exclude='f*' --dry-run -v from/ elsewhere | sed '/^sent/,$d'
find to -exec touch -h -d '2022-01-01 UTC' {} +
