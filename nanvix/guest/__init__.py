"""What the guest is given: the program, and the little of the host's files it needs."""
