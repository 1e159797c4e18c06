"""From what the user typed to what the guest executes: PATH, ``#!`` lines, Python, ELF checks.

The kernel follows ``#!`` and PT_INTERP by itself; the host walks the same chain first, to know
which files the guest must see and to refuse in one clear line what could not run.
"""

from __future__ import annotations

import errno
import os
import stat
import sys

from nanvix.errors import ProgramError, ProgramNotFound
from nanvix.guest.elf import MAGIC, BadElf, read_elf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.guest.languages import Language

DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"
PROGRAM_DIRECTORIES = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")
LIBRARY_DIRECTORIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")
DATA_DIRECTORIES = (
    "/usr/include", "/usr/local/include", "/usr/libexec", "/usr/share", "/usr/local/share",
)  # fmt: skip
"""What commands find by names built into them: headers, helper programs, modules, templates."""
SYSTEM_PREFIXES = ("/", "/usr", "/usr/local")

_MAX_SCRIPTS = 4
"""How many ``#!`` lines may lead from one to the next, as in Linux."""
_LINE = 256
_ENGINES = frozenset((
    "python", "pypy", "node", "nodejs", "perl", "lua", "luajit", "ruby", "php", "tclsh", "guile",
    "Rscript", "ocaml", "escript", "swipl", "sh", "bash", "dash", "zsh", "ksh", "fish",
))  # fmt: skip
"""Programs whose first argument that is no option names a script; a version may follow the name."""
_VERSION = "0123456789."


class Program:
    """What to execute, and which host paths it needs at the same place in the guest."""

    __slots__ = (
        "absolute", "argv", "commands", "directories", "files", "given", "path", "script", "typed",
    )  # fmt: skip

    def __init__(self, path: str, argv: list[str]) -> None:
        self.path = path
        """Absolute path of the file to execute."""
        self.argv = argv
        self.absolute: dict[int, str] = {}
        """Arguments that name a file here, by index, for a guest in another directory."""
        self.typed: str | None = None
        """The relative spelling of ``path`` or of the script, where the user chose one."""
        self.script: str | None = None
        """Absolute path of the script or source file, if the program is one."""
        self.given: str | None = None
        """Absolute path of a script that the program, an engine, is given by name."""
        self.files: list[str] = []
        self.directories: list[str] = []
        self.commands = False
        """It may want other programs: show the system's program directories."""

    def command(self, same_directory: bool) -> tuple[str, list[str]]:
        """Path and argv for the guest. Relative spellings survive if they mean the same there;
        programs find their own files by them, as Python does its virtual environment."""
        argv = [self.absolute.get(at, word) for at, word in enumerate(self.argv)]
        if self.typed is None:
            return self.path, self.argv if same_directory else argv
        if not same_directory:
            return self.path, argv if self.script else [self.path, *argv[1:]]
        if self.script is None or self.path == self.script:
            return self.typed, self.argv
        at = self.argv.index(self.script, 1)
        return self.path, [*self.argv[:at], self.typed, *self.argv[at + 1 :]]


def resolve(name: str, arguments: list[str], search: str) -> Program:
    """Find ``name`` as a shell with PATH ``search`` would, and check the whole chain behind it.

    Raises ProgramNotFound or another ProgramError, whose message names the file at fault.
    """
    program = _resolve(name, arguments, search)
    if os.path.basename(program.path).rstrip(_VERSION) in _ENGINES:
        _add_named_script(program)
    return program


def _add_named_script(program: Program) -> None:
    """``python x.py`` needs what ``x.py`` alone would: the script and what lies beside it."""
    for at, word in enumerate(program.argv[1:], 1):
        if word.startswith("-"):
            continue
        if os.path.isfile(word):
            program.given = program.absolute[at] = os.path.abspath(word)
            program.files.append(program.given)
            program.commands = True
        return


def _resolve(name: str, arguments: list[str], search: str) -> Program:
    if name.endswith(".py"):
        return _python_script(name, arguments)
    if os.path.splitext(name)[1] and ("/" in name or os.path.isfile(name)):
        from nanvix.guest.languages import language_of

        language = language_of(name)
        if language is not None:
            return _source(name, arguments, search, language)
    if "/" not in name and _is_python(name):
        found = _search(name, search)
        if _head(found).startswith(b"#!"):
            # A launcher script (pyenv, asdf) only finds the interpreter we know already.
            return _python([sys.executable, *arguments])
        return _chain(found, name, arguments, search)
    if "/" not in name:
        return _chain(_search(name, search), name, arguments, search)
    program = _chain(os.path.abspath(name), name, arguments, search)
    if not os.path.isabs(name):
        program.typed = name
    return program


