"""The stock kernel of this Debian release, taken out of its package without installing it.

``apt-get download`` needs no root; what is unpacked stays in the user's cache directory. A package
that cannot be had raises :class:`Unavailable` with the reason, which is what the tests skip with.
"""

import fcntl
import lzma
import os
import re
import shutil
import subprocess
import tempfile
import zlib
from pathlib import Path
from typing import NamedTuple

from support.host import cache_directory

QEMU = "qemu-system-x86_64"
META_PACKAGE = "linux-image-amd64"
MODULES = ("virtio-pci", "9pnet-virtio", "9p", "overlay", "kvm-amd")
"""What the machine needs beyond what is built in; what they depend on is added."""

_TOOLS = {QEMU: "qemu-system-x86", "apt-get": "apt", "dpkg-deb": "dpkg", "setpriv": "util-linux"}
_DOWNLOAD = (
    "apt-get", "download", "-q", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=20",
)  # fmt: skip
_DOWNLOAD_LIMIT_S = 180
_TOOL_LIMIT_S = 60
# Fields of the header of a bzImage: Documentation/arch/x86/boot.rst of Linux.
_SETUP_SECTORS_AT, _PAYLOAD_OFFSET_AT, _PAYLOAD_LENGTH_AT = 0x1F1, 0x248, 0x24C


class Unavailable(Exception):
    """Why this host cannot run the lane: one line."""


class Kernel(NamedTuple):
    """``modules`` stand in an order in which they can be loaded."""

    vmlinux: Path
    modules: tuple[Path, ...]
    busybox: Path


def kernel() -> Kernel:
    """The release's current kernel, or the one in the cache where the current one cannot be had."""
    for tool, package in _TOOLS.items():
        if shutil.which(tool) is None:
            raise Unavailable(f"{tool} is not installed (apt install {package})")
    base = cache_directory() / "svm"
    base.mkdir(exist_ok=True)
    with open(base / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = sorted(base.glob("linux-image-*"))
        try:
            image = _image_package()
            if base / image not in kept:
                _fill(base / image)
                for old in kept:
                    shutil.rmtree(old)
            folder = base / image
        except Unavailable:
            if not kept:
                raise
            folder = kept[-1]
    return Kernel(folder / "vmlinux", _load_order(folder), folder / "busybox")


def _image_package() -> str:
    """The package behind the name that always means the newest kernel."""
    found = re.search(r"Depends: (linux-image-\S+)", _run(("apt-cache", "depends", META_PACKAGE)))
    if found is None:
        raise Unavailable(f"apt offers no kernel image as {META_PACKAGE}")
    return found[1]


def _fill(folder: Path) -> None:
    """Download and unpack what is needed; ``folder`` appears whole or not at all."""
    image = folder.name
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        tree, fresh = Path(name, "tree"), Path(name, "fresh")
        try:
            _run((*_DOWNLOAD, image, "busybox-static"), _DOWNLOAD_LIMIT_S, name)
        except Unavailable as error:
            raise Unavailable(f"{image} cannot be downloaded: {error}") from None
        for package in Path(name).glob("*.deb"):
            _run(("dpkg-deb", "-x", str(package), str(tree)))
        fresh.mkdir()
        shutil.copy(tree / "bin" / "busybox", fresh)
        compressed = tree / "boot" / image.replace("linux-image", "vmlinuz", 1)
        (fresh / "vmlinux").write_bytes(_vmlinux(compressed.read_bytes()))
        _copy_modules(tree / "lib" / "modules", fresh)
        fresh.rename(folder)


def _copy_modules(source: Path, target: Path) -> None:
    """:data:`MODULES` and whatever they need, uncompressed."""
    found = {_module_name(path.name.partition(".")[0]): path for path in source.rglob("*.ko*")}
    wanted = list(MODULES)
    while wanted:
        module = wanted.pop()
        if module not in found:
            raise Unavailable(f"the stock kernel has no module {module}")
        path = target / f"{module}.ko"
        if not path.exists():
            path.write_bytes(_plain(found[module].read_bytes()))
            wanted += _dependencies(path)


def _module_name(name: str) -> str:
    """Dashes and underscores are the same to modules."""
    return name.replace("_", "-")


def _dependencies(module: Path) -> list[str]:
    """Names of the modules that ``module`` uses, as its ``.modinfo`` section has them."""
    found = re.search(rb"\0depends=([^\0]+)\0", module.read_bytes())
    return _module_name(found[1].decode()).split(",") if found else []


def _load_order(folder: Path) -> tuple[Path, ...]:
    order: list[Path] = []

    def add(name: str) -> None:
        path = folder / f"{name}.ko"
        if path not in order:
            for dependency in _dependencies(path):
                add(dependency)
            order.append(path)

    for name in MODULES:
        add(name)
    return tuple(order)


def _vmlinux(image: bytes) -> bytes:
    """The ELF file in a bzImage. QEMU starts it at its PVH entry, without any boot loader."""
    start = (image[_SETUP_SECTORS_AT] + 1) * 512
    start += int.from_bytes(image[_PAYLOAD_OFFSET_AT:][:4], "little")
    length = int.from_bytes(image[_PAYLOAD_LENGTH_AT:][:4], "little")
    elf = _plain(image[start : start + length])
    if not elf.startswith(b"\x7fELF"):
        raise Unavailable("the stock kernel is compressed in a way unknown here")
    return elf


def _plain(data: bytes) -> bytes:
    """``data`` uncompressed if it is compressed; what follows the compressed stream is ignored."""
    if data.startswith(b"\xfd7zXZ"):
        return lzma.LZMADecompressor().decompress(data)
    if data.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(31).decompress(data)
    if data.startswith(b"\x28\xb5\x2f\xfd") and shutil.which("zstd"):
        # It complains about what follows the stream, after writing all of it.
        command = ("zstd", "-dcq")
        return subprocess.run(command, input=data, capture_output=True, check=False).stdout
    return data


def _run(command: tuple[str, ...], limit: float = _TOOL_LIMIT_S, folder: str | None = None) -> str:
    """Standard output; Unavailable, with the first line of its complaint, if the command fails."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=limit,
            env=os.environ | {"LC_ALL": "C"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{command[0]} did not end in {limit:.0f} s") from None
    if done.returncode:
        lines = done.stderr.splitlines()
        errors = [line for line in lines if line.startswith("E: ")]
        raise Unavailable((errors or lines or [f"{command[0]} failed"])[0])
    return done.stdout
