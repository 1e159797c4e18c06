"""lua5.4 and the sqlite3 shell."""

from pathlib import Path

import pytest
from support.guest import Guest, Same
from support.toolchain import PROGRAMS


def programs(pattern: str) -> list[object]:
    return [pytest.param(path, id=path.stem) for path in sorted(PROGRAMS.glob(pattern))]


@pytest.mark.requires("lua5.4")
@pytest.mark.parametrize("script", programs("lua/*.lua"))
def test_lua(same: Same, script: Path) -> None:
    same(
        ["lua5.4", script.name],
        files={script.name: script.read_text()},
        input=b"12.5\nthe rest\nof it\n",
    )


@pytest.mark.requires("lua5.4")
def test_lua_program_as_argument(same: Same) -> None:
    same(["lua5.4", "-e", "x = 21", "-", "arg"], input=b"print(x * 2, ...)")


@pytest.mark.requires("sqlite3")
def test_sqlite_in_memory(same: Same, guest: Guest) -> None:
    """In the process's memory, and in a file of the guest's own /tmp."""
    sql = (PROGRAMS / "sqlite" / "queries.sql").read_bytes()
    ran = same(["sqlite3", ":memory:"], input=sql)
    assert b"UNIQUE constraint failed" in ran.err
    assert guest(["sqlite3", "/tmp/test.db"], input=sql) == ran


@pytest.mark.requires("sqlite3")
@pytest.mark.parametrize("name", ["queries", "wal"])
def test_sqlite_on_a_mount(same: Same, name: str) -> None:
    """The database is a file of the host; both runs leave the same one behind."""
    sql = (PROGRAMS / "sqlite" / f"{name}.sql").read_bytes()
    same(["sqlite3", "test.db"], input=sql)
    same(["sqlite3", "-readonly", "test.db", ".schema"], files={"test.db": b""})
