"""busybox and dash: what shell scripts are made of."""

import textwrap

import pytest
from support.guest import Same

WORDS = "pear\napple\nfig\napple\nquince\nfig\napple\n"
TABLE = "name qty price\nbolt 10 0.25\nnut 200 0.10\ngear 3 12.50\n"
TEXTS = {
    "words": WORDS,
    "table": TABLE,
    "tree/one.txt": "the needle is here\nnothing\n",
    "tree/two.txt": "hay\nhay\n",
    "tree/deep/three.txt": "another needle\n",
    "empty": "",
}

BUSYBOX = {
    "pipeline": "cat words | sort | uniq -c | sort -rn | head -n 2 | while read n w; do echo $w=$n; done",
    "awk": "awk 'NR > 1 { total += $2 * $3; print NR, $1 } END { printf \"%.2f\\n\", total }' table",
    "sort": "sort -u words; sort -k2 -n table; sort -r words | head -n 1",
    "grep": "grep -rn needle tree | sort; grep -c hay tree/two.txt; grep -q nope words; echo $?",
    "sed": "sed -n -e 's/\\(a\\)pple/\\1PPLE/p' -e '$=' words",
    "tar": "tar cf t.tar tree words && tar tf t.tar | sort && mkdir x && tar xf t.tar -C x"
    " && cat x/tree/deep/three.txt && rm t.tar",
    "gzip": "gzip -c words | gunzip | cmp - words && echo same; gzip -9c words | wc -c",
    "find": "find . -type f | sort; find . -name '*.txt' -exec cat {} + | wc -l; find tree -type d | sort",
    "xargs": "ls tree | sort | xargs -n 1 echo item; echo a b c | xargs -n 2",
    "cut and tr": "cut -d' ' -f1,3 table | tr a-z A-Z; tr -d '\\n' < words; echo",
    "dd": "dd if=/dev/zero of=z bs=1000 count=70 2>/dev/null; wc -c < z; od -c words | head -n 3",
    "expr and test": "expr 6 '*' 7; [ -f words ] && [ ! -e nope ] && [ -d tree ] && echo yes",
    "digest": "md5sum words; sha1sum words; sha256sum words tree/*; cksum words",
    "cp and mv": "cp -r tree copy && mv copy/two.txt moved && rm -r copy/deep && ls copy && cat moved",
    "links": "ln -s words soft && ln words hard && cat soft && readlink soft && rm soft hard",
    "head and tail": "head -c 10 words; tail -n 2 words; tail -c 5 words; rev words | tac | nl",
    "ed": "printf '%s\\n' 1i zero . w q | ed words; cat words | head -n 2",
    "seq": "seq 1 3 20 | paste -s -d+ - | bc; seq 5 | shuf -n 0; seq 3 | tac",
    "date": "date -u -d @86400 '+%Y-%m-%d %H:%M:%S'; TZ=UTC-2 date -d @0 +%H",
    "env": "FOO=bar env | grep FOO; env -i A=1 busybox env",
    "jobs": "sleep 0.05 & wait $!; echo done $?; (exit 9) & wait $!; echo $?",
    "which": "which sh cat | wc -l; type cd | head -n 1",
    "printf": "printf '%05d|%-6s|%x|%c\\n' 42 ab 255 z; echo -e 'a\\tb'; echo -n no newline",
    "errors": "cat nope; ls nope; cd nope; mkdir tree; rmdir tree; rm nope; echo $?",
    "exit code": "exit 42",
    "cpio": "find tree | sort | cpio -o -H newc 2>/dev/null | cpio -t 2>/dev/null",
    "diff": "cp words w2; echo more >> w2; diff words w2; echo $?; cmp words w2; comm words w2 | wc -l",
}

