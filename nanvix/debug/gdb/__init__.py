"""The GDB remote serial protocol: a real gdb (lldb, IDE) on a guest, backwards too."""
