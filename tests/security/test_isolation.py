"""What a guest may not reach: the host's files, devices, processes, and the channel."""

import os
import socket
import sys
import time
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
from support.guest import Guest, host_environment
from support.toolchain import Toolchain

from nanvix.guest.configuration import shown_configuration


def sh(guest: Guest, script: str, *options: str | Path) -> str:
    """What a shell script in a guest writes, errors included."""
    ran = guest(["sh", "-c", script], options=options)
    return (ran.out + ran.err).decode()


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    """A directory to share, with a secret beside it."""
    (tmp_path / "secret").write_text("TOP SECRET\n")
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "inside").write_text("inside\n")
    return folder


def test_shadow(guest: Guest) -> None:
    """The host's passwords are not there; of its /etc only what packages install for everybody."""
    assert "No such file" in sh(guest, "cat /etc/shadow")
    assert "No such file" in sh(guest, "cat /proc/1/root/etc/shadow")
    shown = {path.split("/")[2] for path in shown_configuration()}
    made_up = {"group", "hostname", "hosts", "ld.so.cache", "localtime", "nsswitch.conf", "passwd"}
    assert set(sh(guest, "ls /etc").split()) <= shown | made_up
    assert not {name for name in shown if "shadow" in name or "ssh" in name or "pam" in name}


def test_home_and_root(guest: Guest) -> None:
    home = os.path.expanduser("~")
    assert sh(guest, f"ls -A {home} /home /root 2>/dev/null | grep -v ':$' | tr -d '\\n'") == ""


def test_dot_dot(guest: Guest, mount: Path) -> None:
    """``..`` at the top of a mount leads to the guest's own root."""
    out = sh(
        guest,
        "cd /m; cat ../secret; cat ../m/inside; cat inside/../../secret; cat x/../../secret; "
        "ls .. | grep -c secret; cat /m/../../../../../../etc/shadow",
        "-v", f"{mount}:/m",
    )  # fmt: skip
    assert "SECRET" not in out
    assert "inside\n" in out


@pytest.mark.parametrize(
    "target", ["../secret", "{folder}/secret", "/etc/shadow", "..", "/", "/proc/self/root", "."]
)
def test_symbolic_links_made_by_the_host(guest: Guest, mount: Path, target: str) -> None:
    """A link in a mount means what it means in the guest; the host never follows it."""
    target = target.format(folder=mount.parent)
    (mount / "link").symlink_to(target)
    (mount / "dir").mkdir()
    (mount / "dir" / "link").symlink_to("../link")
    out = sh(
        guest,
        "cd /m; cat link; cat link/secret; cat link/etc/shadow; cat dir/link; echo x > link/evil; "
        f"cat dir/link/secret; cat link/{mount.parent}/secret; ls link/ | grep secret; head link",
        "-v", f"{mount}:/m",
    )  # fmt: skip
    assert "SECRET" not in out
    assert "root:" not in out
    assert not (mount.parent / "evil").exists()


def test_symbolic_links_made_by_the_guest(guest: Guest, mount: Path) -> None:
    out = sh(
        guest,
        f"cd /m; ln -s ../secret a; ln -s {mount.parent}/secret b; ln -s / c; ln -s .. d; "
        f"cat a b c/{mount.parent}/secret d/secret; echo x > a; echo x > b; mkdir d/made; "
        "mv d/secret here; ls d | grep secret",
        "-v", f"{mount}:/m",
    )  # fmt: skip
    assert "SECRET" not in out
    assert (mount.parent / "secret").read_text() == "TOP SECRET\n"
    assert sorted(os.listdir(mount.parent)) == ["secret", "shared"]


def test_directory_moved_out_of_the_mount_by_the_host(guest: Guest, mount: Path) -> None:
    """A directory the guest is in leaves the mount: what is around its new place stays hidden."""
    (mount / "deep").mkdir()
    script = "cd /m/deep; echo ready; read line; cat ../secret ../../secret; ls .. | grep secret"
    command = guest.command(["sh", "-c", script], ["-v", f"{mount}:/m"])
    with Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=host_environment()) as process:
        assert process.stdin and process.stdout
        assert process.stdout.readline() == b"ready\n"
        (mount / "deep").rename(mount.parent / "deep")
        out, err = process.communicate(b"go\n", timeout=60)
    assert b"SECRET" not in out + err
    assert b"secret\n" not in out


