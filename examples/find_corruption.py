"""Which instruction corrupts the buffer? Run to the symptom, then ask who wrote it last."""

import subprocess
import sys
from pathlib import Path

from nanvix.debug.debugger import Debugger

source = Path(__file__).with_name("corrupt.c")
program = Path(sys.argv[1] if len(sys.argv) > 1 else "/tmp/corrupt")
subprocess.run(["gcc", "-g", "-O1", "-o", program, source], check=True)

with Debugger([str(program)]) as debugger:
    debugger.breakpoint("complain")  # the program has noticed: its name is wrong
    debugger.run()
    access = debugger.last_write("record.name", 1)
    debugger.go(access.moment - 1)  # the culprit is the next instruction

    instruction = debugger.instruction()
    file, line = debugger.line()
    print(f"{instruction.address:#x}  {instruction.text}")
    print(f"{Path(file).name}:{line}, called by", debugger.backtrace()[1].symbol)
    print("with", {v.name: v.value.show() for v in debugger.variables() if v.value})
