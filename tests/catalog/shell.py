"""Shells, and the tools that shell scripts are made of."""

from typing import Any

from catalog.program import Program, text

_GIT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "C", "GIT_COMMITTER_EMAIL": "c@example.org",
    "GIT_AUTHOR_DATE": "1700000000 +0000", "GIT_COMMITTER_DATE": "1700000000 +0000",
}  # fmt: skip


def script(name: str, file: str, shows: str, version: str, **more: Any) -> Program:
    """A script of ``tests/programs/catalog`` for bash; ``version`` is a program and an option."""
    requires = ("bash", *more.pop("requires", ()))
    files = {file: text(f"catalog/{file}"), **more.pop("files", {})}
    return Program(
        name, shows, ("bash", file), files,
        requires=requires, version=tuple(version.split()), **more,
    )  # fmt: skip


PROGRAMS = (
    script(
        "bash", "bash.sh", "arrays, traps, coprocesses, process substitution, job control",
        "bash --version",
    ),
    Program(
        "bash: jobs", "job control on a pseudo-terminal: stop, background, foreground, interrupt",
        ("python3", "jobs.py"), {"jobs.py": text("catalog/jobs.py")},
        requires=("bash", "python3"), version=("bash", "--version"),
    ),
    Program(
        "zsh", "globs, expansions, a coprocess, and its modules for terminals, sockets and files",
        ("zsh", "-f", "zsh.zsh"), {"zsh.zsh": text("catalog/zsh.zsh")},
        requires=("zsh",), version=("zsh", "--version"),
    ),
    script("coreutils", "coreutils.sh", "a hundred commands, one after the other", "ls --version"),
    script(
        "text tools", "texts.sh", "find, xargs, grep, sed, awk, diff; tar with gzip, xz, zstd",
        "find --version",
    ),
    script(
        "make", "make.sh", "what is up to date, what is not, and a jobserver", "make --version",
        files={"Makefile": text("catalog/Makefile")}, requires=("make",),
    ),
    script(
        "git", "git.sh", "commits, branches, merge, rebase, stash, clone, push, gc, worktrees",
        "git --version", env=_GIT, requires=("git",),
    ),
    script(
        "openssl", "openssl.sh", "digests, ciphers, keys, a certificate, a TLS connection",
        "openssl version", requires=("openssl",),
    ),
    script(
        "rsync", "rsync.sh", "links, permissions and times, what has changed, deltas, deletions",
        "rsync --version", requires=("rsync",),
    ),
    script(
        "zip and unzip", "zip.sh", "archives with links, changed in place, locked, cut short",
        "zip -v", requires=("zip", "unzip"),
    ),
    script(
        "Vim", "vim.sh", "without a screen: commands, scripts, undo, filters", "vim --version",
        requires=("vim",),
    ),
    script(
        "ssh-keygen", "keys.sh", "makes keys, signs with them, refuses what is not signed",
        "ssh -V", requires=("ssh-keygen",),
    ),
    script(
        "bc", "bc.sh", "sixty digits of pi, other bases, a program", "bc --version",
        requires=("bc",),
    ),
)  # fmt: skip
