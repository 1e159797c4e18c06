"""bash with job control on a pseudo-terminal: what its user sees."""

import os
import pty
import time

KEYS = [b"echo $((6*7))\n", b"sleep 1000\n", b"\x1a", b"jobs\n", b"bg\n", b"fg\n", b"\x03", b"jobs\n"]
KEYS += [b"sleep 999 &\n", b"kill %1; wait %1; echo status $?\n", b"stty size; stty -echo; tty | cut -c1-9\n"]
PROMPT = b"%% "
# What shows that the shell, or its child, is ready for the next keys.
READY = {b"sleep 1000\n": b"sleep 1000\r\n", b"fg\n": b"sleep 1000\r\n"}

pid, fd = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "--norc", "--noediting", "-i"])
os.write(fd, b"PS1='%''% '; set -o notify\n")
seen = b""


def expect(text: bytes) -> bytes:
    global seen
    while text not in seen:
        seen += os.read(fd, 4096)
    at = seen.index(text) + len(text)
    before, seen = seen[:at], seen[at:]
    return before


def asleep() -> bool:
    """Whether the foreground is a sleep that can be interrupted."""
    try:
        with open(f"/proc/{os.tcgetpgrp(fd)}/stat") as file:
            return file.read().split()[1:3] == ["(sleep)", "S"]
    except OSError:
        return False


expect(PROMPT)
for keys in KEYS:
    os.write(fd, keys)
    text = expect(READY.get(keys, PROMPT)).decode()
    # A background job's number of its own is nobody's business.
    print("\n".join(line for line in text.splitlines() if not line.startswith("[1] ")))
    while keys in READY and not asleep():
        time.sleep(0.01)
os.write(fd, b"exit 9\n")
try:
    while os.read(fd, 4096):
        pass
except OSError as error:
    print(error.strerror)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
