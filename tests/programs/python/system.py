"""os, pathlib, tempfile, shutil, signal, time, select: the operating system seen from Python."""

import os
import pathlib
import select
import shutil
import signal
import sys
import tempfile
import time

here = pathlib.Path()
(here / "a" / "b").mkdir(parents=True)
(here / "a" / "file.txt").write_text("text\nmore\n")
(here / "a" / "b" / "raw").write_bytes(bytes(range(256)))
(here / "link").symlink_to("a/file.txt")
print(sorted(map(str, here.rglob("*"))), (here / "link").read_text())
print([(e.name, e.is_dir(), e.is_symlink()) for e in sorted(os.scandir("a"), key=lambda e: e.name)])
shutil.copytree("a", "copy")
os.rename("copy/file.txt", "copy/renamed")
shutil.make_archive("archive", "tar", "copy")
shutil.rmtree("a")
os.remove("archive.tar")
with tempfile.TemporaryDirectory() as folder, open(f"{folder}/t", "w+b") as file:
    file.truncate(1 << 20)
    file.seek(-4, os.SEEK_END)
    file.write(b"tail!")
    print(os.fstat(file.fileno()).st_size)
for action in (lambda: os.mkdir("copy"), lambda: open("nope"), lambda: os.rmdir("copy"),
               lambda: os.listdir("/nope"), lambda: os.chdir("link/x"), lambda: os.kill(1 << 30, 0)):  # fmt: skip
    try:
        action()
    except OSError as error:
        print(type(error).__name__, error)

signal.signal(signal.SIGALRM, lambda number, frame: print("alarm", number))
signal.setitimer(signal.ITIMER_REAL, 0.05)
time.sleep(0.15)
reader, writer = os.pipe()
print(select.select([reader], [writer], [], 0)[:2] == ([], [writer]))
os.write(writer, b"x")
print(select.select([reader], [], [], 5)[0] == [reader], os.read(reader, 10))
print(os.getpid() > 0, os.getcwd() != "", os.environ["TZ"], sys.platform, os.cpu_count() >= 1)
print(time.strftime("%Y", time.gmtime()) >= "2024", time.perf_counter() > 0)
os.kill(os.getpid(), signal.SIGTERM)
