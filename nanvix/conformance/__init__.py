"""Conformance: small C cases that say the same on native Linux and in a guest on each backend."""
