"""The file of one recorded run: :class:`RecordedRun`."""

import os
import stat
from collections.abc import Callable, Sequence
from fcntl import LOCK_EX, LOCK_NB, flock
from typing import IO, TYPE_CHECKING

from nanvix.errors import NanvixError, UsageError
from nanvix.guest.launch import Launch

if TYPE_CHECKING:
    from nanvix.closing import Closer
    from nanvix.machine.backend import Backend
    from nanvix.machine.boot import BootSpec
    from nanvix.machine.image import KernelImage
    from nanvix.machine.machine import Machine
    from nanvix.machine.memory import GuestMemory
    from nanvix.machine.outcome import Outcome
    from nanvix.macro.services import Services
    from nanvix.trace.record import Recorder


class RecordedRun:
    """The file of one recorded run."""

    recorder: "Recorder"

    def __init__(self, path: str, argv: Sequence[str], closing: "Closer") -> None:
        self._path = path
        self._closing = closing
        self._argv = argv
        try:
            self._file = _opened(path)
        except BlockingIOError:
            raise UsageError(f"cannot write {path}: another run is being recorded there") from None
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}") from None
        closing.callback(self._close)

    def begin(
        self,
        launch: Launch,
        spec: "BootSpec",
        image: "KernelImage",
        backend: "Backend",
        memory: "GuestMemory",
        services: "Services",
    ) -> "tuple[BootSpec, Recorder]":
        """The spec under which the machine can be recorded, and its journal."""
        from nanvix.trace.record import begin, controlled

        spec = controlled(spec, backend)
        self.recorder = begin(
            self._file, argv=self._argv, program=launch.program, spec=spec, image=image,
            backend=backend, memory=memory, ops=services.handlers,
        )  # fmt: skip
        self._closing.callback(self.recorder.close)
        return spec, self.recorder

    def report(self, machine: "Machine") -> "Callable[[OSError], None]":
        """What ends the run when the recording cannot be written."""
        return lambda error: machine.stop("error", str(self._failure(error)))

    def finish(self, outcome: "Outcome", backend: "Backend") -> None:
        """The run has ended."""
        try:
            self.recorder.finish(outcome, backend.tsc())
        except OSError as error:
            raise self._failure(error) from None

    def _close(self) -> None:
        try:
            self._file.close()
        except OSError:
            pass  # what could not be written has been reported

    def _failure(self, error: OSError) -> NanvixError:
        return NanvixError(f"cannot write {self._path}: {error.strerror}")


def _opened(path: str) -> IO[bytes]:
    """The file, empty, and nobody else's to record in. Raises OSError."""
    file = open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666), "wb")  # noqa: SIM115
    try:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            flock(file, LOCK_EX | LOCK_NB)
            file.truncate(0)
    except BaseException:
        file.close()
        raise
    return file
