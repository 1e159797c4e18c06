"""Source lines, variables, types and call stacks, with as much debug information as there is."""

import sys
from pathlib import Path

import pytest
from debug.conftest import Start
from support.guest import execute, host_environment
from support.host import ROOT
from support.toolchain import Toolchain

from nanvix.debug.errors import DebugError

WALK = "debug/walk.c"
KINDS = {
    "musl": ("musl", ("-g",)),
    "dwarf 5, PIE": ("dynamic", ("-gdwarf-5",)),
    "dwarf 4, static": ("glibc", ("-gdwarf-4",)),
    "compressed": ("dynamic", ("-g", "-gz=zlib")),
}
NEEDS = pytest.mark.requires("gcc")


def line_of(text: str) -> int:
    path = Path(__file__).parents[1] / "programs" / WALK
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if text in line)


@NEEDS
@pytest.mark.parametrize("kind", KINDS)
def test_variables_lines_and_stack(debug: Start, compiled: Toolchain, kind: str) -> None:
    recipe, flags = KINDS[kind]
    debugger = debug([compiled(WALK, recipe, flags)])
    debugger.breakpoint("fill", condition="index == 2")
    stop = debugger.run()
    assert stop.reason == "breakpoint" and debugger.symbol(stop.rip) == "fill"
    file, line = debugger.line() or ("", 0)
    assert file.endswith(WALK)
    assert line_of("void fill") <= line <= line_of("node->value =")
    shown = {v.name: v.value.show() for v in debugger.variables() if v.value is not None}
    assert shown["index"] == "2"
    table = debugger.evaluate("&table[2]").integer()
    assert debugger.evaluate("node").integer() == table
    assert debugger.evaluate("table[1]").show() == (
        '{value = 10, name = "node1", next = ' + f"{table:#x}}}"
    )
    assert debugger.evaluate("table[0].next->name[4] - '0'").integer() == 1
    assert debugger.evaluate("sizeof(struct node)").integer() == 24
    assert debugger.evaluate("((struct node *)node)->next == &table[0] || index > 1").integer()
    names = [call.symbol or "" for call in debugger.backtrace()]
    assert names[0] == "fill" and names[1].startswith("main")
    out = debugger.out()
    assert out.reason == "return"
    assert (debugger.symbol(out.rip) or "").startswith("main")


@NEEDS
def test_by_source_line_there_and_back(debug: Start, compiled: Toolchain) -> None:
    debugger = debug([compiled(WALK, "dynamic", ("-g", "-O0"))])
    wanted = line_of("int sum = 0")
    debugger.breakpoint(f"walk.c:{wanted}")
    debugger.run()
    assert (debugger.line() or ("", 0))[1] == wanted
    visited = [wanted]
    for _ in range(4):
        assert debugger.step_line().reason == "line"
        visited.append((debugger.line() or ("", 0))[1])
    assert visited[1:] == [
        line_of("for (int i = 0; i < 5"),
        line_of("sum = add(sum"),
        line_of("int add("),
        line_of("counter++"),
    ]
    for expected in visited[-2::-1]:
        debugger.step_line_back()
        assert (debugger.line() or ("", 0))[1] == expected
    debugger.step_line(over=True)
    debugger.step_line(over=True)
    debugger.step_line(over=True)
    assert (debugger.line() or ("", 0))[1] == line_of("for (int i = 0; i < 5")
    assert debugger.evaluate("counter").integer() == 1


@NEEDS
def test_the_stack_leads_out_of_the_kernel(debug: Start, compiled: Toolchain) -> None:
    debugger = debug([compiled(WALK, "dynamic", ("-g",))])
    debugger.catch("syscall", "pipe", "pipe2")
    debugger.run()
    for _ in range(60):
        debugger.step(kernel=True)
    assert debugger.in_kernel
    calls = debugger.backtrace()
    rings = [call.ring for call in calls]
    assert rings == sorted(rings), "first the kernel's frames, then the program's"
    assert {"kernel", "user"} == set(rings)
    assert any((call.symbol or "").startswith("trap_syscall") for call in calls)
    assert any((call.symbol or "").startswith("main+") for call in calls)