def _source(name: str, arguments: list[str], search: str, language: Language) -> Program:
    """A source file: run as the program it already is, by its engine, or compiled first."""
    path = os.path.abspath(name)
    head = _head(path)
    if head.startswith(MAGIC) or (head.startswith(b"#!") and os.access(path, os.X_OK)):
        program = _chain(path, name, arguments, search)
    elif language.compilers:
        from nanvix.guest.compiled import build

        # Named as if it lay beside its source; it can neither find nor want that file.
        title = os.path.splitext(name)[0]
        program = _chain(build(path, language), title, arguments, search)
        program.script, program.commands = path, True
        return program
    else:
        engine, options = _engine(path, head, search, language)
        if _is_python(os.path.basename(engine)):
            program = _python([sys.executable, *options, path, *arguments], script=path)
        else:
            program = _chain(engine, engine, [*options, path, *arguments], search)
            program.files.append(path)
            program.script, program.commands = path, True
    if not os.path.isabs(name):
        program.typed = name
    return program


def _engine(path: str, head: bytes, search: str, language: Language) -> tuple[str, list[str]]:
    """What runs the script, and the options before its name. A ``#!`` line decides."""
    if not head.startswith(b"#!"):
        for name in language.engines:
            if found := _find(name, search):
                return found, []
        raise ProgramNotFound(f"{path}: no {language.name} found: install {language.advice}")
    interpreter, argument = _hash_bang(path, head)
    if os.path.basename(interpreter) != "env":
        return interpreter, [argument] if argument else []
    words = argument.removeprefix("-S").split()
    if not words:
        raise ProgramError(f"{path}: its first line names no interpreter")
    return (words[0] if _is_python(words[0]) else _search(words[0], search)), words[1:]


def _is_python(name: str) -> bool:
    """Whether it is ``python``, ``python3`` or ``python3.11``, say."""
    major, dot, minor = name.removeprefix("python").partition(".")
    if not name.startswith("python") or major not in ("", "3"):
        return False
    return not dot or (major == "3" and minor.isdecimal() and minor.isascii())


def _chain(path: str, name: str, arguments: list[str], search: str) -> Program:
    """A program that starts with ``path``: an ELF, or scripts that end in one."""
    program = Program(path, [name, *arguments])
    current = path
    for _ in range(_MAX_SCRIPTS + 1):
        head = _head(current, executable=True)
        program.files.append(current)
        if not head.startswith(b"#!"):
            _add_elf(program, current, head)
            return program
        interpreter, argument = _hash_bang(current, head)
        if program.script is None:
            program.script = path
            program.commands = True
        if os.path.basename(interpreter) == "env":
            target = argument.removeprefix("-S").split()[:1]
            if target and _is_python(target[0]):
                return _python([sys.executable, path, *arguments], script=path)
            if target and (found := _find(target[0], search)):
                _add_elf_if_one(program, found)
        if not os.path.exists(interpreter):
            raise ProgramNotFound(f"{current}: its interpreter {interpreter} does not exist")
        current = interpreter
    raise ProgramError(f"{path}: its interpreters are scripts that lead to each other")


def _python_script(name: str, arguments: list[str]) -> Program:
    path = os.path.abspath(name)
    _head(path)
    program = _python([sys.executable, path, *arguments], script=path)
    if not os.path.isabs(name):
        program.typed = name
    return program


def _python(argv: list[str], script: str | None = None) -> Program:
    """The interpreter that runs nanvix: its real ELF, started under its own name in the venv."""
    if not sys.executable:
        raise ProgramError("this Python does not know its own executable; run nanvix from one")
    path = os.path.realpath(sys.executable)
    program = Program(path, argv)
    program.script = script
    program.files += [sys.executable, path] + ([script] if script else [])
    _add_elf(program, sys.executable, _head(path, executable=True))
    return program


