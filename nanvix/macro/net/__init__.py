"""Sockets of the host for a guest: what a policy allows it to reach, and ports that lead to it."""

from nanvix.macro.net.published import Published, parse_port
from nanvix.macro.net.service import NetworkService

__all__ = ["NetworkService", "Published", "parse_port"]
