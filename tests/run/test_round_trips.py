"""How often a guest asks the host about files: names, attributes and content come in one trip."""

import sys
from collections import Counter
from collections.abc import Callable

import pytest

from nanvix.abi.call import Call
from nanvix.abi.channel import ATTR
from nanvix.macro.fs.attributes import Attributes
from nanvix.macro.fs.content import Content
from nanvix.macro.fs.listing import Listing
from nanvix.macro.fs.lookup import Lookup
from nanvix.sandbox import Sandbox

PREFETCH = 128 << 12
"""Bytes of a file that come with its name: PREFETCH_PAGES of the kernel."""
LARGEST_READ = 512 << 12


class Observer:
    """Listens to the file services of this process; nodes go by the paths they were found by."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.walks: Counter[str] = Counter()
        self.reads: Counter[str] = Counter()
        self.lists: Counter[str] = Counter()
        self.others = 0
        self.names: set[str] = set()
        """Everything asked about, the missing too."""
        self.sizes: dict[str, int] = {}
        self._paths: dict[int, str] = {}
        self._listen(monkeypatch, Lookup, "walk", self._walked)
        self._listen(monkeypatch, Content, "read", lambda call, _: self._count(self.reads, call))
        self._listen(monkeypatch, Listing, "readdir", lambda call, _: self._count(self.lists, call))
        self._listen(monkeypatch, Attributes, "get", self._told)
        self._listen(monkeypatch, Lookup, "readlink", lambda call, _: self._told(call, 1))

    @property
    def trips(self) -> int:
        return self.others + sum(sum(c.values()) for c in (self.walks, self.reads, self.lists))

    def _listen(
        self,
        monkeypatch: pytest.MonkeyPatch,
        service: type,
        method: str,
        heard: Callable[[Call, int], None],
    ) -> None:
        real = getattr(service, method)

        def listening(this: object, call: Call) -> int:
            result: int = real(this, call)
            heard(call, result)
            return result

        monkeypatch.setattr(service, method, listening)

    def _path(self, node: int) -> str:
        return self._paths.setdefault(node, f"export {node}")

    def _walked(self, call: Call, reached: int) -> None:
        parts = b"".join(map(bytes, call.inputs)).decode().split("/")
        at = self._path(call.arg[0])
        self.walks[f"{at}/{'/'.join(parts)}"] += 1
        for index, part in enumerate(parts[: reached + 1]):
            at += f"/{part}"
            self.names.add(at)
            if index < reached:
                record = ATTR.codec.unpack_from(call.outputs[0], index * ATTR.size)
                self._paths[record[0]], self.sizes[at] = at, record[2]

    def _count(self, table: Counter[str], call: Call) -> None:
        table[self._path(call.arg[0])] += 1
        self.names.add(self._path(call.arg[0]))

    def _told(self, call: Call, nodes: int) -> None:
        self.others += 1
        self.names.update(self._path(call.arg[0] + index) for index in range(nodes))


def test_import_numpy(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some four hundred names, and no more trips; only large libraries come in several pieces."""
    seen = Observer(monkeypatch)
    result = Sandbox(backend=backend).run([sys.executable, "-c", "import numpy"], capture=True)
    assert result.exit_code == 0, result.stderr
    assert len(seen.names) > 300
    assert max(seen.walks.values()) == 1
    assert max(seen.lists.values()) <= 3
    for path, count in seen.reads.items():
        size = seen.sizes.get(path, PREFETCH + 1)
        assert size > PREFETCH, f"{path} was read apart from its name"
        assert count <= 4 + size / LARGEST_READ * 2, f"{path}: {count} reads"
    assert seen.trips <= len(seen.names)


def test_a_shell_finds_its_programs(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking for a command along PATH, running it, and again: one trip each, then none."""
    seen = Observer(monkeypatch)
    script = "for n in 1 2 3; do /usr/bin/env true; command -v sort; ls /usr/bin/true; done"
    result = Sandbox(backend=backend).run(["sh", "-c", script], capture=True)
    assert result.exit_code == 0, result.stderr
    assert max(seen.walks.values()) == 1
    assert seen.trips <= len(seen.names)
