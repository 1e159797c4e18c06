"""Compiles source files on the host and keeps the programs.

A program is found again by two digests. The first covers what is known before compiling: the
source, where it lies, compiler, version, flags and environment. It names a list of the files the
compiler read; the second covers their identity as well and names the folder with the program. So
nothing is ever changed in place, and a header that changes leads to another folder. Both are made
under another name and renamed: who looks meanwhile sees all or nothing.
"""

import hashlib
import os
import shlex
import time
from typing import TYPE_CHECKING

from nanvix.caches import cache_directory
from nanvix.errors import NanvixError, ProgramError, ProgramNotFound, UsageError
from nanvix.guest.languages import Compiler, Language

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_BYTES = 256 << 20
"""What all kept programs may occupy; those not used for longest go first."""
_IN_USE_S = 600
"""A program used so recently may be about to start: it stays, whatever it occupies."""
_MAX_LIST = 4 << 20


def build(source: str, language: Language) -> str:
    """The path of the program made from ``source`` (absolute), compiled if it has not been yet.

    What the compiler says goes to stderr as it is. Raises ProgramNotFound where there is no
    compiler, ProgramError where it fails, NanvixError where the program cannot be kept, UsageError
    for a variable with a quotation that does not end.
    """
    compiler = _pick(source, language)
    first = _first_digest(source, compiler)
    folder = os.path.join(cache_directory(), "programs")
    listing = os.path.join(folder, f"{first}.files")
    title = os.path.splitext(os.path.basename(source))[0]
    files = _read_lines(listing)
    if files is not None:
        kept = os.path.join(folder, _second_digest(first, files))
        program = os.path.join(kept, title)
        if os.path.exists(program):
            for path in (kept, listing):
                _touch(path)
            return program
    try:
        return _build(source, compiler, folder, first, title)
    except OSError as error:
        raise NanvixError(
            f"cannot keep the compiled program: {error.filename or folder}: {error.strerror} "
            "(XDG_CACHE_HOME chooses another directory)"
        ) from None


