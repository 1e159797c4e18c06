"""Small programs of every kind: static and dynamic, C, C++ and Rust."""

import pytest
from support.guest import Same
from support.toolchain import Toolchain


def test_musl(same: Same, compiled: Toolchain) -> None:
    ran = same([compiled("hello.c")])
    assert ran == (3, b"hello, world\n", b"to stderr\n")


@pytest.mark.timeout(600)  # the first one builds the C++ library, too
def test_musl_cxx(same: Same, compiled: Toolchain) -> None:
    assert same([compiled("hello.cc", "musl++")]).err == b"caught no three\n"


@pytest.mark.requires("gcc")
@pytest.mark.parametrize("kind", ["glibc", "dynamic"])
def test_glibc(same: Same, compiled: Toolchain, kind: str) -> None:
    assert same([compiled("hello.c", kind)]).code == 3


@pytest.mark.requires("g++")
def test_glibc_cxx(same: Same, compiled: Toolchain) -> None:
    assert same([compiled("hello.cc", "glibc++")]).code == 4


@pytest.mark.requires("rustc", "cc")
def test_rust(same: Same, compiled: Toolchain) -> None:
    ran = same([compiled("hello.rs", "rust"), "b", "a", "b"])
    assert ran.out == b'sum 500500, third 0.333333, words {"a": 1, "b": 2}\n'
