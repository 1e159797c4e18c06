"""Running a recording again, on the emulator and without the host.

    result = replay(load("crash.nvrec"))

The guest gets from the recording what it got from the host: no file is opened for it, nothing is
read, no clock is asked. What it does is compared with what it did, request by request, and the
first difference ends the replay with the reason "diverged".
"""

from nanvix.replay.session import Replay, check_program, exact, replay
from nanvix.trace.recording import Recording, RecordingError, load

__all__ = ["Recording", "RecordingError", "Replay", "check_program", "exact", "load", "replay"]
