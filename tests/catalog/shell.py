"""Shells, and the tools that shell scripts are made of."""

from catalog.program import Program

PROGRAMS: tuple[Program, ...] = (
    Program("sh", "a pipeline and an exit code", ("sh", "-c", "printf 'b\na\n' | sort; exit 3")),
)
