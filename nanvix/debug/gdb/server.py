"""The conversation with one gdb: packets in, the debugger's verbs, replies out.

Handlers are a table by the packet's first letters; a packet that makes no sense is answered with
an error, one that is not known with nothing, as the protocol wants it.
"""

import socket
from collections.abc import Callable
from functools import partial

from nanvix.debug.debugger import Debugger
from nanvix.debug.errors import DebugError
from nanvix.debug.gdb.files import Files
from nanvix.debug.gdb.monitor import monitor
from nanvix.debug.gdb.packets import Closed, Wire
from nanvix.debug.gdb.processes import Guest, Key
from nanvix.debug.gdb.registers import TABLE
from nanvix.debug.gdb.resume import ALL, Action, parse, parse_thread
from nanvix.debug.gdb.running import MOVED, Running
from nanvix.debug.gdb.signals import of_gdb
from nanvix.debug.gdb.transfer import transfer
from nanvix.machine.describe import signal_name
from nanvix.machine.memory import BadAddress

_SUPPORTED = (
    "PacketSize=20000;QStartNoAckMode+;multiprocess+;swbreak+;hwbreak+;vContSupported+;"
    "ReverseStep+;ReverseContinue+;QCatchSyscalls+;QPassSignals+;qXfer:features:read+;"
    "qXfer:auxv:read+;qXfer:exec-file:read+;qXfer:threads:read+"
)
_EVENTS = ("fork", "vfork", "exec")
_MAX_READ = 0x10000
_WRONG = (DebugError, BadAddress, ValueError, IndexError, KeyError, UnicodeDecodeError)


Through = Callable[[Callable[[], bytes | None]], bytes | None]


def _at_once(work: Callable[[], bytes | None]) -> bytes | None:
    return work()


