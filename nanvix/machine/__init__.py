"""The machine: guest memory, the backend protocol and the run loop over both backends."""
