"""asyncio: tasks, subprocesses' pipes aside, timers and a queue."""

import asyncio


async def produce(queue, count):
    for number in range(count):
        await asyncio.sleep(0.005)
        await queue.put(number)
    await queue.put(None)


async def main():
    queue = asyncio.Queue()
    task = asyncio.create_task(produce(queue, 5))
    received = []
    while (item := await queue.get()) is not None:
        received.append(item)
    await task
    try:
        await asyncio.wait_for(asyncio.sleep(30), 0.02)
    except TimeoutError:
        received.append("timed out")
    print(received, await asyncio.to_thread(sum, range(1000)))


asyncio.run(main())
