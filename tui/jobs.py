"""Whether a shell waits that can go on with this screen once it has been stopped."""

import os
from pathlib import Path


def job_control() -> bool:
    """Whether the nearest ancestor outside of this process group is of this session. Without one
    the group is orphaned: nobody would continue it (setpgid(2))."""
    group, session, pid = os.getpgrp(), os.getsid(0), os.getppid()
    try:
        while pid > 1 and os.getpgid(pid) == group:
            pid = _parent(pid)
        return pid > 1 and os.getsid(pid) == session
    except (OSError, ValueError):
        return False


def _parent(pid: int) -> int:
    """By /proc/PID/stat, where the name may hold anything."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return int(text.rpartition(")")[2].split()[1])
