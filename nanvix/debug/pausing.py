"""A machine that a debugger drives can be asked to stop, or to be looked at, from outside."""

from nanvix.machine.machine import Machine


class Pausing(Machine):
    """``pause_wanted``: ask the loop that drives it to return."""

    pause_wanted = False

    def want_pause(self) -> None:
        """Let the guest stop soon; from any thread or signal handler."""
        self.pause_wanted = True
        self.rouse()

    def glance(self) -> None:
        """End a wait early; from any thread."""
        self.inbox.waker.wake()
