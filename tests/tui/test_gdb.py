"""A gdb and the screen at one guest: whoever runs it holds it, the other sees what came of it."""

import asyncio
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.screen import opened
from support.toolchain import Toolchain

from nanvix.debug.gdb.listening import listen
from nanvix.debug.gdb.packets import Wire
from nanvix.tui.view import Status


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with listen("127.0.0.1", 0) as sock:
        yield sock


class Client:
    """What gdb sends, by hand; every method waits for the answer."""

    def __init__(self, listener: socket.socket) -> None:
        self.socket = socket.create_connection(listener.getsockname())
        self.socket.settimeout(30)
        self._wire = Wire(self.socket)

    async def __call__(self, packet: bytes) -> bytes:
        self._wire.send(packet)
        return await asyncio.to_thread(self._wire.receive)


@pytest.mark.requires("gdb", "gcc")
async def test_gdb_and_the_screen_take_turns(
    backend: str, steps: str, tmp_path: Path, listener: socket.socket
) -> None:
    async with opened(steps, gdb=listener, backend=backend) as d:
        assert f"{listener.getsockname()[1]}" in d.app.messages[0]
        script = tmp_path / "commands"
        script.write_text(
            "set pagination off\nset confirm off\nset debuginfod enabled off\n"
            f"target remote 127.0.0.1:{listener.getsockname()[1]}\n"
            "break square\ncontinue\nbacktrace\nstepi\nprint x\n"
            f"{'reverse-stepi' if backend == 'emu' else 'stepi'}\ndetach\n"
        )
        gdb = await asyncio.create_subprocess_exec(
            "gdb", "-nx", "-batch", "-x", script, steps,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        out = (await asyncio.wait_for(gdb.communicate(), 60))[0].decode()
        await d.settle()
        assert "Breakpoint 1, square (x=" in out and "in main" in out, out
        assert d.app.view.status is Status.STOPPED and d.where.startswith("square")
        assert d.app.session._debugger is not None and not d.app.session._debugger.points
        before = d.app.view.registers[16].value
        await d("s")
        assert d.app.view.reason == "step" and d.app.view.registers[16].value != before
        await d("c")
        assert d.app.view.status is Status.ENDED
        await d.shows("total 5")


@pytest.mark.requires("gdb", "gcc")
async def test_gdb_learns_that_the_screen_has_moved_the_guest(
    backend: str, steps: str, tmp_path: Path, listener: socket.socket
) -> None:
    async with opened(steps, gdb=listener, backend=backend) as d:
        script, waits = tmp_path / "commands", tmp_path / "waits"
        pause = f"shell touch {waits}; while test -e {waits}; do sleep 0.1; done"
        script.write_text(
            "set pagination off\nset confirm off\nset debuginfod enabled off\n"
            f"target remote 127.0.0.1:{listener.getsockname()[1]}\n"
            f"tbreak square\ncontinue\n{pause}\ncontinue\np $pc\n{pause}\n"
            "maintenance flush register-cache\np $pc\nstepi\np $pc\nkill\n"
        )
        gdb = await asyncio.create_subprocess_exec(
            "gdb", "-nx", "-batch", "-x", script, steps,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        places = []
        for _ in range(2):
            await d.until(waits.exists, "gdb")
            await d("s")
            await d("s")
            places.append(d.app.view.registers[16].value)
            waits.unlink()
        out = (await asyncio.wait_for(gdb.communicate(), 60))[0].decode()
        shown = [int(place, 16) for place in re.findall(r"\$\d = .* (0x[0-9a-f]+)", out)]
        assert shown[:2] == places and shown[2] > shown[1] > shown[0], out
        assert "stopped" in out


@pytest.mark.requires("gcc")
async def test_who_does_not_run_it_sees_that_it_runs(
    compiled: Toolchain, listener: socket.socket
) -> None:
    spin = str(compiled("debug/spin.c", "glibc", ["-g", "-O0"]))
    async with opened(spin, gdb=listener) as d:
        client = Client(listener)
        assert await client(b"m" + b"%x,4" % int(d.app.view.registers[16].value))
        d.app.action_do("go")
        await d.shows("spinning")
        assert (await client(b"vCont;s")).startswith(b"E.the guest is running")
        await d("p")
        assert d.app.view.reason == "pause"
        assert (await client(b"P0=0000000000000000")).startswith(b"E.the guest has been moved")
        assert (await client(b"vCont;c")).startswith(b"T00"), "so gdb sees where the guest is now"
        answer = asyncio.create_task(client(b"vCont;c"))
        await d.until(lambda: d.app.view.status is Status.RUNNING, "that gdb runs it")
        assert d.app.view.reason == "gdb" and not answer.done()
        await d("p")
        assert (await answer).startswith(b"T02")
        await d.settle()
        assert d.app.view.status is Status.STOPPED
        client.socket.close()
        again = Client(listener)
        assert (await again(b"?")).startswith(b"T")
        again.socket.close()


@pytest.mark.parametrize("backend", ["kvm"], indirect=True)
@pytest.mark.requires("gcc")
async def test_gdb_finds_the_guest_again_in_the_emulator(
    backend: str, steps: str, listener: socket.socket
) -> None:
    async with opened(steps, gdb=listener, backend=backend) as d:
        client = Client(listener)
        assert b"Reverse" not in await client(b"qSupported:multiprocess+")
        await d("E")
        assert d.app.view.moment is not None, d.app.messages
        assert await asyncio.to_thread(client.socket.recv, 1) in (b"", b"+")
        client.socket.close()
        again = Client(listener)
        assert b"ReverseStep+" in await again(b"qSupported:multiprocess+")
        assert (await again(b"vCont;s")).startswith(b"T05")
        again.socket.close()


async def test_the_screen_ends_with_a_gdb_waiting(steps: str, listener: socket.socket) -> None:
    async with opened(steps, gdb=listener) as d:
        client = Client(listener)
        assert (await client(b"?")).startswith(b"T")
        assert d.app.is_running
    assert await asyncio.to_thread(client.socket.recv, 1) in (b"", b"+")
    client.socket.close()
