"""What the guest sees of the host, and what it does not."""

import os
import pwd
from pathlib import Path

import pytest

from nanvix.abi.channel import MOUNT_FILE, MOUNT_READ_ONLY, MOUNT_STABLE
from nanvix.abi.manifest import Manifest
from nanvix.errors import UsageError
from nanvix.guest import etc
from nanvix.guest.configuration import shown_configuration
from nanvix.guest.mounts import make_mount, parse_mount
from nanvix.guest.namespace import Namespace, Shown, default_view
from nanvix.guest.program import Program

STABLE = MOUNT_READ_ONLY | MOUNT_STABLE


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = Path(os.path.realpath(tmp_path))
    (root / "real" / "inner").mkdir(parents=True)
    (root / "real" / "inner" / "file").write_text("x")
    (root / "link").symlink_to("real")
    (root / "absolute").symlink_to(root / "real" / "inner")
    (root / "loop").symlink_to("loop")
    return root


def test_links_on_the_way_become_links_of_the_guest(tree: Path) -> None:
    view = Namespace()
    view.show(f"{tree}/link/inner")
    assert view.links == {f"{tree}/link": "real"}
    assert view.shown == {f"{tree}/real/inner": Shown(f"{tree}/real/inner", STABLE)}


def test_absolute_links_and_files(tree: Path) -> None:
    view = Namespace()
    view.show(f"{tree}/absolute/file")
    file = f"{tree}/real/inner/file"
    assert view.links == {f"{tree}/absolute": f"{tree}/real/inner"}
    assert view.shown == {file: Shown(file, STABLE | MOUNT_FILE)}


@pytest.mark.parametrize("name", ["loop", "loop/deeper", "missing", "real/inner/file/below"])
def test_what_leads_nowhere_is_left_out(tree: Path, name: str) -> None:
    view = Namespace()
    view.show(f"{tree}/{name}")
    assert view.shown == {}


def test_the_root_is_never_shown(tree: Path) -> None:
    (tree / "top").symlink_to("/")
    view = Namespace()
    view.show(f"{tree}/top")
    view.show("/")
    view.show("/..")
    assert view.shown == {}


def test_what_a_wider_mount_shows_is_dropped(tree: Path) -> None:
    view = Namespace()
    view.show(f"{tree}/link/inner/file")
    view.show(f"{tree}/real")
    view.show(f"{tree}")
    view.finish()
    assert list(view.shown) == [str(tree)]
    assert view.links == {}


def test_a_stable_folder_stays_in_one_that_may_change(tree: Path) -> None:
    view = Namespace()
    view.show(f"{tree}", stable=False)
    view.show(f"{tree}/real")
    view.show(f"{tree}/real/inner/file")
    view.finish()
    assert list(view.shown) == [str(tree), f"{tree}/real"]


def test_a_mount_of_the_user_hides_what_was_there(tree: Path) -> None:
    view = Namespace()
    view.show(f"{tree}/real/inner")
    view.files["/data/made"] = (b"", 0o644)
    view.mount(make_mount(f"{tree}/real", "/data", read_only=False))
    view.mount(make_mount(f"{tree}/link", f"{tree}/real", read_only=True))
    view.finish()
    assert view.files == {}
    assert view.shown == {
        "/data": Shown(f"{tree}/real", 0),
        f"{tree}/real": Shown(f"{tree}/real", MOUNT_READ_ONLY),
    }
    assert view.is_directory(f"{tree}/real/inner")
    assert not view.is_directory("/data")


def test_a_mount_of_the_user_goes_where_links_lead(tree: Path) -> None:
    view = Namespace()
    view.show(f"{tree}/link/inner")
    view.mount(make_mount("/usr/lib", f"{tree}/link/inner/deep", read_only=True))
    assert view.shown[f"{tree}/real/inner/deep"] == Shown("/usr/lib", MOUNT_READ_ONLY)
    assert not view.enter(f"{tree}/link/inner/nowhere")
    assert view.enter("/made/by/us")
    assert view.directories == {"/made/by/us": 0o755}


def test_exports_are_numbered_in_the_order_of_the_mounts(tree: Path) -> None:
    view = Namespace()
    view.show(f"{tree}/real/inner")
    view.show("/usr/lib")
    exports = view.write(Manifest())
    assert [shown.source for shown in exports] == sorted([f"{tree}/real/inner", "/usr/lib"])


def test_a_script_shows_its_directory_unless_it_is_crowded(tree: Path) -> None:
    program = Program("/bin/sh", ["sh"])
    program.script = f"{tree}/real/script"
    assert f"{tree}/real" in default_view(program).shown
    program.script = "/tmp/script"
    assert "/tmp" not in default_view(program).shown


