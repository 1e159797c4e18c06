"""The guest's network when it may talk to the host's: its addresses, limits and kinds.

They are those of QEMU's user networking: the guest, the host as the guest sees it (the host's own
loopback), and a name server. IPv6 has the same in a prefix of its own. See docs/network.md.
"""

NET_GUEST_V4 = 0x0A00_020F
"""10.0.2.15"""
NET_HOST_V4 = 0x0A00_0202
"""10.0.2.2 leads to 127.0.0.1 of the host."""
NET_RESOLVER_V4 = 0x0A00_0203
"""10.0.2.3, port 53: answers for names that the policy allows."""
NET_PREFIX_V6 = 0xFD6E_6176_6978_0000
"""fd6e:6176:6978::/64, upper half of an address."""
NET_GUEST_V6 = 0xF
NET_HOST_V6 = 0x2
"""Lower halves; fd6e:6176:6978::2 leads to ::1 of the host."""

NET_SOCKETS = 1024
"""Most sockets of the host that one guest holds at a time."""
NET_DATAGRAM_MAX = 65_535
NET_MTU = 1500
