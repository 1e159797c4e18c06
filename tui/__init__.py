"""The terminal application of nanvix, installed as ``nanvix.tui``."""
