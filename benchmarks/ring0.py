"""What an instruction costs in either ring of this host's KVM, and what a trap costs.

    python benchmarks/ring0.py

A guest of a few bytes runs the same counted loop in ring 0 and in ring 3 and reads the time-stamp
counter around it. Prints nanoseconds per instruction, best of several rounds, and names the
machine.
"""

import platform
import sys

from nanvix.kvm import quirks

LOOP_INSTRUCTIONS = 2000
"""The probe's loop: 1,000 times `dec` and `jnz`."""


def main() -> int:
    """Print the table; 1 where there is no KVM."""
    from nanvix.kvm.availability import probe

    state = probe()
    if not state.available:
        print(f"no KVM here: {state.reason}", file=sys.stderr)
        return 1
    ring0, ring3 = quirks.loop_ticks(user=False), quirks.loop_ticks(user=True)
    print(f"machine: {platform.node()} ({platform.processor() or platform.machine()}), "
          f"Linux {platform.release()}")  # fmt: skip
    if ring0 is None or ring3 is None:
        print("the time-stamp counter cannot be read in both rings here")
        return 1
    print(f"ring 0: {ring0 / LOOP_INSTRUCTIONS:10.2f} ticks per instruction")
    print(f"ring 3: {ring3 / LOOP_INSTRUCTIONS:10.2f} ticks per instruction")
    print(f"ratio:  {ring0 / ring3:10.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
