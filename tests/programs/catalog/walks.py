"""pathlib, tempfile, shutil, glob: trees made, walked, copied, packed and removed."""

import filecmp
import os
import shutil
import stat
import tempfile
from pathlib import Path

here = Path("tree")
for folder in ("a/b/c", "a/d", "e"):
    (here / folder).mkdir(parents=True, exist_ok=True)
for number in range(40):
    (here / "a" / f"file-{number:02}.txt").write_text(f"number {number}\n" * number)
(here / "link").symlink_to("a/file-03.txt")
(here / "loop").symlink_to(".")
(here / "a/hard").hardlink_to(here / "a/file-05.txt")
(here / "e/run.sh").write_text("#!/bin/sh\n")
(here / "e/run.sh").chmod(0o750)

for top, folders, files in os.walk(here):
    folders.sort()
    print(top, folders, len(files))
print(sorted(str(path) for path in here.rglob("file-1*")))
print(sum(path.stat().st_size for path in here.rglob("*.txt")))
print((here / "link").resolve().relative_to(Path.cwd()), (here / "loop/loop/e").is_dir())
print((here / "a/hard").stat().st_nlink, (here / "a/hard").samefile(here / "a/file-05.txt"))
print(stat.filemode((here / "e/run.sh").stat().st_mode), os.access(here / "e/run.sh", os.X_OK))

shutil.copytree(here, "copy", symlinks=True)
comparison = filecmp.dircmp(here, "copy")
print(comparison.left_only, comparison.right_only, comparison.diff_files)
for path in (Path("copy"), *Path("copy").rglob("*")):
    os.utime(path, (1_000_000_000, 1_000_000_000), follow_symlinks=False)
print(shutil.make_archive("packed", "gztar", "copy") == str(Path("packed.tar.gz").resolve()))
shutil.unpack_archive("packed.tar.gz", "unpacked")
print(len(list(Path("unpacked").rglob("*"))), shutil.disk_usage(".").total > 0)
Path("packed.tar.gz").unlink()
shutil.move("unpacked/a/d", "moved")
shutil.rmtree("unpacked")
(here / "e").rename(here / "f")
try:
    (here / "a").rmdir()
except OSError as error:
    print(error.strerror)

with tempfile.TemporaryDirectory() as folder:
    with tempfile.NamedTemporaryFile("w+", dir=folder, suffix=".txt") as file:
        file.write("temporary")
        file.flush()
        print(Path(file.name).read_text(), Path(file.name).stat().st_mode & 0o777)
    print(list(Path(folder).iterdir()))
print(Path(folder).exists())
with tempfile.TemporaryFile() as file, tempfile.SpooledTemporaryFile(max_size=10) as spooled:
    file.write(b"x" * 100_000)
    spooled.write(b"more than ten bytes")
    print(file.tell(), os.fstat(file.fileno()).st_nlink, spooled.fileno() > 2)
with os.scandir(here) as entries:
    print(sorted((entry.name, entry.is_dir(), entry.is_symlink()) for entry in entries))
