"""Telling files apart quickly: a checksum costs less than importing what makes better ones."""

import zlib


def fingerprint(data: bytes) -> str:
    """Size and CRC-32: the same for two files by chance once in four billion times at most."""
    return f"{len(data)}-{zlib.crc32(data):08x}"


def file_fingerprint(path: str) -> str:
    """That of a file. Raises OSError."""
    size = checksum = 0
    with open(path, "rb", buffering=0) as file:
        while data := file.read(1 << 20):
            size += len(data)
            checksum = zlib.crc32(data, checksum)
    return f"{size}-{checksum:08x}"
