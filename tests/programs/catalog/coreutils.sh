# coreutils, one after the other, each on small files.
umask 022
printf 'pear 3\napple 10\nfig 2\napple 9\n' > fruit; seq 100 > numbers; printf 'a\tb\n' > tabs
arch > /dev/null; b2sum fruit; base32 fruit; basename /a/b.c .c; cat -A tabs; cksum fruit
chmod u=rwx,go= fruit; comm -12 <(sort numbers) <(sort fruit); cp -a fruit fruit2; csplit -s numbers 50; cut -c1-3 fruit
date -u -d @86400 +%FT%T; dd if=numbers bs=10 skip=2 count=3 status=none; dirname /a/b/c; echo -e 'x\ty'
du -b --apparent-size fruit; env -i A=1 env; expand tabs; expr 7 \* 6; factor 360; fold -w 10 fruit; fmt -w 9 fruit
groups > /dev/null; head -n -98 numbers; hostid > /dev/null; install -m 640 fruit installed; join fruit fruit2
link fruit linked; ln -sr fruit soft; ls -1pF; md5sum fruit; mkdir -m 700 dir; pipe=/tmp/fifo$$; mkfifo $pipe
cat $pipe & echo 'through a fifo' > $pipe; wait; stat -c %F $pipe; rm $pipe; mktemp -p dir XXXXXX > /dev/null; mv -n fruit2 dir/
nice -n 19 nice; nl fruit; nohup echo hup 2> /dev/null; numfmt --to=iec 123456; od -c tabs; paste fruit fruit
pathchk a/b; pr -t -2 numbers | head -3; printf '%s %d %5.1f|\n' s 42 2.5; ptx fruit | head -2; pwd > /dev/null
readlink soft; realpath --relative-to=. soft; rm linked; rmdir nope 2> /dev/null || echo no; seq -s, 5 -1 1
sha1sum fruit; sha512sum -b fruit | cut -c1-40; shred -u -n 1 installed; shuf -i 1-5 -n 5 | sort | tr '\n' ' '
sleep 0.001; sort -k2 -n fruit; split -n 3 numbers part; stat -c '%s %h %F' fruit dir; stdbuf -oL echo buffered
sum fruit; sync fruit; tac fruit; tail -n 2 numbers; tail -c +280 numbers; tee one < fruit > two; test -f one -a ! -d one
touch -d '2001-01-01' old; stat -c %y old; touch -r old newer; tr a-z A-Z < fruit; true; truncate -s 1M sparse
stat -c '%s %b' sparse; tsort <<< 'a b
b c'; tty; uname -s; unexpand -a tabs; uniq -c fruit; unlink two; wc -lwc numbers; whoami > /dev/null; yes y | head -2
[ 1 -lt 2 ] && echo less; id -un > /dev/null; df . > /dev/null && echo df; dircolors -b > /dev/null; runcon 2> /dev/null
ls -l --time-style=+%F old; chgrp "$(id -g)" old; chown "$(id -u)" old; printenv HOME; logname 2> /dev/null
cp --reflink=auto --sparse=always sparse copied; cmp sparse copied && echo same; timeout 0.5 sleep 5; echo "$?"
/usr/sbin/chroot / true && echo chroot; pinky > /dev/null 2>&1; sort -R --random-source=numbers numbers | sha1sum; rm -rf dir
