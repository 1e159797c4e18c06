"""General registers and flags, and the vector and x87 registers on demand."""

from nanvix.tui.lines import Line
from nanvix.tui.panes.base import ViewPane
from nanvix.tui.view import Flag, Register, View

_WIDTH = 23
"""Of one general register: name, space, sixteen digits, two spaces."""


class RegistersPane(ViewPane):
    """General registers in as many columns as fit; RFLAGS bit by bit above them."""

    def __init__(self) -> None:
        super().__init__("registers", "Registers")

    def lines_of(self, view: View) -> list[Line]:
        """Column by column, so that names stay where the eye looks for them."""
        registers = view.registers
        columns = max(1, self.scrollable_content_region.width // _WIDTH)
        if columns == 1:
            lines = [_noted(register) for register in registers]
        else:
            height = -(-len(registers) // columns)
            lines = [
                [span for register in registers[row::height] for span in _cell(register)]
                for row in range(height)
            ]
        return [_flags(view.flags), *lines] if view.flags else lines

    def register(self, index: int) -> Register | None:
        """The first register on a line; None on that of the flags."""
        index -= bool(self.view.flags)
        return self.view.registers[index] if 0 <= index < len(self.view.registers) else None


class VectorsPane(ViewPane):
    """XMM registers, MXCSR and the x87 stack."""

    def __init__(self) -> None:
        super().__init__("vectors", "FPU/SSE")

    def lines_of(self, view: View) -> list[Line]:
        """One a line."""
        return [
            [
                (f"{register.name:<6}", "symbol"),
                (f"{register.value:032x}  ", "changed" if register.changed else "number"),
                (register.note, "muted"),
            ]
            for register in view.vectors
        ]


def _flags(flags: tuple[Flag, ...]) -> Line:
    line: Line = [("     ", "text")]
    for flag in flags:
        style = "changed" if flag.changed else "number" if flag.on else "muted"
        line.append((f"{flag.name if flag.on else flag.name.lower()} ", style))
    return line


def _cell(register: Register) -> Line:
    style = "changed" if register.changed else "number"
    return [(f"{register.name:>4} ", "symbol"), (f"{register.value:016x}  ", style)]


def _noted(register: Register) -> Line:
    return [*_cell(register), (register.note, "muted")]
