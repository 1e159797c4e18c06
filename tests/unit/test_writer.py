"""The thread that writes a recording."""

import time

from nanvix.trace.writer import Writer


def test_jobs_are_done_in_order_and_all_before_the_end() -> None:
    done: list[int] = []
    writer = Writer()
    for number in range(2000):
        writer.put(lambda number=number: done.append(number))
    writer.close()
    writer.close()
    assert done == list(range(2000)) and writer.error is None


def test_only_so_many_wait() -> None:
    begun: list[int] = []

    def slow(number: int) -> None:
        begun.append(number)
        time.sleep(0.002)

    writer = Writer()
    for number in range(60):
        writer.put(lambda number=number: slow(number))
        assert number - len(begun) <= 17
    writer.close()
    assert len(begun) == 60


def test_nothing_is_done_after_an_error() -> None:
    done: list[int] = []

    def fail() -> None:
        raise OSError(28, "No space left on device")

    writer = Writer()
    writer.put(fail)
    for number in range(100):
        writer.put(lambda number=number: done.append(number))
    writer.close()
    assert writer.error is not None and writer.error.errno == 28 and not done