DASH = {
    "pipes": "printf 'c\\na\\nb\\n' | sort | { read x; echo first $x; cat; } | tail -n 1; false | true; echo $?",
    "subshells": "x=1; (x=2; echo $x; exit 5); echo $x $?; y=$(echo sub; exit 3); echo $y $?",
    "traps": "trap 'echo bye $?' EXIT; trap 'echo got USR1' USR1; kill -USR1 $$; echo after; exit 4",
    "trap of interrupt": "trap 'echo interrupted; exit 7' INT; kill -INT $$; echo not reached",
    "wait and trap": "trap 'echo term' TERM; (sleep 0.1; kill -TERM $$) & wait; echo status $?; wait",
    "here-documents": """
        name=World
        cat <<END
        Hello $name, $(echo nested) `echo ticks`
        END
        cat <<'END'
        $name is kept
        END
        cat <<-END | tr a-z A-Z
        \ttabs removed
        END
        while read line; do echo "[$line]"; done <<END
        one
        two
        END
    """,
    "redirections": """
        echo out >f 2>&1; echo more >>f; cat <f; exec 5>g; echo five >&5; exec 5>&-; cat g
        { echo a; echo b >&2; } 2>err | cat; cat err; ls /nope 2>/dev/null || echo failed
        echo through <&0 | cat; : >empty; [ -s empty ] || echo still empty; set -C; echo x >f
        echo $?
    """,
    "functions": """
        fact() { [ $1 -le 1 ] && echo 1 || echo $(( $1 * $(fact $(($1 - 1))) )); }
        fact 6
        f() { local v=in; g; echo $v; return 3; }; g() { echo "sees $v"; }; v=out; f; echo $? $v
    """,
    "loops": """
        for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done
        n=0; until [ $n -ge 3 ]; do n=$((n + 1)); done; echo $n
        while :; do break; done; case abc in a*) echo starts;; *) echo no;; esac
    """,
    "expansion": """
        v=path/to/file.txt; echo ${v##*/} ${v%.*} ${v#*/} ${#v} ${none:-default} ${v:+set}
        set -- a 'b c' d; echo $# "$2"; shift; echo "$@"; IFS=,; x=1,2,3; set -- $x; echo $3
        echo *.none [x]; echo "$((0x10 + 010 + (7 % 4) << 2))"
    """,
    "many children": "i=0; while [ $i -lt 40 ]; do /bin/true & i=$((i+1)); done; wait; echo $i",
    "long pipeline": "seq 1 2000 | cat | cat | cat | cat | cat | tail -n 1",
    "broken pipe": "seq 1 100000 | head -n 1",
    "big output": "seq 1 30000",
    "exec": "exec /bin/echo replaced",
    "set -e": "set -e; echo one; false; echo not reached",
    "not found": "nosuchcommand; echo $?; ./nope; echo $?; /tmp; echo $?",
    "killed child": "sh -c 'kill -9 $$'; echo $?; sh -c 'kill -TERM $$'; echo $?",
    "umask": "umask 027; : >made; mkdir d; ls -ld made d | cut -c1-10; umask",
    "dollar": "echo $0 $# $- | cut -c1-20; echo ${PPID:+parent} ${PWD##*/}x | cut -c1-6",
    "nested": "sh -c \"sh -c 'sh -c \\\"echo deep\\\"'\"; eval 'echo $((1+1))'; . ./script",
    "read -r": "printf 'a\\\\b c\\n' | { read -r x y; echo $x,$y; }; echo 1:2 | (IFS=: read a b; echo $b)",
}


@pytest.mark.requires("busybox")
@pytest.mark.parametrize("name", BUSYBOX)
def test_busybox(same: Same, name: str) -> None:
    """Its shell finds every command in itself: it forks, or executes /proc/self/exe."""
    same(["busybox", "sh", "-c", BUSYBOX[name]], files=TEXTS)


@pytest.mark.requires("busybox")
def test_busybox_ls(same: Same) -> None:
    same(["busybox", "ls", "-la", "--full-time", "tree", "words", "empty"], files=TEXTS)


@pytest.mark.requires("busybox")
def test_busybox_script_from_stdin(same: Same) -> None:
    same(["busybox", "sh"], input=b"read line\nfirst\necho $line; echo $((2 + 3)); exit 6\n")


@pytest.mark.requires("dash")
@pytest.mark.parametrize("name", DASH)
def test_dash(same: Same, name: str) -> None:
    script = textwrap.dedent(DASH[name])
    same(["dash", "-c", script], files={"script": "echo sourced\n", **TEXTS})


@pytest.mark.requires("dash")
def test_script_file(same: Same) -> None:
    """A ``#!`` script is started by its first line."""
    script = "#!/bin/dash\necho \"$0 $1 $#\"; cat words; exit 8\n"
    assert same(["./run.sh", "an argument"], files={"run.sh": script, **TEXTS}, shared=False).code == 8