def _add_elf(program: Program, path: str, head: bytes) -> None:
    """Check an ELF file and its interpreter, and add what it needs to run."""
    elf_interpreter = _check_elf(program, path, head)
    if elf_interpreter is not None:
        if not os.path.exists(elf_interpreter):
            raise ProgramNotFound(f"{path}: its interpreter {elf_interpreter} does not exist")
        if _check_elf(program, elf_interpreter, _head(elf_interpreter)) is not None:
            raise ProgramError(f"{elf_interpreter}: an interpreter that needs an interpreter")
        program.files.append(elf_interpreter)
        program.directories += [os.path.dirname(elf_interpreter), *LIBRARY_DIRECTORIES]
    if os.path.dirname(path) in PROGRAM_DIRECTORIES:
        program.commands = True
    if _is_python(os.path.basename(os.path.realpath(path))):
        program.directories += _python_directories(path)
        program.commands = True


def _add_elf_if_one(program: Program, path: str) -> None:
    head = _head(path)
    if head.startswith(MAGIC):
        program.files.append(path)
        _add_elf(program, path, head)


def _check_elf(program: Program, path: str, head: bytes) -> str | None:
    """The interpreter ``path`` asks for; adds its own library directories to ``program``."""
    if not head:
        raise ProgramError(f"{path}: an empty file")
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        elf = read_elf(fd)
    except BadElf as error:
        hint = "" if head.startswith(MAGIC) else " and no script (its first line is not '#!...')"
        raise ProgramError(f"{path}: {error}{hint}") from None
    finally:
        os.close(fd)
    origin = os.path.dirname(os.path.realpath(path))
    for entry in elf.library_path:
        directory = entry.replace("${ORIGIN}", origin).replace("$ORIGIN", origin)
        if os.path.isabs(directory):
            program.directories.append(os.path.normpath(directory))
    return elf.interpreter


def _python_directories(path: str) -> list[str]:
    """The prefix of a Python executable, and the virtual environment it is started from."""
    found = []
    prefix = os.path.dirname(os.path.dirname(os.path.realpath(path)))
    if prefix not in SYSTEM_PREFIXES:
        found.append(prefix)
    environment = os.path.dirname(os.path.dirname(os.path.abspath(path)))
    if os.path.exists(os.path.join(environment, "pyvenv.cfg")):
        found.append(environment)
    return found


def _hash_bang(path: str, head: bytes) -> tuple[str, str]:
    """Interpreter and its one optional argument, cut as Linux does (fs/binfmt_script.c)."""
    line, newline, _ = head[2:].partition(b"\n")
    words = os.fsdecode(line).strip(" \t\r").split(None, 1)
    if not words or (not newline and len(head) == _LINE and len(words) == 1):
        raise ProgramError(f"{path}: its first line names no interpreter")
    return os.path.abspath(words[0]), words[1] if len(words) == 2 else ""


def _head(path: str, executable: bool = False) -> bytes:
    """The first bytes of a readable regular file; otherwise the error a shell would report."""
    try:
        if executable and not os.access(path, os.X_OK) and stat.S_ISREG(os.stat(path).st_mode):
            raise ProgramError(f"{path}: permission denied: it is not executable (chmod +x it)")
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        kind = ProgramNotFound if error.errno in (errno.ENOENT, errno.ENOTDIR) else ProgramError
        raise kind(f"{path}: {(error.strerror or str(error)).lower()}") from None
    try:
        mode = os.fstat(fd).st_mode
        if stat.S_ISDIR(mode):
            raise ProgramError(f"{path}: is a directory")
        if not stat.S_ISREG(mode):
            raise ProgramError(f"{path}: not a regular file")
        return os.pread(fd, _LINE, 0)
    finally:
        os.close(fd)


def _find(name: str, search: str) -> str | None:
    """The first executable file called ``name`` on the path, or None."""
    for directory in search.split(":"):
        path = os.path.abspath(os.path.join(directory, name))
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    return None


def _search(name: str, search: str) -> str:
    if not name:
        raise ProgramNotFound("the program's name is empty")
    path = _find(name, search)
    if path is None:
        hint = f" (for the file here, say ./{name})" if os.path.isfile(name) else ""
        raise ProgramNotFound(f"{name}: command not found{hint}")
    return path
