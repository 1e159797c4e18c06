"""Builds the guest kernel with the compiler from PyPI: ``python kernel/build.py``.

So is the emulator's part in C (``nanvix/emu/native``), which runs on the host.

Sources are found, not listed: every ``.c`` and ``.S`` below ``kernel/`` belongs to the kernel,
those below ``kernel/vdso/`` to the shared object it maps into user space. An object is compiled
again when its source, any header, the flags or the compiler changed (by content, not by time).
The image is the same byte for byte wherever it is built.
"""

import argparse
import hashlib
import importlib
import importlib.util
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

KERNEL = Path(__file__).resolve().parent
ROOT = KERNEL.parent
DEFAULT_OUTPUT = ROOT / "nanvix" / "machine" / "image" / "kernel.elf"
DEFAULT_BUILD = ROOT / "build" / "kernel"
HOOKS = ROOT / "nanvix" / "emu" / "native"
DEFAULT_HOOKS = HOOKS / "hooks.so"

COMPILER_VERSION = "0.17.1"

COMMON_FLAGS = (
    "-target", "x86_64-freestanding-none",
    # Ring 0 may be interpreted by the hypervisor: basic integer instructions only.
    "-mcpu=x86_64-mmx-sse-sse2+soft_float",
    "-std=gnu11", "-O2", "-g1",
    "-ffreestanding", "-fno-sanitize=undefined", "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables", "-fno-omit-frame-pointer",
    "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror",
)  # fmt: skip
KERNEL_FLAGS = ("-fno-pic", "-mcmodel=kernel", "-mno-red-zone")
VDSO_FLAGS = ("-fPIC", "-fvisibility=hidden")

LINK_FLAGS = ("-nostdlib", "-z", "max-page-size=4096", "--build-id=none")
KERNEL_LINK_FLAGS = ("-static",)
VDSO_LINK_FLAGS = (
    "-shared", "-soname=linux-vdso.so.1", "--hash-style=both", "-Bsymbolic", "--no-undefined",
)  # fmt: skip

HOOK_FLAGS = (
    "-mcpu=baseline", "-std=gnu11", "-O2", "-fPIC", "-shared", "-nostdlib", "-s",
    "-fvisibility=hidden", "-fno-sanitize=undefined", "-fno-stack-protector",
    "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror",
)  # fmt: skip


class BuildError(Exception):
    """The kernel cannot be built; the message is meant for the user."""