@NEEDS
def test_a_stripped_program_has_addresses(debug: Start, compiled: Toolchain) -> None:
    plain = compiled(WALK, "glibc", ("-g",))
    stripped = compiled(WALK, "glibc", ("-s",))
    names = debug([plain])
    names.breakpoint("add")
    names.run()
    debugger = debug([stripped])
    debugger.breakpoint(names.last.rip)
    stop = debugger.run()
    assert (stop.reason, stop.rip) == ("breakpoint", names.last.rip)
    assert debugger.symbol(stop.rip) is None and debugger.line() is None
    assert debugger.variables() == []
    assert len(debugger.backtrace()) >= 2, "the call frame information is still there"
    with pytest.raises(DebugError, match="not known"):
        debugger.address("add")
    assert debugger.step_line().reason == "step", "without lines, an instruction"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 +", "the end"),
        ("nonsense", "unknown"),
        ("*(u32 *)0", "cannot be read"),
        ("1 / 0", "zero"),
        ("rax.field", "no member"),
        ("(" * 200, "deeply"),
        ("rax = 1", "makes no sense"),
        ("1 << 99", "shift"),
        ("@", "makes no sense"),
    ],
)
def test_expressions_fail_clearly(
    debug: Start, compiled: Toolchain, text: str, message: str
) -> None:
    debugger = debug([compiled(WALK)])
    with pytest.raises(DebugError, match=message):
        debugger.evaluate(text).integer()


@NEEDS
def test_the_example_finds_the_instruction(tmp_path: Path) -> None:
    example = ROOT / "examples" / "find_corruption.py"
    assert len(example.read_text().splitlines()) <= 30
    ran = execute([sys.executable, example, tmp_path / "corrupt"], env=host_environment())
    assert ran.code == 0, ran
    assert b"corrupt.c:13, called by main" in ran.out, ran


TWICE = {
    "one.c": "static __attribute__((noinline)) int helper(int x) { return x + 1; }\n"
    "int other(int);\nint main(int n, char **v) { return helper(n) + other(n); }\n",
    "two.c": "static __attribute__((noinline)) int helper(int y) { return y * 3; }\n"
    "int other(int z) { return helper(z); }\n",
}


@NEEDS
def test_static_functions_of_one_name(debug: Start, tmp_path: Path) -> None:
    """All of them are meant, as gdb takes it."""
    for name, text in TWICE.items():
        (tmp_path / name).write_text(text)
    command = ["gcc", "-g", "-O1", "-static", "-o", "twice", *TWICE]
    assert execute(command, env=host_environment(), cwd=tmp_path).code == 0
    debugger = debug([tmp_path / "twice"])
    point = debugger.breakpoint("helper")
    assert len(debugger.places(point)) == 2
    debugger.run()
    first = debugger.line()
    debugger.run()
    lines = [Path(found[0]).name for found in (first, debugger.line()) if found is not None]
    assert lines == ["one.c", "two.c"]


@pytest.mark.requires("g++")
def test_references_and_members_of_the_library(debug: Start, tmp_path: Path) -> None:
    (tmp_path / "refs.cc").write_text(
        "#include <string>\n#include <vector>\n"
        "struct Base { int id = 3; };\n"
        'struct Named : Base { int id = 4; std::string name = "dd"; };\n'
        "__attribute__((noinline)) int take(const std::string &text, Named &named, int &number) {\n"
        "    number += text.size() + named.id;\n    return number;\n}\n"
        'int main() { Named named; int number = 5; return take("hello", named, number); }\n'
    )
    command = ["g++", "-g", "-O0", "-static", "-o", "refs", "refs.cc"]
    assert execute(command, env=host_environment(), cwd=tmp_path).code == 0
    debugger = debug([tmp_path / "refs"])
    debugger.run_to("refs.cc:7")
    shown = {v.name: v.value.show() for v in debugger.variables() if v.value is not None}
    assert shown == {"text": '"hello"', "named": '{{id = 3}, id = 4, name = "dd"}', "number": "14"}
    assert debugger.evaluate("number * 2 + named.id").integer() == 32
    assert debugger.evaluate("&number").integer() > 1 << 32
