"""Signal handlers in Python: nested, from a child, timers, EINTR retried, a wakeup descriptor."""

import os
import select
import signal
import sys
import time

seen = []


def note(number, frame):
    seen.append(signal.Signals(number).name)


for each in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGCHLD, signal.SIGTERM):
    signal.signal(each, note)
os.kill(os.getpid(), signal.SIGUSR1)
signal.raise_signal(signal.SIGUSR2)
print(seen)

seen.clear()
signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
while len(seen) < 3:
    signal.pause()
signal.setitimer(signal.ITIMER_REAL, 0)
print(seen[:3])

seen.clear()
reader, writer = os.pipe()
if os.fork() == 0:
    os.kill(os.getppid(), signal.SIGUSR1)
    time.sleep(0.05)
    os.write(writer, b"after the signal")
    os._exit(3)
print(os.read(reader, 100), os.waitstatus_to_exitcode(os.wait()[1]))
print(sorted(set(seen)))

seen.clear()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGTERM})
os.kill(os.getpid(), signal.SIGUSR1)
os.kill(os.getpid(), signal.SIGTERM)
print(seen, sorted(each.name for each in signal.sigpending()))
print(signal.sigwait({signal.SIGUSR1}).name)
info = signal.sigtimedwait({signal.SIGTERM}, 1)
print(info.si_signo, info.si_code, info.si_pid == os.getpid(), info.si_uid == os.getuid())
print(signal.sigtimedwait({signal.SIGTERM}, 0.01))

left, right = os.pipe()
os.set_blocking(right, False)
signal.set_wakeup_fd(right)
signal.setitimer(signal.ITIMER_REAL, 0.02)
print(select.select([left], [], [], 10)[0] == [left], os.read(left, 10))
signal.set_wakeup_fd(-1)

before = time.monotonic()
signal.setitimer(signal.ITIMER_REAL, 0.02)
time.sleep(0.1)
print(time.monotonic() - before >= 0.1)

signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
sys.stdout.flush()
os.kill(os.getpid(), signal.SIGTERM)
