"""At a terminal, a program that failed beside a file which the guest does not see."""

from pathlib import Path

import pytest
from support.guest import Guest, host_environment
from support.terminal import Terminal

from nanvix.cli.advice import unseen
from nanvix.guest.launch import prepare
from nanvix.guest.mounts import parse_mount


def test_a_person_learns_what_was_missing(
    guest: Guest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words").write_text("a\nb\n")
    monkeypatch.chdir(tmp_path)
    with Terminal(guest.command(["wc", "-l", "words"]), host_environment()) as terminal:
        terminal.expect(b"nanvix: the guest does not see words; -v .:ro shows it")
        assert terminal.ends() == 1
    ran = guest(["wc", "-l", "words"], options=["-v", ".:ro"])
    assert (ran.code, ran.out) == (0, b"2 words\n")


def test_a_pipe_holds_the_program_s_own_words_only(guest: Guest, tmp_path: Path) -> None:
    file = tmp_path / "words"
    file.write_text("a\n")
    assert b"nanvix" not in guest(["cat", file]).err


@pytest.mark.parametrize(
    ("options", "word", "found"),
    [
        ([], "words", "words"),
        ([], "-words", None),
        ([], "none", None),
        ([], "/etc/passwd", None),
        ([], "../words", None),
        ([], "/usr/bin/env", None),
        (["."], "words", None),
        (["words"], "words", None),
        (["folder"], "words", "words"),
    ],
)
def test_what_counts_as_unseen(
    options: list[str],
    word: str,
    found: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "words").touch()
    (tmp_path / "-words").touch()
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    argv = ["cat", word]
    assert unseen(argv, prepare(argv, {}, mounts=map(parse_mount, options))) == found
