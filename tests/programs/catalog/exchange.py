"""Processes that talk through sockets: descriptors sent along, queues, pools, managers."""

import multiprocessing
import os
import socket
import tempfile
from multiprocessing.connection import Client, Connection, Listener


def descriptors() -> None:
    left, right = socket.socketpair()
    if os.fork() == 0:
        message, fds, flags, _ = socket.recv_fds(right, 100, 10)
        for number, fd in enumerate(fds):
            os.write(fd, b"%s %d\n" % (message, number))
        right.send(b"done")
        os._exit(0)
    with tempfile.TemporaryFile(dir="/tmp") as file:
        reader, writer = os.pipe()
        socket.send_fds(left, [b"hello"], [file.fileno(), writer])
        os.close(writer)
        print(left.recv(100), os.read(reader, 100))
        file.seek(0)
        print(file.read())
    os.wait()


def credentials() -> None:
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid, uid, gid = memoryview(left.getsockopt(socket.SOL_SOCKET, 17, 12)).cast("i")
    print(pid == os.getpid(), uid == os.getuid(), gid == os.getgid())
    left.send(b"two")
    left.send(b"messages")
    print(right.recv(100), right.recv(100))


def square(number: int) -> int:
    return number * number


def fill(queue: "multiprocessing.Queue[bytes]", pipe: Connection) -> None:
    for number in range(5):
        queue.put(b"%d" % number * 50_000)
    pipe.send({"pid": os.getpid() > 0, "list": list(range(10))})
    pipe.close()


def processes() -> None:
    queue: multiprocessing.Queue[bytes] = multiprocessing.Queue()
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.Process(target=fill, args=(queue, theirs))
    child.start()
    print([len(queue.get()) for _ in range(5)], ours.recv())
    child.join()
    with multiprocessing.Pool(2) as pool:
        print(pool.map(square, range(10)))
    with multiprocessing.Manager() as manager:
        shared = manager.dict(a=1)
        shared["b"] = 2
        print(sorted(shared.items()))


def listeners() -> None:
    for family in "AF_UNIX", "AF_INET":
        with Listener(family=family, authkey=b"secret") as listener:
            if os.fork() == 0:
                with Client(listener.address, authkey=b"secret") as client:
                    client.send(["from", family])
                os._exit(0)
            with listener.accept() as connection:
                print(connection.recv())
            os.wait()


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    descriptors()
    credentials()
    processes()
    listeners()
