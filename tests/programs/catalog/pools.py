"""Processes that compute together: shared memory, a pool of processes, a barrier, a semaphore."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import shared_memory


def double(name: str, start: int, end: int) -> None:
    block = shared_memory.SharedMemory(name)
    for index in range(start, end):
        block.buf[index] = block.buf[index] * 2 % 256
    block.close()


def add(counter, lock, barrier) -> None:
    barrier.wait()
    for _ in range(50):
        with lock:
            counter.value += 1


def power(number: int) -> tuple[int, int]:
    return number, 3**number % 1009


def main() -> None:
    block = shared_memory.SharedMemory(create=True, size=4096)
    block.buf[:] = bytes(range(256)) * 16
    workers = [
        multiprocessing.Process(target=double, args=(block.name, part * 1024, part * 1024 + 1024))
        for part in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(sum(block.buf), [worker.exitcode for worker in workers])
    print(os.path.exists(f"/dev/shm/{block.name}"))
    block.close()
    block.unlink()
    print(os.path.exists(f"/dev/shm/{block.name}"))

    counter = multiprocessing.Value("i", 0, lock=False)
    lock, barrier = multiprocessing.Semaphore(1), multiprocessing.Barrier(3)
    workers = [multiprocessing.Process(target=add, args=(counter, lock, barrier)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(counter.value)

    with ProcessPoolExecutor(2) as pool:
        futures = [pool.submit(power, number) for number in range(12)]
        print(sorted(future.result() for future in as_completed(futures)))
        print(list(pool.map(len, ["", "a", "bc"])))
        print(repr(pool.submit(divmod, 1, 0).exception()))


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    main()