class Compiler:
    """The pinned ``zig``, with its caches inside the build folder."""

    def __init__(self, build: Path) -> None:
        spec = importlib.util.find_spec("ziglang")
        if spec is None or spec.origin is None:
            raise BuildError(f"the compiler is missing: pip install ziglang=={COMPILER_VERSION}")
        self.zig = str(Path(spec.origin).parent / ("zig.exe" if os.name == "nt" else "zig"))
        self.env = dict(
            os.environ,
            ZIG_GLOBAL_CACHE_DIR=str(build / "zig-global"),
            ZIG_LOCAL_CACHE_DIR=str(build / "zig-local"),
        )
        version = self.run("version")
        if version != COMPILER_VERSION:
            raise BuildError(f"ziglang is {version}; the kernel is built with {COMPILER_VERSION}")

    def run(self, *arguments: str) -> str:
        """Run zig in the project root, so that it sees the same relative paths everywhere."""
        done = subprocess.run(
            [self.zig, *arguments],
            cwd=ROOT, env=self.env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise BuildError(done.stderr.strip() or f"zig {arguments[0]} failed")
        if done.stderr.strip():
            print(done.stderr.strip(), file=sys.stderr)
        return done.stdout.strip()


class Unit:
    """One group of sources compiled with the same flags and linked by one script."""

    def __init__(
        self, compiler: Compiler, build: Path, flags: tuple[str, ...], headers: list[Path]
    ) -> None:
        self.compiler = compiler
        self.build = build
        self.flags = (
            *COMMON_FLAGS,
            *flags,
            f"-ffile-prefix-map={ROOT}=.",
            f"-ffile-prefix-map={build}=build",
        )
        digest = hashlib.sha256(repr((COMPILER_VERSION, self.flags)).encode())
        for path in headers:
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        self._common = digest

    def compile(self, source: Path) -> Path:
        """The object of ``source``, from the cache when nothing it depends on has changed."""
        name = source.relative_to(KERNEL).as_posix()
        digest = self._common.copy()
        digest.update(name.encode() + b"\0" + source.read_bytes())
        target = self.build / "objects" / f"{name.replace('/', '-')}.o"
        stamp = target.with_suffix(".key")
        key = digest.hexdigest()
        if target.exists() and stamp.exists() and stamp.read_text() == key:
            return target
        stamp.unlink(missing_ok=True)
        # The compiler has a cache of its own, which knows nothing of what `.incbin` includes.
        fresh = (f"-DBUILD_KEY={key}",) if source.suffix == ".S" else ()
        self.compiler.run(
            "cc", *self.flags, *fresh, "-I", "kernel/include", "-I", str(self.build),
            "-c", source.relative_to(ROOT).as_posix(), "-o", str(target),
        )  # fmt: skip
        stamp.write_text(key)
        return target

    def link(self, script: Path, sources: list[Path], output: Path, flags: tuple[str, ...]) -> None:
        """Compile ``sources`` two at a time and link them, in the order of their names."""
        (self.build / "objects").mkdir(exist_ok=True)
        with ThreadPoolExecutor(max_workers=2) as pool:
            objects = list(pool.map(self.compile, sources))
        fresh = output.with_suffix(".new")
        self.compiler.run(
            "ld.lld", *LINK_FLAGS, *flags, "-T", script.relative_to(ROOT).as_posix(),
            "-o", str(fresh), *map(str, objects),
        )  # fmt: skip
        fresh.replace(output)


def _write_if_changed(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def _rendered(module: str) -> str:
    """The header that a module of the package makes of its tables."""
    sys.path.insert(0, str(ROOT))
    try:
        text: str = importlib.import_module(module).render()
    finally:
        sys.path.remove(str(ROOT))
    return text


def build(output: Path = DEFAULT_OUTPUT, build_dir: Path = DEFAULT_BUILD) -> Path:
    """Build the kernel image at ``output``; intermediate files stay in ``build_dir``.

    Raises BuildError with the compiler's own message.
    """
    output, build_dir = output.resolve(), build_dir.resolve()
    build_dir.mkdir(parents=True, exist_ok=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    compiler = Compiler(build_dir)

    header = build_dir / "abi.h"
    _write_if_changed(header, _rendered("nanvix.abi.header"))
    found = [path for path in sorted(KERNEL.rglob("*")) if path.suffix in (".c", ".S")]
    vdso = [path for path in found if path.parent == KERNEL / "vdso"]
    kernel = [path for path in found if path not in vdso]
    headers = [
        header,
        *(path for path in sorted(KERNEL.rglob("*")) if path.suffix in (".h", ".def")),
    ]

    # The kernel's assembly includes the finished vDSO, so it comes first and counts as a header.
    if vdso:
        library = build_dir / "vdso.so"
        unit = Unit(compiler, build_dir, VDSO_FLAGS, headers)
        unit.link(KERNEL / "vdso" / "vdso.ld", vdso, library, VDSO_LINK_FLAGS)
        headers.append(library)
    unit = Unit(compiler, build_dir, KERNEL_FLAGS, headers)
    unit.link(KERNEL / "kernel.ld", kernel, output, KERNEL_LINK_FLAGS)
    return output


def build_hooks(output: Path = DEFAULT_HOOKS, build_dir: Path = DEFAULT_BUILD) -> Path:
    """Build the emulator's C part for this host, unless nothing has changed. Raises BuildError."""
    output, folder = output.resolve(), build_dir.resolve() / "hooks"
    folder.mkdir(parents=True, exist_ok=True)
    _write_if_changed(folder / "layout.h", _rendered("nanvix.emu.layout"))
    sources = sorted(HOOKS.glob("*.c"))
    digest = hashlib.sha256(repr((COMPILER_VERSION, HOOK_FLAGS, str(output))).encode())
    for path in (folder / "layout.h", *sorted(HOOKS.glob("*.h")), *sources):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    stamp = folder / "hooks.key"
    if output.exists() and stamp.exists() and stamp.read_text() == digest.hexdigest():
        return output
    stamp.unlink(missing_ok=True)
    fresh = output.with_suffix(".new")
    names = [path.relative_to(ROOT).as_posix() for path in sources]
    Compiler(build_dir.resolve()).run(
        "cc", *HOOK_FLAGS, "-I", str(folder), *names, "-o", str(fresh)
    )
    fresh.replace(output)
    stamp.write_text(digest.hexdigest())
    return output


def main() -> int:
    """The command line: 0 when built, 1 with the compiler's message when not."""
    parser = argparse.ArgumentParser(description="Build the guest kernel.")
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT, help="image to write")
    parser.add_argument("--build-dir", type=Path, default=DEFAULT_BUILD, help="object cache")
    options = parser.parse_args()
    try:
        print(build(options.output, options.build_dir))
        print(build_hooks(build_dir=options.build_dir))
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
