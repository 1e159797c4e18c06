"""A program in C++: its names as in its source, its arguments where a function begins."""

import pytest
from support.screen import opened
from support.toolchain import Toolchain

pytestmark = pytest.mark.requires("g++")


async def test_names_and_arguments(backend: str, compiled: Toolchain) -> None:
    program = str(compiled("debug/names.cc", "glibc++", ["-g", "-O0"]))
    async with opened(program, backend=backend) as d:

        async def printed(text: str) -> str:
            await d.type(f"print {text}")
            return d.app.messages[-1].partition(" = ")[2]

        await d.type("break Account::deposit if amount == 3")
        await d.type("break bank::Box<int>::twice")
        await d("c")
        assert d.app.view.reason == "breakpoint 1" and d.where == "bank::Account::deposit"
        assert await printed("amount") == "3" and await printed("unit") == "107 'k'"
        assert await printed("this->balance") == "103"
        assert await printed("((Account *)this)->balance") == "103"
        assert await printed("((bank::Account *)this)->balance") == "103"
        assert await printed("bank::colour") == await printed("colour") == "green"
        assert any(line.text == "bank::Account::deposit:" for line in d.app.view.code)
        await d("l")
        assert await printed("amount") == "3" and await printed("unit") == "107 'k'"
        await d("c")
        assert d.where == "bank::Box<int>::twice" and await printed("this->value") == "21"
        await d("o")
        assert await printed("account.balance") == "3107"
        assert await printed("owners") == '2 of {"ann", "bob"}'
        assert await printed("none") == "0 of {}"
        assert (await printed("other")).startswith("0x")
