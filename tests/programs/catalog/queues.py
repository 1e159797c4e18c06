"""Threads and queues: producers and consumers, priorities, conditions, deadlines, daemons."""

import queue
import threading
import time

work: "queue.Queue[int | None]" = queue.Queue(maxsize=5)
done: "queue.SimpleQueue[int]" = queue.SimpleQueue()


def consume() -> None:
    while (item := work.get()) is not None:
        done.put(item * item)
        work.task_done()
    work.task_done()


consumers = [threading.Thread(target=consume) for _ in range(3)]
for consumer in consumers:
    consumer.start()
for number in range(200):
    work.put(number)
for _ in consumers:
    work.put(None)
work.join()
for consumer in consumers:
    consumer.join()
print(sum(done.get() for _ in range(200)), done.empty(), threading.active_count())

ordered: "queue.PriorityQueue[tuple[int, str]]" = queue.PriorityQueue()
for item in ((3, "c"), (1, "a"), (2, "b")):
    ordered.put(item)
print([ordered.get()[1] for _ in range(3)])
try:
    ordered.get(timeout=0.02)
except queue.Empty:
    print("empty")

condition, turns = threading.Condition(), []


def take_turns(me: int) -> None:
    for turn in range(5):
        with condition:
            condition.wait_for(lambda: len(turns) % 3 == me)
            turns.append((me, turn))
            condition.notify_all()


players = [threading.Thread(target=take_turns, args=(me,)) for me in range(3)]
for player in players:
    player.start()
for player in players:
    player.join()
print(turns)

semaphore, inside, most = threading.BoundedSemaphore(2), 0, 0
lock = threading.Lock()


def enter() -> None:
    global inside, most
    with semaphore:
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(0.005)
        with lock:
            inside -= 1


crowd = [threading.Thread(target=enter) for _ in range(6)]
for thread in crowd:
    thread.start()
for thread in crowd:
    thread.join()
print(inside, 0 < most <= 2)
barrier = threading.Barrier(4, timeout=20)
arrived = [threading.Thread(target=barrier.wait) for _ in range(3)]
for thread in arrived:
    thread.start()
barrier.wait()
for thread in arrived:
    thread.join()
print(lock.acquire(timeout=0.01), lock.acquire(timeout=0.01), barrier.broken)
threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