@pytest.mark.parametrize(
    ("text", "read_only"), [("{}:/data", False), ("{}:/data:rw", False), ("{}:/data/:ro", True)]
)
def test_parses_mounts(tree: Path, text: str, read_only: bool) -> None:
    mount = parse_mount(text.format(tree))
    assert mount == (str(tree), "/data", read_only)


def test_a_mount_without_target_keeps_its_place(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)
    assert parse_mount(".") == (str(tree), str(tree), False)
    assert parse_mount("real:ro") == (f"{tree}/real", f"{tree}/real", True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("/tmp:rx", "not absolute"),
        (":/data", "expected HOST, HOST:GUEST"),
        ("/tmp:", "expected HOST, HOST:GUEST"),
        ("/tmp:/data:rx", "expected HOST, HOST:GUEST"),
        ("/tmp:data", "not absolute"),
        ("/tmp:/", "belongs to the guest"),
        ("/tmp:/data/..", "belongs to the guest"),
        ("/tmp:/proc/self", "belongs to the guest"),
        ("/no/such/source:/data", "no such file"),
        ("/dev/null:/data", "neither a directory nor a file"),
        ("/tmp\0x:/data", "null byte"),
    ],
)
def test_refuses_mounts(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_mount(text)


def test_etc_knows_root_the_user_and_services(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    people, groups = tmp_path / "passwd", tmp_path / "group"
    people.write_text(
        "root:secret:0:0:The Boss:/boss:/bin/zsh\n"
        "sshd:secret:106:65534:Jane Doe:/run/sshd:/usr/sbin/nologin\n"
        "jane:x:1000:1000:Jane Doe:/home/jane:/bin/bash\n"
        "+::::::\nbroken:x:7\n:x:0107:::nothing:\n"
    )
    groups.write_text("root:x:0:jane\nssl-cert:x:103:jane\njane:x:1000:\n")
    monkeypatch.setattr(etc, "_PASSWD", str(people))
    monkeypatch.setattr(etc, "_GROUP", str(groups))
    made = etc.files(uid=12345, gid=678, home="/home/me", zone=None)
    assert made[str(people)].decode().splitlines() == [
        "root:x:0:0:root:/root:/bin/sh",
        "user:x:12345:678:user:/home/me:/bin/sh",
        "sshd:x:106:65534:sshd:/run/sshd:/usr/sbin/nologin",
        "nobody:x:65534:65534:nobody:/:/bin/false",
    ]
    assert made[str(groups)].decode().splitlines() == [
        "root:x:0:", "user:x:678:", "ssl-cert:x:103:", "nogroup:x:65534:",
    ]  # fmt: skip


def test_etc_tells_the_users_own_name_and_shell() -> None:
    entry = pwd.getpwuid(os.getuid())
    made = etc.files(uid=entry.pw_uid, gid=entry.pw_gid, home=entry.pw_dir, zone=None)
    rows = [row.split(":") for row in made["/etc/passwd"].decode().splitlines()]
    assert [entry.pw_name, entry.pw_shell] in [[row[0], row[6]] for row in rows]


@pytest.mark.parametrize("zone", ["../../../etc/shadow", "/etc/shadow", "", ":/etc/passwd"])
def test_a_time_zone_names_no_other_file(zone: str) -> None:
    made = etc.files(uid=0, gid=0, home="/root", zone=zone)
    assert set(made) <= {
        "/etc/passwd", "/etc/group", "/etc/hosts", "/etc/hostname", "/etc/nsswitch.conf",
        "/etc/localtime",
    }  # fmt: skip


def test_settings_of_packages_but_none_of_administrators(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {
        "/etc": ["fonts", "java-17-openjdk", "passwd", "services", "shadow", "ssh", "ssl"],
        "/etc/java-17-openjdk": ["management", "security"],
    }
    monkeypatch.setattr(os, "listdir", lambda folder: listed[folder])
    assert set(shown_configuration()) == {
        "/etc/fonts", "/etc/java-17-openjdk/security", "/etc/services",
        "/etc/ssl/certs", "/etc/ssl/openssl.cnf",
    }  # fmt: skip


def test_settings_that_cannot_be_read_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: str) -> list[str]:
        raise PermissionError(folder)

    monkeypatch.setattr(os, "listdir", refuse)
    assert shown_configuration() == ["/etc/ssl/openssl.cnf", "/etc/ssl/certs"]
