"""What the guest sees of the host's files: by default little, with ``-v`` what it is given."""

import os
import sys
from pathlib import Path

import pytest
from support.guest import Guest, Same


def sh(guest: Guest, script: str, *options: str | Path) -> tuple[int, str, str]:
    """Run a shell script in a guest: exit code, stdout, stderr."""
    ran = guest(["sh", "-c", script], options=options)
    return ran.code, ran.out.decode(), ran.err.decode()


def test_read_write(guest: Guest, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("from the host\n")
    code, out, _ = sh(
        guest,
        "cd /data; cat in; echo guest > out; mkdir d; mv in d/moved; ln -s out link; ls",
        "-v", f"{tmp_path}:/data",
    )  # fmt: skip
    assert (code, out) == (0, "from the host\nd\nlink\nout\n")
    assert (tmp_path / "out").read_text() == "guest\n"
    assert (tmp_path / "d" / "moved").read_text() == "from the host\n"
    assert os.readlink(tmp_path / "link") == "out"


def test_read_only(guest: Guest, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept\n")
    script = "cd /data; cat file; for c in 'echo x > file' 'echo x > new' 'rm file' 'mkdir d' "
    script += "'mv file other' 'chmod 777 file' 'ln file hard' 'ln -s a b' 'touch file'; do "
    script += '(eval "$c") 2>&1 | grep -c "Read-only file system"; done'
    code, out, _ = sh(guest, script, "-v", f"{tmp_path}:/data:ro")
    assert (code, out) == (0, "kept\n" + "1\n" * 9)
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_text() == "kept\n"


def test_nothing_comes_from_the_future(guest: Guest, tmp_path: Path) -> None:
    """Files have the guest's time, also where its clock is slower than the host's."""
    script = """cd /data; mkdir old; for n in 1 2 3; do
        echo > file; touch new$n; echo > old/new$n; rm new$n
        for each in file . old/new$n old; do
            test $(date +%s%N) -ge $(date -r $each +%s%N) && printf .
        done
    done"""
    assert sh(guest, script, "-v", f"{tmp_path}:/data") == (0, "." * 12, "")


def test_single_file(guest: Guest, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("value = 1\n")
    (tmp_path / "beside").write_text("not shown\n")
    options = ["-v", f"{path}:/etc/app.conf:ro"]
    assert sh(guest, "cat /etc/app.conf; ls /etc | grep -c beside", *options)[1] == "value = 1\n0\n"


def test_several_mounts_and_one_inside_another(guest: Guest, tmp_path: Path) -> None:
    for name in ("a", "b", "a/inner"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(f"{name}\n")
    options = ["-v", f"{tmp_path}/a:/m:ro", "-v", f"{tmp_path}/b:/m/inner:rw"]
    code, out, err = sh(guest, "cat /m/file /m/inner/file; echo x > /m/inner/new", *options)
    assert (code, out, err) == (0, "a\nb\n", "")
    assert (tmp_path / "b" / "new").exists()
    assert not (tmp_path / "a" / "inner" / "new").exists()


def test_relative_source_and_missing_parents(guest: Guest, tmp_path: Path) -> None:
    (tmp_path / "here").write_text("x\n")
    ran = guest(
        ["cat", "/deep/down/below/here"], options=["-v", ".:/deep/down/below"], cwd=tmp_path
    )
    assert ran.out == b"x\n"


def test_changes_of_the_host_are_seen(guest: Guest, tmp_path: Path) -> None:
    """A mount is the host's directory, not a copy: what another process writes appears."""
    from subprocess import PIPE, Popen

    from support.guest import host_environment

    (tmp_path / "first").write_text("1")
    script = "ls /data; read line; ls /data; cat /data/second"
    command = guest.command(["sh", "-c", script], ["-v", f"{tmp_path}:/data:ro"])
    with Popen(command, stdin=PIPE, stdout=PIPE, env=host_environment()) as process:
        assert process.stdin and process.stdout
        assert process.stdout.readline() == b"first\n"
        (tmp_path / "second").write_text("later\n")
        out, _ = process.communicate(b"go\n", timeout=60)
    assert out == b"first\nsecond\nlater\n"


def test_default_view(guest: Guest) -> None:
    """Own /tmp, /proc, /dev; the programs of the system; nothing else of the host."""
    code, out, _ = sh(guest, "ls /; ls /tmp | wc -l; ls /root /home /var /srv /opt 2>/dev/null")
    listing = out.splitlines()
    assert code in (0, 1, 2)
    assert {"bin", "dev", "etc", "lib", "proc", "tmp", "usr"} <= set(listing)
    assert not {"home", "root/.ssh", "srv", "boot", "mnt"} & set(listing)
    assert "0" in listing


def test_private_tmp(guest: Guest, tmp_path: Path) -> None:
    """The guest's /tmp is its own: the host neither sees nor gives anything."""
    marker = Path("/tmp") / f"nanvix-{tmp_path.name}-{os.getpid()}"
    code, out, _ = sh(guest, f"ls -A /tmp; echo data > {marker}; cat {marker}; df /tmp >/dev/null")
    assert (code, out) == (0, "data\n")
    assert not marker.exists()


def test_proc_and_dev_are_the_guests(guest: Guest) -> None:
    script = (
        "cat /proc/self/comm; cat /proc/1/comm; ls /proc | grep -c '^[0-9]'; "
        "head -c 3 /dev/zero | od -An -tx1; echo x > /dev/null; readlink /proc/self/exe; "
        "ls /dev/null /dev/zero /dev/urandom /dev/tty /dev/fd /dev/stdin >/dev/null && echo all; "
        "test -e /dev/kvm || test -e /dev/mem || test -e /dev/sda || echo no host devices"
    )
    code, out, _ = sh(guest, script)
    lines = out.splitlines()
    assert code == 0
    assert lines[:2] == ["cat", "sh"]
    assert int(lines[2]) <= 4
    assert lines[3].split() == ["00", "00", "00"]
    assert lines[4].endswith("readlink")
    assert lines[5:] == ["all", "no host devices"]


def test_programs_are_read_only(guest: Guest) -> None:
    code, _, err = sh(guest, "echo x > /usr/bin/evil")
    assert code != 0
    assert "Read-only file system" in err
    assert not os.path.exists("/usr/bin/evil")


def test_fifos_and_sockets_in_a_mount(same: Same) -> None:
    """Made in a directory of the host, used between processes of the guest, listed by both."""
    code = (
        "import os, socket, stat, threading\n"
        "os.mkfifo('fifo', 0o640)\n"
        "os.mknod('node', stat.S_IFSOCK | 0o600)\n"
        "if not os.fork():\n"
        "    with open('fifo', 'wb') as end:\n"
        "        end.write(b'by name ' * 20000)\n"
        "    os._exit(0)\n"
        "with open('fifo', 'rb') as end:\n"
        "    print(len(end.read()), oct(os.stat('fifo').st_mode))\n"
        "os.wait()\n"
        "os.link('fifo', 'other')\n"
        "os.rename('fifo', 'moved')\n"
        "os.chmod('moved', 0o600)\n"
        "print(os.stat('other').st_nlink, oct(os.stat('other').st_mode))\n"
        "for kind in socket.SOCK_STREAM, socket.SOCK_SEQPACKET:\n"
        "    server = socket.socket(socket.AF_UNIX, kind)\n"
        "    server.bind(f'server{kind}')\n"
        "    server.listen()\n"
        "    if not os.fork():\n"
        "        client = socket.socket(socket.AF_UNIX, kind)\n"
        "        client.connect(f'server{kind}')\n"
        "        client.send(b'hello')\n"
        "        os._exit(0)\n"
        "    print(server.accept()[0].recv(99), oct(os.stat(f'server{kind}').st_mode))\n"
        "    server.close()\n"
        "    os.wait()\n"
        "    for attempt in 'bind', 'connect':\n"
        "        try:\n"
        "            getattr(socket.socket(socket.AF_UNIX, kind), attempt)(f'server{kind}')\n"
        "        except OSError as error:\n"
        "            print(error.strerror)\n"
        "try:\n"
        "    os.open('node', os.O_RDONLY)\n"
        "except OSError as error:\n"
        "    print(error.strerror)\n"
        "os.unlink('moved')\n"
    )
    same([sys.executable, "-c", code])


def test_fifo_in_a_shell(same: Same) -> None:
    script = "mkfifo p; sort < p > sorted & printf '3\\n1\\n2\\n' > p; wait; cat sorted; "
    same(["sh", "-c", script + "ls -l p | cut -c1-10"])


def test_special_files_on_a_read_only_mount(guest: Guest, tmp_path: Path) -> None:
    """What is there can be used, for that changes no file; nothing can be made."""
    os.mkfifo(tmp_path / "p")
    script = "cd /m; mkfifo q 2>&1 | grep -o 'Read-only.*'; echo through > p & cat p; "
    script += "rm p 2>/dev/null || ls"
    assert sh(guest, script, "-v", f"{tmp_path}:/m:ro")[1] == "Read-only file system\nthrough\np\n"


@pytest.mark.requires("redis-server")
def test_redis_on_a_socket_in_a_mount(guest: Guest, tmp_path: Path) -> None:
    """A server's socket in a directory of the host: its clients in the guest find it there."""
    script = (
        "redis-server --port 0 --unixsocket /data/redis.sock --dir /data --save '' >/dev/null & "
        "until redis-cli -s /data/redis.sock ping 2>/dev/null; do sleep 0.1; done; "
        "redis-cli -s /data/redis.sock incrby n 41; redis-cli -s /data/redis.sock incr n; "
        "test -S /data/redis.sock && echo a socket; "
        "redis-cli -s /data/redis.sock shutdown nosave; wait"
    )
    ran = guest(["sh", "-c", script], options=["-v", f"{tmp_path}:/data"])
    assert ran.out.split() == [b"PONG", b"41", b"42", b"a", b"socket"], ran


def test_files_over_pages_and_holes(same: Same) -> None:
    """Sizes around a page, appends, holes: the same files on both sides."""
    script = (
        "for n in 0 1 4095 4096 4097 70000; do head -c $n /dev/zero | tr '\\0' x > f$n; done; "
        "echo tail >> f4096; dd if=/dev/zero of=hole bs=1 seek=100000 count=1 status=none; "
        "truncate -s 5000 f70000; truncate -s 9000 f1; cat f* hole | sha256sum; wc -c *"
    )
    same(["sh", "-c", script])


IDENTITY = """
import os
os.mkdir("d")
for name in ("a", "b", "d/c"):
    open(name, "w").close()
os.link("a", "d/hard"); os.symlink("a", "soft"); os.mkfifo("fifo")
before = {e.path: e.inode() for e in os.scandir(".")}
for where in (".", "d"):
    print(all(e.inode() == e.stat(follow_symlinks=False).st_ino for e in os.scandir(where)))
print(len(set(before.values())) == len(before), len({os.stat(p).st_dev for p in before}))
print(os.path.samefile("a", "d/hard"), os.path.samefile("a", "soft"), os.path.samefile("a", "b"))
os.rename("b", "d/moved")
print(os.stat("d/moved").st_ino == before["./b"], os.stat("d/hard").st_ino == before["./a"])
with open("d/moved") as file:
    os.unlink("d/moved")
    print(os.fstat(file.fileno()).st_ino == before["./b"])
    open("b", "w").close()
    print(os.stat("b").st_ino == before["./b"])
os.rename("a", "b")
print(os.stat("b").st_ino == before["./a"], os.stat("d").st_ino == os.stat(".").st_ino)
for command in ("find . -samefile b | sort", "du -a | wc -l", "tar c . | tar tv | grep -c link"):
    print(os.popen(command).read())
"""


def test_which_files_are_the_same(same: Same) -> None:
    assert same([sys.executable, "-c", IDENTITY]).code == 0


def test_places_for_state_are_the_guest_s_own(guest: Guest) -> None:
    script = "umask 0; for d in /run /var/run /var/lib /var/log /var/tmp /run/lock /var/lock; do "
    script += "test -z \"$(ls -A $d | grep -v '^lock$')\" && echo x > $d/state && stat -Lc '%a' $d "
    script += "&& rm $d/state; done"
    modes = ["755", "755", "755", "755", "1777", "1777", "1777"]
    assert sh(guest, script) == (0, "".join(f"{mode}\n" for mode in modes), "")


def test_tables_of_the_host_and_none_of_its_secrets(guest: Guest, same: Same) -> None:
    same(["sh", "-c", "getent services http; getent protocols tcp; cat /etc/os-release"])
    script = "ls -d /etc/shadow /etc/gshadow /etc/ssl/private /etc/ssh /etc/machine-id"
    code, out, _ = sh(guest, script)
    assert (code, out) == (2, "")


@pytest.mark.requires("setpriv")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_what_others_make_is_theirs(same: Same) -> None:
    """Programs that give up being root own what they make from then on, also on the host."""
    make = "mkdir d; echo x > d/f; echo y > g; ln -s a b; mkfifo p; mkdir d/e; echo z > s/in"
    script = f"""
        chmod 777 .; echo root > mine; mkdir s; chgrp 7 s; chmod 2777 s
        setpriv --reuid=65534 --regid=33 --clear-groups sh -c '{make}; echo more >> mine; cat d/f'
        stat -c '%n %u:%g %a' * d/* s/*; echo $?"""
    ran = same(["sh", "-c", script])
    assert b"d/f 65534:33 644\n" in ran.out and b"s/in 65534:7 644\n" in ran.out
