"""The conversation with one gdb: packets in, the debugger's verbs, replies out.

Handlers are a table by the packet's first letters; a packet that makes no sense is answered with
an error, one that is not known with nothing, as the protocol wants it.
"""

import socket
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

from nanvix.debug.debugger import Debugger
from nanvix.debug.errors import DebugError
from nanvix.debug.gdb.files import Files
from nanvix.debug.gdb.inferior import Inferior
from nanvix.debug.gdb.monitor import monitor
from nanvix.debug.gdb.packets import Closed, Wire
from nanvix.debug.gdb.registers import TABLE, description
from nanvix.debug.gdb.replies import stop_reply
from nanvix.debug.points import Point, Stop
from nanvix.errors import UsageError
from nanvix.machine.memory import BadAddress

_SUPPORTED = (
    "PacketSize=20000;QStartNoAckMode+;multiprocess+;swbreak+;hwbreak+;vContSupported+;"
    "ReverseStep+;ReverseContinue+;QCatchSyscalls+;qXfer:features:read+;qXfer:auxv:read+;"
    "qXfer:exec-file:read+;qXfer:threads:read+"
)
_MAX_READ = 0x10000
_MAX_STEPS = 1_000_000
_KINDS = {"2": "write", "3": "read", "4": "access"}
_LOOPBACK = ("127.", "::1", "localhost")
_WRONG = (DebugError, BadAddress, ValueError, IndexError, KeyError, UnicodeDecodeError)


def parse_address(text: str) -> tuple[str, int]:
    """``HOST:PORT`` or ``:PORT`` (loopback). Raises UsageError."""
    host, _, port = text.rpartition(":")
    try:
        number = int(port)
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 16:
        raise UsageError(f"--gdb {text}: expected HOST:PORT")
    return host.strip("[]") or "127.0.0.1", number


def listen(host: str, port: int, *, anywhere: bool = False) -> socket.socket:
    """A listening socket. Whoever connects controls the guest and reads its memory, so addresses
    other than loopback must be asked for. Raises UsageError."""
    if not anywhere and not host.startswith(_LOOPBACK):
        raise UsageError(f"gdb may connect to loopback addresses only, not to {host}")
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError as error:
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}") from None


Through = Callable[[Callable[[], bytes | None]], bytes | None]


def _at_once(work: Callable[[], bytes | None]) -> bytes | None:
    return work()


