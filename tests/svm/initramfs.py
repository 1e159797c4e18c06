"""The first root of the machine: modules, busybox, and a script that mounts the real one."""

import stat
from collections.abc import Sequence
from pathlib import Path

from support.host import ROOT

_SHARE = "/run/svm"

# npt=0: KVM keeps shadow page tables, so the emulated CPU has one set of tables to walk, not two.
_INIT = f"""#!/bin/busybox sh
PATH=/bin
busybox mkdir dev lower upper root
busybox mount -t devtmpfs dev /dev
busybox ip link set lo up
exec >/dev/console 2>&1
for module in $(busybox cat /modules/order); do
    options=
    [ $module = kvm-amd.ko ] && options=npt=0
    busybox insmod /modules/$module $options
done
# The host's files, which do not change meanwhile, below what the machine writes.
share=trans=virtio,version=9p2000.L,msize=512000
busybox mount -t 9p -o $share,ro,cache=loose root /lower
busybox mount -t tmpfs -o mode=755 upper /upper
busybox mkdir /upper/data /upper/work
busybox mount -t overlay -o lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work root /root
busybox mount -t proc proc /root/proc
busybox mount -t sysfs sysfs /root/sys
busybox mount -t devtmpfs dev /root/dev
busybox mkdir -p /root/dev/pts /root/dev/shm
busybox mount -t devpts -o mode=620,ptmxmode=666 devpts /root/dev/pts
busybox mount -t tmpfs -o mode=1777 shm /root/dev/shm
busybox mount -t tmpfs -o mode=755 run /root/run
# Programs must not see that their directory is an overlay, which inotify for one shows.
busybox mkdir tree
busybox mount -o bind /root{ROOT} /tree
busybox mount -t tmpfs -o mode=1777 tmp /root/tmp
busybox mkdir -p /root{ROOT}
busybox mount -o bind /tree /root{ROOT}
busybox umount /tree
busybox ln -s /proc/self/fd /root/dev/fd
for stream in 0:stdin 1:stdout 2:stderr; do
    busybox ln -s /proc/self/fd/${{stream%:*}} /root/dev/${{stream#*:}}
done
busybox mkdir /root{_SHARE}
busybox mount -t 9p -o $share,cache=none share /root{_SHARE}
exec busybox switch_root /root /bin/sh {_SHARE}/agent
"""


def agent(line: str) -> bytes:
    """What process 1 goes on with: it runs the commands named to it on the terminal ``line``."""
    return f"""cd {_SHARE}
stty -F {line} raw -echo
exec <{line} >{line}
echo ready
while read -r name; do
    setsid -w sh ./$name.command </dev/null >$name.out 2>$name.err
    echo "$name $?"
done
""".encode()


def archive(modules: Sequence[Path], busybox: Path) -> bytes:
    """The initramfs, in the format "newc" (Documentation/driver-api/early-userspace of Linux)."""
    order = "".join(f"{path.name}\n" for path in modules).encode()
    entries = [
        ("bin", stat.S_IFDIR | 0o755, b""),
        ("modules", stat.S_IFDIR | 0o755, b""),
        ("bin/busybox", stat.S_IFREG | 0o755, busybox.read_bytes()),
        ("init", stat.S_IFREG | 0o755, _INIT.encode()),
        ("modules/order", stat.S_IFREG | 0o644, order),
        *((f"modules/{path.name}", stat.S_IFREG | 0o644, path.read_bytes()) for path in modules),
        ("TRAILER!!!", 0, b""),
    ]
    return b"".join(_entry(*entry, number) for number, entry in enumerate(entries, 1))


def _entry(name: str, mode: int, content: bytes, number: int) -> bytes:
    path = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(path), 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + path
    return _padded(head) + _padded(content)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
