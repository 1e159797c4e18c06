"""What the session's thread tells whoever shows the guest."""

from nanvix.tui.view import View


class Events:
    """All of it is called on the session's thread; here nobody hears."""

    def able(self, lacks: dict[str, str]) -> None:
        """There is a guest; what it cannot do, and why."""

    def refreshed(self, view: View) -> None:
        """There is a new view."""

    def progressed(self, what: str, done: float) -> None:
        """Long work; ``what`` is '' at its end."""

    def told(self, text: str) -> None:
        """A job's answer in one line."""

    def failed(self, text: str) -> None:
        """A job could not be done; one line."""

    def broken(self, report: str) -> None:
        """The session has ended by a mistake of ours; the traceback."""