class Server:
    """Serves one connection after the other on a listening socket, until the guest is killed,
    has been detached from and has ended, or has ended and gdb has gone.

    ``through``: does what touches the debugger, where that is another thread's, or answers for
    it. Then the guest does not end with gdb.
    """

    def __init__(
        self, debugger: Debugger, pid: int = 1, *, through: "Through | None" = None
    ) -> None:
        self.debugger = debugger
        self._through = through or _at_once
        self.inferior = Inferior(debugger, pid)
        self.stop: Stop = debugger.last
        self.tid = pid
        self._points: dict[tuple[str, int, int], Point] = {}
        self._catches: list[Point] = []
        self._over = False
        self._interrupted = False
        self._wire: Wire | None = None
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
            ("qRcmd,", self._monitor),
            ("qSymbol", lambda _: b"OK"),
            ("qC", lambda _: b"QC" + self._id(self.tid)),
            ("vCont?", lambda _: b"vCont;c;C;s;S;r"),
            ("vCont;", self._continue_threads),
            ("vKill", self._kill),
            ("vFile:", self._file),
            ("?", lambda _: self._reply()),
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
            ("bs", lambda _: self._go(debugger.step_back)),
            ("bc", lambda _: self._go(debugger.run_back)),
            ("c", lambda _: self._go(debugger.run)),
            ("C", lambda _: self._go(debugger.run)),
            ("s", lambda _: self._go(self._step)),
            ("S", lambda _: self._go(self._step)),
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
        more = ";exec-events+" if "exec-events+" in asked else ""
        if more and not any(point.kind == "catchpoint" for point in self._catches):
            self._catches.append(self.debugger.catch("exec", pid=self.inferior.pid))
        return (_SUPPORTED + more).encode()

    def _no_acknowledgements(self, _: str) -> bytes | None:
        assert self._wire is not None
        self._wire.send(b"OK")
        self._wire.acknowledge = False
        return None

    def _tids(self) -> list[int]:
        return [thread.tid for thread in self.inferior.threads()] or [self.tid]

    def _id(self, tid: int) -> bytes:
        return b"p%x.%x" % (self.inferior.pid, tid)

    def _thread_of(self, text: str) -> int:
        """A thread's number out of ``p1.2``, ``2``, or any and all (0, -1): the selected one."""
        _, _, tid = text.rpartition(".")
        if not tid or tid in ("0", "-1") or (text.startswith("p") and "." not in text):
            return self.tid
        return int(tid, 16)

    def _select(self, text: str) -> bytes:
        tid = self._thread_of(text[1:])
        if tid not in self._tids():
            return b"E01"
        self.tid = tid
        return b"OK"

    def _alive(self, text: str) -> bytes:
        return b"OK" if self._thread_of(text) in self._tids() else b"E01"

    def _extra(self, text: str) -> bytes:
        thread = self.inferior.thread(self._thread_of(text))
        return f"{thread.name}, {thread.state}".encode().hex().encode()

    def _transfer(self, text: str) -> bytes:
        what, _, annex, window = text.split(":", 3)
        offset, size = (int(part, 16) for part in window.split(","))
        if what == "features" and annex == "target.xml":
            data = description()
        elif what == "auxv":
            data = self.debugger.auxv(self.inferior.pid)
        elif what == "exec-file":
            data = self.inferior.executable().encode()
        elif what == "threads":
            data = self._thread_list()
        else:
            return b"E00"
        piece = data[offset : offset + min(size, _MAX_READ)]
        return (b"m" if offset + len(piece) < len(data) else b"l") + piece

    def _thread_list(self) -> bytes:
        from xml.sax.saxutils import escape, quoteattr

        lines = [
            f'<thread id="{self._id(t.tid).decode()}" name={quoteattr(t.name)}>'
            f"{escape(t.state)}</thread>"
            for t in self.inferior.threads()
        ]
        return f'<?xml version="1.0"?><threads>{"".join(lines)}</threads>'.encode()

    def _file(self, text: str) -> bytes | None:
        answer = self._files.serve(text.encode("latin-1"))
        return b"" if answer is None else answer

    def _monitor(self, text: str) -> bytes:
        command = bytes.fromhex(text).decode("utf-8", "replace")
        return monitor(self, command).encode("utf-8", "replace").hex().encode() or b"OK"

    # -- registers and memory ----------------------------------------------------------------

    def _read_all(self, _: str) -> bytes:
        values = self.inferior.registers(self.tid)
        pairs = zip(TABLE, values, strict=True)
        return "".join("xx" * r.size if v is None else v.hex() for r, v in pairs).encode()

    def _write_all(self, text: str) -> bytes:
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
        if data:
            self.inferior.write(address, data)
        return b"OK"

    # -- points ------------------------------------------------------------------------------

    def _insert(self, text: str) -> bytes:
        key = self._key(text)
        if key is None:
            return b""
        if key not in self._points:
            kind, address, size = key
            pid = self.inferior.pid
            self._points[key] = (
                self.debugger.watch(address, max(1, size), _KINDS[kind], pid=pid)
                if kind in _KINDS
                else self.debugger.breakpoint(address, pid=pid)
            )
        return b"OK"

    def _remove(self, text: str) -> bytes:
        key = self._key(text)
        if key is None:
            return b""
        point = self._points.pop(key, None)
        if point is not None:
            self.debugger.delete(point.number)
        return b"OK"

    @staticmethod
    def _key(text: str) -> tuple[str, int, int] | None:
        kind, address, size = text.partition(";")[0].split(",")
        if kind not in "01234":
            return None
        return kind, int(address, 16) & (1 << 64) - 1, int(size, 16)

    def _catch_syscalls(self, text: str) -> bytes:
        for point in [p for p in self._catches if not p.describe().startswith("exec")]:
            self._catches.remove(point)
            self.debugger.delete(point.number)
        wanted, *numbers = text.split(";")
        if wanted == "1":
            names = [str(int(number, 16)) for number in numbers]
            for event in ("syscall", "return"):
                self._catches.append(self.debugger.catch(event, *names, pid=self.inferior.pid))
        return b"OK"

    def _clear(self) -> None:
        """The next gdb starts without points."""
        for point in [*self._points.values(), *self._catches]:
            if point in self.debugger.points:
                self.debugger.delete(point.number)
        self._points.clear()
        self._catches.clear()

    # -- running -----------------------------------------------------------------------------

    def _continue_threads(self, text: str) -> bytes | None:
        """vCont: the first action that is more than going on decides."""
        for action in text.split(";"):
            verb, _, thread = action.partition(":")
            if verb[:1] in ("s", "S", "r"):
                self.tid = self._thread_of(thread) if thread else self.tid
                if verb[0] != "r":
                    return self._go(self._step)
                start, end = (int(part, 16) for part in verb[1:].split(","))
                return self._go(partial(self._step_range, start, end))
        return self._go(self.debugger.run)

    def _step(self) -> Stop:
        return self.debugger.step_thread(self.tid)

    def _step_range(self, start: int, end: int) -> Stop:
        for _ in range(_MAX_STEPS):
            stop = self._step()
            if stop.reason != "step" or not start <= stop.rip < end or self._interrupted:
                break
        return stop

    def _go(self, verb: Callable[[], Stop]) -> bytes | None:
        self._interrupted = False
        watching = self._wire.while_running(self._interrupt) if self._wire else nullcontext()
        with watching:
            self.stop = verb()
        if self._interrupted and self.stop.reason == "step":
            self.stop = self.stop._replace(reason="pause")
        if self.stop.pid == self.inferior.pid and self.stop.tid in self._tids():
            self.tid = self.stop.tid
        return self._reply()

    def _interrupt(self) -> None:
        self._interrupted = True
        self.debugger.pause()

    def _reply(self) -> bytes:
        return stop_reply(self.stop, self.debugger, self.inferior, self._id(self.tid))

    def _detach(self, _: str) -> bytes | None:
        """The guest goes on by itself, to its end."""
        self._clear()
        assert self._wire is not None
        self._wire.send(b"OK")
        self._over = True
        if self._through is _at_once and not self.debugger.ended:
            self.debugger.go(self.debugger.frontier)
            while not self.debugger.run().ended:
                continue
        return None

    def _kill(self, text: str) -> bytes | None:
        self._over = True
        return b"OK" if text.startswith(";") else None