def test_special_files_in_a_mount(guest: Guest, mount: Path) -> None:
    """A FIFO or socket of the host is a name: who has it open on the host hears nothing, and tells
    the guest nothing."""
    os.mkfifo(mount / "fifo")
    script = (
        "import os, socket\n"
        "print(sorted(os.listdir('/m')))\n"
        "reader = os.open('/m/fifo', os.O_RDONLY | os.O_NONBLOCK)\n"
        "print(os.read(reader, 9))\n"
        "os.write(os.open('/m/fifo', os.O_WRONLY), b'from the guest')\n"
        "print(os.read(reader, 99))\n"
        "try:\n"
        "    socket.socket(socket.AF_UNIX).connect('/m/socket')\n"
        "except OSError as error:\n"
        "    print(error.strerror)\n"
    )
    place = os.open(mount, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"/proc/self/fd/{place}/socket")
        os.close(place)
        server.listen()
        server.setblocking(False)
        held = os.open(mount / "fifo", os.O_RDWR | os.O_NONBLOCK)
        os.write(held, b"from the host")
        ran = guest([sys.executable, "-c", script], options=["-v", f"{mount}:/m"])
        assert ran.out.decode().splitlines() == [
            str(sorted(os.listdir(mount))), "b''", "b'from the guest'", "Connection refused",
        ], ran  # fmt: skip
        assert os.read(held, 99) == b"from the host"
        os.close(held)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_fifo_that_the_host_replaces(guest: Guest, mount: Path) -> None:
    """By a file, and by a link to what was not given: no FIFO of the guest leads there."""
    script = (
        "import os, time\n"
        "os.mkfifo('/m/p')\n"
        "held = os.open('/m/p', os.O_RDWR)\n"
        "print('ready', flush=True)\n"
        "input()\n"
        "os.write(held, b'kept')\n"
        "print(os.read(held, 9))\n"
        "for name in 'p', 'q':\n"
        "    try:\n"
        "        print(os.read(os.open(f'/m/{name}', os.O_RDONLY | os.O_NONBLOCK), 99))\n"
        "    except OSError as error:\n"
        "        print(error.strerror)\n"
        "try:\n"
        "    os.mkfifo('/m/q')\n"
        "except OSError as error:\n"
        "    print(error.strerror)\n"
    )
    (mount.parent / "hidden").write_text("SECRET")
    command = guest.command([sys.executable, "-c", script], ["-v", f"{mount}:/m"])
    with Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=host_environment()) as process:
        assert process.stdin and process.stdout
        assert process.stdout.readline() == b"ready\n"
        (mount / "p").unlink()
        (mount / "p").write_text("a file now")
        (mount / "q").symlink_to("../hidden")
        time.sleep(1.1)  # how long the guest believes a name
        out, err = process.communicate(b"go\n", timeout=60)
    assert out.decode().splitlines() == [
        "b'kept'", "b'a file now'", "No such file or directory", "File exists",
    ], err  # fmt: skip
    assert (mount.parent / "hidden").read_text() == "SECRET"


def test_device_nodes_cannot_be_made(guest: Guest, mount: Path) -> None:
    out = sh(guest, "cd /m; mknod kmem c 1 2; mknod disk b 7 0; mknod p p; ls", "-v", f"{mount}:/m")
    assert not {"kmem", "disk"} & {*os.listdir(mount), *out.splitlines()}
    assert (mount / "p").is_fifo()


def test_set_user_id_is_not_given_to_the_host(guest: Guest, mount: Path) -> None:
    """The guest's root cannot leave set-uid programs behind on the host."""
    sh(guest, "cd /m; cp /bin/sh sh; chmod 6755 sh; chown 1:1 sh", "-v", f"{mount}:/m")
    path = mount / "sh"
    if path.exists():
        assert path.stat().st_mode & 0o6000 == 0 or path.stat().st_uid == os.getuid()


@pytest.mark.parametrize(
    "how", ["port", "port-in", "halt", "cli", "cr3", "msr", "iretq", "lidt", "kernel"]
)
def test_privileged_instructions(guest: Guest, compiled: Toolchain, how: str) -> None:
    """User code cannot ring the doorbell, stop the CPU or see the kernel: it gets SIGSEGV."""
    ran = guest([compiled("die.c"), how])
    assert ran.code == 139, ran
    assert b"panic" not in ran.err
    assert b"channel violation" not in ran.err


def test_no_network(guest: Guest) -> None:
    code = (
        "import socket\n"
        "for address in ('127.0.0.1', 22), ('192.0.2.1', 80):\n"
        "    try:\n"
        "        socket.create_connection(address, 2); print('connected')\n"
        "    except OSError as error:\n"
        "        print('refused')\n"
    )
    assert guest(["python3", "-c", code]).out == b"refused\nrefused\n"


def test_processes_of_the_host_are_invisible(guest: Guest) -> None:
    out = sh(guest, "ls /proc | grep '^[0-9]' | wc -l; kill -0 1 && echo own init")
    assert int(out.split()[0]) <= 4
