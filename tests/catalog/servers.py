"""Servers with their clients, all in one guest."""

from catalog.program import Program, text
from catalog.shell import script

PROGRAMS: tuple[Program, ...] = (
    script(
        "redis", "redis.sh", "a server, pipelines, blocking clients, Lua, a snapshot, a restart",
        "redis-server --version", requires=("redis-server",),
        traces_differ="it reads its /proc/self/stat, which holds times and is as long as they are",
    ),
    script(
        "nginx", "nginx.sh", "two workers serve a directory, ranges, a proxy, a reload, to curl",
        "/usr/sbin/nginx -v",
        traces_differ="it waits for what is left until its next timer: first at an epoll_wait",
        files={"nginx.conf": text("catalog/nginx.conf")}, requires=("nginx", "curl"),
    ),
)  # fmt: skip
