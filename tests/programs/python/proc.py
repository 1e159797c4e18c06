"""What /proc says of this process and its sockets, told so that it is the same everywhere."""

import mmap
import os
import resource
import signal
import socket


def read(path):
    with open(path) as file:
        return file.read()


def fields(path):
    return dict(line.split(":", 1) for line in read(path).splitlines() if ":" in line)


def files():
    with open("some", "w+") as file:
        file.write("0123456789")
        file.flush()
        file.seek(4)
        os.lseek(file.fileno(), 4, os.SEEK_SET)
        info = fields(f"/proc/self/fdinfo/{file.fileno()}")
        print("fdinfo", int(info["pos"]), oct(int(info["flags"], 8)), info["ino"].strip() == str(os.fstat(file.fileno()).st_ino))
        before = fields("/proc/self/io")
        os.pread(file.fileno(), 10, 0)
        os.pwrite(file.fileno(), b"xyz", 0)
        after = fields("/proc/self/io")
        print("io", int(after["rchar"]) - int(before["rchar"]) >= 10, int(after["wchar"]) - int(before["wchar"]))
        print("fd", os.readlink(f"/proc/self/fd/{file.fileno()}") == os.path.realpath("some"))
        print("listed", str(file.fileno()) in os.listdir("/proc/self/fdinfo"))
    print("cwd", os.readlink("/proc/self/cwd") == os.getcwd(), "root", os.readlink("/proc/self/root"))
    print("exe", os.path.samefile("/proc/self/exe", os.path.realpath("/proc/self/exe")))
    print("dev/fd", os.readlink("/dev/fd"), os.path.exists("/dev/stdin"))


def memory():
    area = mmap.mmap(-1, 16 << 12)
    for page in range(8):
        area[page << 12] = 1
    lines = read("/proc/self/smaps").splitlines()
    headers = [line for line in lines if "-" in line.split()[0]]
    print("as many as in maps", abs(len(headers) - len(read("/proc/self/maps").splitlines())) < 4)
    total = sum(int(line.split()[1]) for line in lines if line.startswith("Rss:"))
    rollup = fields("/proc/self/smaps_rollup")
    status = fields("/proc/self/status")
    print("rollup", abs(int(rollup["Rss"].split()[0]) - total) < 1024)
    print("resident", abs(int(status["VmRSS"].split()[0]) - total) < 2048)
    print("names", "[stack]" in read("/proc/self/maps"), "[heap]" in read("/proc/self/maps"))
    print("locked", status["VmLck"].split())
    words = [int(word) for word in read("/proc/self/statm").split()]
    print("statm", len(words), abs(words[1] * 4 - total) < 2048)


def status():
    signal.signal(signal.SIGUSR1, lambda *_: None)
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    told = fields("/proc/self/status")
    bit = lambda name, number: int(told[name], 16) >> (number - 1) & 1  # noqa: E731
    print("signals", bit("SigCgt", 10), bit("SigIgn", 12), bit("SigBlk", 14), bit("SigCgt", 12))
    print("ids", told["Uid"].split() == [str(os.getuid())] * 4, told["Pid"].strip() == str(os.getpid()))
    print("threads", told["Threads"].strip(), len(os.listdir("/proc/self/task")))
    resource.setrlimit(resource.RLIMIT_FSIZE, (12345, resource.RLIM_INFINITY))
    print([line.split() for line in read("/proc/self/limits").splitlines() if "file size" in line])
    environment = read("/proc/self/environ").split("\0")
    print("environment", "LANG=C.UTF-8" in environment, read("/proc/self/cmdline").split("\0")[-2])
    print("mounts", any(line.split()[1] == "/proc" for line in read("/proc/mounts").splitlines()))
    print("mountinfo", any(line.split()[4] == "/proc" for line in read("/proc/self/mountinfo").splitlines()))
    auxv = open("/proc/self/auxv", "rb").read()
    print("auxv", len(auxv) % 16, auxv[-16:] == bytes(16))


def sockets():
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    client = socket.create_connection(("127.0.0.1", port))
    server, _ = listener.accept()
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 0))
    there = {}
    for name in "tcp", "udp":
        for line in read(f"/proc/net/{name}").splitlines()[1:]:
            parts = line.split()
            there[parts[9]] = parts[1:4]
    inode = lambda s: str(os.fstat(s.fileno()).st_ino)  # noqa: E731
    address = f"0100007F:{port:04X}"
    print("listener", there[inode(listener)] == [address, "00000000:0000", "0A"])
    print("client", there[inode(client)][1:] == [address, "01"], "server", there[inode(server)][0] == address)
    print("datagrams", there[inode(datagrams)] == [f"0100007F:{datagrams.getsockname()[1]:04X}", "00000000:0000", "07"])
    local = socket.socket(socket.AF_UNIX)
    name = f"proc-{os.getpid()}"
    local.bind("\0" + name)
    local.listen()
    found = [line.split() for line in read("/proc/net/unix").splitlines() if line.endswith("@" + name)]
    print("unix", [(line[3], line[4], line[5], line[6] == inode(local)) for line in found])
    print("lo", any(line.split()[0] == "lo:" for line in read("/proc/net/dev").splitlines()))


files()
memory()
status()
sockets()