class Server(Running):
    """Serves one connection after the other on a listening socket, until the guest is killed,
    has been detached from and has ended, or has ended and gdb has gone.

    ``through``: does what touches the debugger, where that is another thread's, or answers for
    it. Then the guest does not end with gdb.
    """

    def __init__(self, debugger: Guest, pid: int = 1, *, through: "Through | None" = None) -> None:
        super().__init__(debugger, pid)
        self._through = through or _at_once
        self._over = False
        self._files = Files(self.inferior)
        self._handlers: tuple[tuple[str, Callable[[str], bytes | None]], ...] = (
            ("qSupported", self._supported),
            ("QStartNoAckMode", self._no_acknowledgements),
            ("QCatchSyscalls:", self._catch_syscalls),
            ("qXfer:", self._transfer),
            ("qfThreadInfo", lambda _: b"m" + b",".join(map(self._id, self._tids()))),
            ("qsThreadInfo", lambda _: b"l"),
            ("qThreadExtraInfo,", self._extra),
            ("qAttached", lambda _: b"0"),
            ("QPassSignals:", self._pass_signals),
            ("vAttach;", self._attach),
            ("!", lambda _: b"OK"),
            ("qRcmd,", self._monitor),
            ("qSymbol", lambda _: b"OK"),
            ("qC", lambda _: b"QC" + self._id(self.tid)),
            ("vCont?", lambda _: b"vCont;c;C;s;S;r"),
            ("vCont;", self._continue_threads),
            ("vKill", self._kill_one),
            ("vFile:", self._file),
            ("?", lambda _: self._look_again() if self.moved else self._reply()),
            ("H", self._select),
            ("T", self._alive),
            ("g", self._read_all),
            ("G", self._write_all),
            ("p", self._read_one),
            ("P", self._write_one),
            ("m", self._read_memory),
            ("M", self._write_memory),
            ("Z", self._insert),
            ("z", self._remove),
            ("bs", lambda _: self._go_back(Debugger.step_back)),
            ("bc", lambda _: self._go_back(Debugger.run_back)),
            ("c", lambda _: self._resume([Action("c", 0, 0, 0, ALL, ALL)])),
            ("C", lambda text: self._resume(parse("C" + text.partition(";")[0]))),
            ("s", lambda _: self._resume([Action("s", 0, 0, 0, ALL, ALL)])),
            ("S", lambda text: self._resume(parse("S" + text.partition(";")[0]))),
            ("D", self._detach),
            ("k", self._kill),
        )

    def serve(self, listener: socket.socket) -> None:
        """Until it is over."""
        while not self._over:
            connection, _ = listener.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.converse(Wire(connection))

    def converse(self, wire: Wire) -> None:
        """One connection, to its end."""
        self._wire = wire
        try:
            while not self._over:
                packet = wire.receive()
                if packet == b"\x03":
                    continue  # the guest stands already
                answer = self._through(partial(self.answer, packet))
                if answer is not None:
                    wire.send(answer)
        except Closed:
            if not self.processes.pids:
                self._leave()
            self._over = self._over or self.debugger.ended
        finally:
            self._wire = None
            self._files.close()
            self._through(self._clear)

    def answer(self, packet: bytes) -> bytes | None:
        """The reply to a packet; None where the protocol wants none."""
        if packet.startswith(b"X"):
            return self._guard(lambda: self._write_binary(packet))
        text = packet.decode("latin-1")
        for start, handler in self._handlers:
            if text.startswith(start):
                return self._guard(partial(handler, text[len(start) :]))
        return b""

    @staticmethod
    def _guard(run: Callable[[], bytes | None]) -> bytes | None:
        try:
            return run()
        except _WRONG:
            return b"E01"

    # -- who we are --------------------------------------------------------------------------

    def _supported(self, asked: str) -> bytes:
        features = frozenset(event for event in _EVENTS if f"{event}-events+" in asked)
        self.processes.features = features
        self.processes.listen()
        lacks = self.debugger.lacks
        words = [
            word for word in _SUPPORTED.split(";") if "travel" not in lacks or "Rev" not in word
        ]
        return ";".join([*words, *(f"{event}-events+" for event in sorted(features))]).encode()

    def _no_acknowledgements(self, _: str) -> bytes | None:
        assert self._wire is not None
        self._wire.send(b"OK")
        self._wire.acknowledge = False
        return None

    def _thread_of(self, text: str) -> int:
        """The thread a text names: any will do of those it does not say no to."""
        pid, tid = parse_thread(text)
        fits = [
            t.tid for t in self.processes.threads() if pid in (ALL, t.pid) and tid in (ALL, t.tid)
        ]
        if not fits:
            raise DebugError(f"there is no thread {text}")
        return self.tid if self.tid in fits else fits[0]

    def _select(self, text: str) -> bytes:
        tid = self._thread_of(text[1:])
        if text.startswith("g"):
            self._choose(tid)
        return b"OK"

    def _alive(self, text: str) -> bytes:
        self._thread_of(text)
        return b"OK"

    def _extra(self, text: str) -> bytes:
        thread = self.inferior.thread(self._thread_of(text))
        return f"{thread.name}, {thread.state}".encode().hex().encode()

    def _transfer(self, text: str) -> bytes:
        what, _, annex, window = text.split(":", 3)
        offset, size = (int(part, 16) for part in window.split(","))
        data = transfer(self, what, annex)
        if data is None:
            return b"E00"
        piece = data[offset : offset + min(size, _MAX_READ)]
        return (b"m" if offset + len(piece) < len(data) else b"l") + piece

    def _file(self, text: str) -> bytes | None:
        answer = self._files.serve(text.encode("latin-1"))
        return b"" if answer is None else answer

    def _monitor(self, text: str) -> bytes:
        command = bytes.fromhex(text).decode("utf-8", "replace")
        return monitor(self, command).encode("utf-8", "replace").hex().encode() or b"OK"

    # -- registers and memory ----------------------------------------------------------------

    def _read_all(self, _: str) -> bytes:
        values = self.inferior.registers(self.tid)
        if self.inferior.thread(self.tid).current:
            self._looked_at = self.debugger.version
        pairs = zip(TABLE, values, strict=True)
        return "".join("xx" * r.size if v is None else v.hex() for r, v in pairs).encode()

    def _write_all(self, text: str) -> bytes:
        if self.moved:
            return MOVED
        data, at = bytes.fromhex(text), 0
        before = self.inferior.registers(self.tid)
        for number, register in enumerate(TABLE):
            piece = data[at : at + register.size]
            at += register.size
            if len(piece) == register.size and piece != before[number]:
                self.inferior.set_register(self.tid, number, piece)
        return b"OK"

    def _read_one(self, text: str) -> bytes:
        number = int(text, 16)
        value = self.inferior.registers(self.tid)[number]
        return ("xx" * TABLE[number].size if value is None else value.hex()).encode()

    def _write_one(self, text: str) -> bytes:
        if self.moved:
            return MOVED
        number, _, value = text.partition("=")
        self.inferior.set_register(self.tid, int(number, 16), bytes.fromhex(value))
        return b"OK"

    def _read_memory(self, text: str) -> bytes:
        address, size = (int(part, 16) for part in text.split(","))
        data = self.inferior.read(address, min(size, _MAX_READ))
        return data.hex().encode() if data or not size else b"E14"

    def _write_memory(self, text: str) -> bytes:
        place, _, data = text.partition(":")
        return self._write(place, bytes.fromhex(data))

    def _write_binary(self, packet: bytes) -> bytes:
        place, _, data = packet[1:].partition(b":")
        return self._write(place.decode("ascii"), data)

    def _write(self, place: str, data: bytes) -> bytes:
        address, size = (int(part, 16) for part in place.split(","))
        if len(data) != size:
            return b"E01"
        if self.moved:
            return MOVED
        if data:
            self.inferior.write(address, data)
        return b"OK"

    # -- points ------------------------------------------------------------------------------

    def _insert(self, text: str) -> bytes:
        key = self._key(text)
        if key is None:
            return b""
        self.processes.insert(self.inferior.pid, key)
        return b"OK"

    def _remove(self, text: str) -> bytes:
        key = self._key(text)
        if key is None:
            return b""
        self.processes.remove(self.inferior.pid, key)
        return b"OK"

    def _key(self, text: str) -> Key | None:
        kind, address, size = text.partition(";")[0].split(",")
        if kind not in "01234" or (kind in "34" and "travel" in self.debugger.lacks):
            return None
        return kind, int(address, 16) & (1 << 64) - 1, int(size, 16)

    def _catch_syscalls(self, text: str) -> bytes:
        wanted, *numbers = text.split(";")
        self.processes.catch_syscalls(
            self.inferior.pid, [int(n, 16) for n in numbers] if wanted == "1" else None
        )
        return b"OK"

    def _pass_signals(self, text: str) -> bytes:
        numbers = [of_gdb(int(part, 16)) for part in text.split(";") if part]
        self.processes.passed = frozenset(signal_name(number) for number in numbers if number)
        self.processes.listen()
        return b"OK"

    def _clear(self) -> None:
        """The next gdb starts without points."""
        self.processes.clear()

    # -- coming and going ----------------------------------------------------------------------

    def _attach(self, text: str) -> bytes:
        pid = int(text, 16)
        found = [thread for thread in self.debugger.threads() if thread.pid == pid]
        if not found:
            return b"E03"
        self.processes.attach(pid)
        self._choose(found[0].tid)
        self.stop = self.stop._replace(reason="pause", points=(), detail="")
        self._said = b"T00thread:" + self._id(self.tid) + b";"
        return self._said

    def _detach(self, text: str) -> bytes | None:
        """The process goes on by itself; if it was the last, so does the guest, to its end."""
        for pid in [int(text[1:], 16)] if text.startswith(";") else self.processes.pids:
            self.processes.detach(pid)
        if self.processes.pids:
            return b"OK"
        self._clear()
        assert self._wire is not None
        self._wire.send(b"OK")
        self._leave()
        return None

    def _leave(self) -> None:
        """gdb has no process any more: let the guest run to its end."""
        self._over = True
        if self._through is _at_once and not self.debugger.ended:
            if isinstance(self.debugger, Debugger):
                self.debugger.go(self.debugger.frontier)
            self.debugger.hold(())
            while not self.debugger.run().ended:
                continue

    def _kill_one(self, text: str) -> bytes | None:
        pid = int(text.removeprefix(";"), 16)
        if self.processes.pids == [pid] or pid == 1:
            self._over = True
        elif pid in self.processes:
            self.debugger.signal(9, pid)
            self.processes.detach(pid)
        return b"OK"

    def _kill(self, _: str) -> bytes | None:
        self._over = True
        return None
