"""Threads: locks, queues, events, timers, a pool, and output from all of them."""

import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor

results = queue.Queue()
lock = threading.Lock()
total = 0


def work(number):
    global total
    for _ in range(1000):
        with lock:
            total += 1
    results.put(number * number)


threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(total, sorted(results.get() for _ in range(8)))

ready = threading.Event()
timer = threading.Timer(0.05, ready.set)
started = time.monotonic()
timer.start()
print(ready.wait(20), time.monotonic() - started >= 0.05)
print(threading.Event().wait(0.02))
with ThreadPoolExecutor(4) as pool:
    print(list(pool.map(lambda n: sum(range(n)), range(0, 50000, 5000))))
local = threading.local()
local.value = "main"
threading.Thread(target=lambda: print(hasattr(local, "value"))).start()
