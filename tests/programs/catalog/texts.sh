# find, xargs, grep, sed, awk, diff, patch, tar, gzip, bzip2, xz, zip-like round trips.
mkdir -p src/lib src/doc; i=0
while [ $i -lt 30 ]; do
    printf 'line %d\nneedle %d\n\tend %d\n' $i $((i * i)) $i > src/lib/file$i.c; i=$((i + 1))
done
cp src/lib/file1.c src/doc/readme.txt; ln -s ../doc src/lib/doc; touch -d 2001-01-01 src/lib/*.c; touch -d 2001-01-02 src/lib/file[12]*.c; chmod 400 src/doc/readme.txt
find src -name 'file1*.c' -size -2 | sort | head -4
find src -type f -perm 400 -exec basename {} \;
find src -newer src/lib/file0.c -o -type l | sort | wc -l
find src -print0 | sort -z | xargs -0 -n 10 echo | wc -l
find . -depth -type d | sort; find src -maxdepth 2 -iname '*.TXT' -printf '%f %s %m\n'
seq 8 | xargs -P 3 -I@ sh -c 'echo job @' | sort
grep -rhc needle src | sort | uniq -c; grep -nE 'needle (4|9)$' -r src/lib | sort; grep -vw line src/doc/readme.txt
grep -o '[0-9]*' src/lib/file5.c | tr '\n' ' '; grep -q absent -r src || echo absent
sed -n '2{s/needle/pin/;p}' src/lib/file7.c; sed -i.bak -e '1d' -e '$a\appended' src/lib/file8.c; cat src/lib/file8.c
sed -E 's/([a-z]+) ([0-9]+)/\2 \1/; y/abc/ABC/' src/lib/file3.c | sed '$!d'
awk '/needle/ { sum += $2; n++ } END { printf "%d %d %.2f\n", n, sum, sum / n }' src/lib/*.c
awk -F: 'BEGIN { OFS = "-" } { $1 = $1; print; a[NR] = $2 } END { for (i = 1; i <= NR; i++) print a[i] }' <<'END'
x:1:y
z:2:w
END
awk 'BEGIN { while (("echo from a command" | getline line) > 0) print toupper(line); print substr("abcdef", 2, 3), index("hay", "y") | "cat" }'
diff -u src/lib/file8.c.bak src/lib/file8.c | sed 1,2d; diff -rq src/lib src/doc | sort | head -3; cmp src/lib/file1.c src/doc/readme.txt && echo same
cp src/lib/file8.c.bak old.c; diff old.c src/lib/file8.c > change; sed -n 1p change
for pack in cat gzip bzip2 xz zstd; do
    command -v $pack > /dev/null || continue
    tar -cf - --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner src | $pack > pack.$pack
    mkdir out.$pack; case $pack in cat) tar -xf pack.cat -C out.cat ;; *) $pack -dc pack.$pack | tar -xf - -C out.$pack ;; esac
    diff -r src out.$pack && echo "$pack round trip"; rm -rf out.$pack pack.$pack
done
gzip -k9n src/lib/file9.c; gzip -lv src/lib/file9.c.gz | wc -l; zcat src/lib/file9.c.gz; xz -k src/lib/file2.c; xz --robot -l src/lib/file2.c.xz | head -1 | cut -f1
tar -czf made.tgz -C src doc && tar -tvzf made.tgz | awk '{ print $1, $NF }'; rm made.tgz src/lib/*.xz src/lib/*.gz
find src -name '*.bak' -delete; find src -type f | wc -l