def _build(source: str, compiler: Compiler, folder: str, first: str, title: str) -> str:
    from shutil import rmtree

    os.makedirs(folder, mode=0o700, exist_ok=True)
    fresh = os.path.join(folder, f".new-{os.getpid()}-{os.urandom(4).hex()}")
    os.mkdir(fresh)
    try:
        started = time.time_ns()
        files = _compile(source, compiler, os.path.join(fresh, title), f"{fresh}/.files")
        second = _second_digest(first, files)
        if any(_changed_since(path, started) for path in (source, *files)):
            # Nobody knows which content was compiled: run it, but never find it again.
            second = os.urandom(16).hex()
        kept = os.path.join(folder, second)
        with open(f"{fresh}/.files", "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write("\n".join(files))
        os.replace(f"{fresh}/.files", os.path.join(folder, f"{first}.files"))
        try:
            os.rename(fresh, kept)
        except OSError:
            if not os.path.exists(os.path.join(kept, title)):
                raise
    finally:
        rmtree(fresh, ignore_errors=True)
    _prune(folder)
    return os.path.join(kept, title)


def _compile(source: str, compiler: Compiler, output: str, dependencies: str) -> list[str]:
    """Compile; the files that were read besides the source."""
    import subprocess

    directory, name = os.path.split(source)
    names = {
        # A name such as -x.c is no option.
        "{source}": name if name[0].isalnum() or name[0] in "_." else f"./{name}",
        "{output}": output,
        "{dependencies}": dependencies,
    }
    environment = _environment(compiler)
    code = subprocess.run(
        [*compiler.program, *_words(compiler.command, names)],
        cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=2, check=False,
    ).returncode  # fmt: skip
    if code or not os.path.exists(output):
        title = os.path.basename(compiler.program[0])
        raise ProgramError(f"{source}: {title} could not compile it (exit code {code})")
    if compiler.list_files:
        found = subprocess.run(
            [*compiler.program, *_words(compiler.list_files, names)],
            cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, check=False,
        ).stdout  # fmt: skip
        files = os.fsdecode(found).splitlines()
    else:
        files = _prerequisites("\n".join(_read_lines(dependencies) or []))
    return sorted({os.path.normpath(os.path.join(directory, file)) for file in files} - {source})


def _pick(source: str, language: Language) -> Compiler:
    """The compiler the user chose, or the first there is; its program is an absolute path."""
    chosen = _variable(language.chosen_by) if language.chosen_by else []
    if chosen:
        candidates: Iterable[Compiler] = [language.compilers[0]._replace(program=tuple(chosen))]
    else:
        candidates = language.compilers
    for compiler in candidates:
        path = _which(compiler.program[0])
        if path is not None and (compiler.program[1:2] != ("-m",) or _has_module(compiler)):
            return compiler._replace(program=(path, *compiler.program[1:]))
    if chosen:
        raise ProgramNotFound(
            f"{source}: {language.chosen_by} names {chosen[0]}, which is not there"
        )
    raise ProgramNotFound(f"{source}: no {language.name} found: install {language.advice}")


def _which(name: str) -> str | None:
    for directory in [""] if "/" in name else os.get_exec_path():
        path = os.path.abspath(os.path.join(directory, name))
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    return None


def _has_module(compiler: Compiler) -> bool:
    from importlib.util import find_spec

    return find_spec(compiler.program[2]) is not None


def _first_digest(source: str, compiler: Compiler) -> str:
    import subprocess

    try:
        version = subprocess.run(
            [compiler.program[0], *compiler.version],
            cwd=os.path.dirname(source), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False,
        ).stdout  # fmt: skip
        with open(source, "rb") as file:
            content = file.read()
    except OSError as error:
        raise ProgramError(f"{error.filename}: {(error.strerror or str(error)).lower()}") from None
    words = [word[1:] for word in compiler.command if word.startswith("$")]
    variables = [(name, os.environ.get(name)) for name in (*words, *compiler.reads)]
    facts = repr([source, tuple(compiler), version, variables])
    digest = hashlib.sha256(os.fsencode(facts))
    digest.update(content)
    return digest.hexdigest()[:32]


def _second_digest(first: str, files: list[str]) -> str:
    """The first one, and which version each file is."""
    facts: list[object] = [first]
    for path in files:
        try:
            status = os.stat(path)
        except OSError:
            facts.append((path, None))
        else:
            facts.append((path, status.st_ino, status.st_size, status.st_mtime_ns))
    return hashlib.sha256(os.fsencode(repr(facts))).hexdigest()[:32]


def _changed_since(path: str, moment: int) -> bool:
    try:
        return os.stat(path).st_mtime_ns >= moment
    except OSError:
        return True


def _words(command: tuple[str, ...], names: dict[str, str]) -> list[str]:
    found: list[str] = []
    for word in command:
        if word.startswith("$"):
            found += _variable(word[1:])
            continue
        for name, value in names.items():
            word = word.replace(name, value)  # noqa: PLW2901
        found.append(word)
    return found


def _variable(name: str) -> list[str]:
    """The words of an environment variable, as a shell reads them."""
    try:
        return shlex.split(os.environ.get(name, ""))
    except ValueError as error:
        raise UsageError(f"the variable {name}: {str(error).lower()}") from None


def _environment(compiler: Compiler) -> dict[str, str]:
    return dict(os.environ) | dict(text.split("=", 1) for text in compiler.sets)


def _prerequisites(text: str) -> list[str]:
    """The names in a dependency file as compilers write it for make: ``output: file file ...``."""
    _, _, names = text.replace("\\\n", " ").partition("\n")[0].partition(": ")
    return [name.replace("\0", " ") for name in names.replace("\\ ", "\0").split()]


def _read_lines(path: str) -> list[str] | None:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read(_MAX_LIST).splitlines()
    except OSError:
        return None


def _touch(path: str) -> None:
    try:
        os.utime(path)
    except OSError:
        pass


def _prune(folder: str) -> None:
    """Remove what has not been used for longest until the rest is small enough."""
    from shutil import rmtree

    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                paths = [entry.path]
                if entry.is_dir():
                    paths = [f"{entry.path}/{name}" for name in os.listdir(entry.path)]
                sizes = [os.lstat(path).st_size for path in paths]
                found.append((entry.stat().st_mtime, sum(sizes), entry.path))
            except OSError:
                pass  # somebody else is removing it
    total = sum(size for _, size, _ in found)
    limit = time.time() - _IN_USE_S
    for used, size, path in sorted(found):
        if total <= MAX_BYTES or used > limit:
            break
        if os.path.isdir(path):
            rmtree(path, ignore_errors=True)
        else:
            _remove(path)
        total -= size


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
