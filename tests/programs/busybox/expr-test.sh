expr 6 '*' 7
[ -f words ] && [ ! -e nope ] && [ -d tree ] && echo yes
