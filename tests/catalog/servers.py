"""Servers with their clients, all in one guest."""

from catalog.program import Program, text
from catalog.shell import script

PROGRAMS: tuple[Program, ...] = (
    script(
        "redis", "redis.sh", "a server, pipelines, blocking clients, Lua, a snapshot, a restart",
        "redis-server --version", requires=("redis-server",),
    ),
    script(
        "nginx", "nginx.sh", "two workers serve a directory, ranges, a proxy, a reload, to curl",
        "/usr/sbin/nginx -v",
        files={"nginx.conf": text("catalog/nginx.conf")}, requires=("nginx", "curl"),
    ),
    script(
        "sshd", "sshd.sh", "a login by key, a terminal, scp, sftp, a tunnel, a shared connection",
        "ssh -V", requires=("sshd", "ssh-keygen"),
    ),
)  # fmt: skip
