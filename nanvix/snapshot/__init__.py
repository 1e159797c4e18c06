"""The state of a machine: kept in memory to go back to, saved to a file, loaded from one."""
