"""Host files for the guest: directories and files of the host as numbered nodes."""

from nanvix.macro.fs.exports import Export
from nanvix.macro.fs.service import FileService

__all__ = ["Export", "FileService"]
