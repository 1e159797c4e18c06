"""The part of the build that is not a table: the guest kernel and the emulator's part in C are
compiled into the package."""

import compileall
import importlib.util
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import editable_wheel


def build_kernel() -> None:
    """Run ``kernel/build.py``: the image lands inside ``nanvix/machine/image``, the emulator's C
    part in ``nanvix/emu/native``."""
    path = Path(__file__).resolve().parent / "kernel" / "build.py"
    spec = importlib.util.spec_from_file_location("kernel_build", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.build()
    module.build_hooks()


class BuildWithKernel(build_py):
    """Compile the kernel first: the image is then package data like any other."""

    def run(self) -> None:
        """Called by setuptools."""
        build_kernel()
        if self.editable_mode:
            # pip compiles what it copies; what stays in place would be compiled at every start
            # where PYTHONDONTWRITEBYTECODE is set or the tree is read-only.
            compileall.compile_dir("nanvix", quiet=1)
        super().run()


class PlatformWheel(bdist_wheel):
    """The wheel holds a library of the host it was built on, for any Python."""

    def finalize_options(self) -> None:
        """Called by setuptools."""
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self) -> tuple[str, str, str]:
        """Called by setuptools."""
        return "py3", "none", super().get_tag()[2]


class PlainEditable(editable_wheel):
    """Editable installs are one path entry: an import hook would slow every start down.

    ``nanvix/tui`` is a symbolic link to ``tui`` for them; wheels map the folder instead.
    """

    def initialize_options(self) -> None:
        """Called by setuptools."""
        super().initialize_options()
        self.mode = "compat"


setup(
    packages=[
        *find_packages(include=["nanvix", "nanvix.*"], exclude=["nanvix.tui", "nanvix.tui.*"]),
        "nanvix.tui",
        *(f"nanvix.tui.{name}" for name in find_packages("tui")),
    ],
    package_dir={"nanvix.tui": "tui"},
    cmdclass={
        "bdist_wheel": PlatformWheel,
        "build_py": BuildWithKernel,
        "editable_wheel": PlainEditable,
    },
)
