"""Dynamic programs of the host's own distribution, through its own loader and libraries."""

import pytest
from support.guest import Same
from support.texts import TEXTS

COMMANDS = {
    "ls": ["ls"],
    "ls of a tree": ["ls", "-laR", "--time-style=full-iso", "tree", "words"],
    "ls of nothing": ["ls", "nope"],
    "cat": ["cat", "words", "bytes"],
    "cat of nothing": ["cat", "nope", "words"],
    "sort": ["sort", "words", "table"],
    "sort numbers": ["sort", "-k2", "-n", "-r", "table"],
    "wc": ["wc", "words", "table", "bytes"],
    "sha256sum": ["sha256sum", "words", "bytes", "empty"],
    "md5sum": ["md5sum", "bytes"],
    "head": ["head", "-n", "2", "words"],
    "tail": ["tail", "-c", "20", "table"],
    "uniq": ["uniq", "-c", "words"],
    "cut": ["cut", "-d", " ", "-f", "1", "table"],
    "cp": ["cp", "-r", "tree", "copy"],
    "mv": ["mv", "words", "moved"],
    "rm": ["rm", "-r", "tree"],
    "mkdir": ["mkdir", "-p", "a/b/c"],
    "ln": ["ln", "-s", "words", "link"],
    "touch": ["touch", "-d", "2001-02-03 04:05:06", "made"],
    "chmod": ["chmod", "600", "words"],
    "stat": ["stat", "-c", "%n %s %f %A", "words", "tree/one.txt"],
    "seq": ["seq", "20000"],
    "od": ["od", "-A", "d", "-t", "x1", "bytes"],
    "base64": ["base64", "bytes"],
    "split": ["split", "-b", "10000", "bytes"],
    "tee": ["tee", "one", "two"],
    "id": ["id", "-u"],
    "pwd": ["pwd", "-P"],
    "date": ["date", "-u", "-d", "@0"],
    "sleep": ["sleep", "0.02"],
    "true": ["true"],
    "false": ["false"],
    "timeout": ["timeout", "0.2", "sleep", "30"],
    "expr": ["expr", "length", "abcdef"],
    "dd": ["dd", "if=bytes", "of=copy", "bs=1k", "count=9", "status=none"],
    "find": ["find", "tree", "-name", "*.txt", "-size", "-1k"],
    "grep": ["grep", "-rn", "needle", "tree/deep"],
    "sed": ["sed", "-i", "s/apple/APPLE/", "words"],
    "tar": ["tar", "-cf", "-", "--sort=name", "--owner=0", "--group=0", "tree"],
    "xargs": ["xargs", "-n", "1", "echo"],
}  # fmt: skip


@pytest.mark.requires("sha256sum")
@pytest.mark.parametrize("name", COMMANDS)
def test_command(same: Same, name: str) -> None:
    same(COMMANDS[name], files=TEXTS, input=b"standard input\nsecond line\n")


@pytest.mark.requires("sha256sum")
def test_filter(same: Same) -> None:
    data = b"".join(b"%d\n" % (n * 7919 % 100_003) for n in range(20_000))
    same(["sort", "-n"], input=data)
    same(["sha256sum"], input=data)
    same(["wc", "-l"], input=b"")


@pytest.mark.requires("sha256sum")
def test_env(same: Same) -> None:
    """The guest's environment: little is inherited, the rest is what ``-e`` says."""
    ran = same(["env"], env={"ONE": "1", "EMPTY": "", "SPACES": "a  b"})
    assert b"SPACES=a  b\n" in ran.out
