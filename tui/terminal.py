"""The terminal the screen is drawn on, which can be gone at any moment."""

import os
from signal import SIG_DFL, SIGHUP, SIGTSTP, signal
from typing import Any

from textual.drivers.linux_driver import LinuxDriver

from nanvix.tui.jobs import job_control


class _Output:
    """A stream on which nothing fails: what nobody can see any more is dropped.

    Textual writes on a thread that an error would end; the screen would then wait for it at its
    own end, with a full queue between them.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.fileno = stream.fileno
        self.isatty = stream.isatty

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
        except (OSError, ValueError):
            pass
        return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError):
            pass


class Terminal(LinuxDriver):
    """Textual's own driver, over such a stream; when its input fails the application ends as if
    hung up, which it may not be told where it does not lead the terminal's session."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._file = _Output(self._file)  # type: ignore[assignment]

    def _sigtstp_application(self, *_: Any) -> None:
        """Called by Textual. All of the job stops, as where a terminal sends the signal: the shell
        may wait for somebody else of it. Without a shell nobody does (setpgid(2))."""
        if not job_control():
            return
        self.suspend_application_mode()
        self._must_signal_resume = True
        signal(SIGTSTP, SIG_DFL)
        os.kill(0, SIGTSTP)
        signal(SIGTSTP, self._sigtstp_application)

    def _sigcont_application(self, *arguments: Any) -> None:
        """Called by Textual. One who has not stopped has nothing to begin anew."""
        if self._must_signal_resume:
            super()._sigcont_application(*arguments)

    def run_input_thread(self) -> None:
        """Called by Textual, on a thread."""
        try:
            super().run_input_thread()
        except OSError:
            self._app.call_later(self._app.exit, 128 + SIGHUP)
