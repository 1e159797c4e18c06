"""The hypercall channel: the one door between the guest kernel and the host.

A request is one 4 KiB page of guest memory: a fixed header and up to 248 segments. The guest
rings the doorbell with ``outl`` to ``PORT`` (eax = guest-physical page number of the request);
the host copies the page once, validates the copy, works, and writes ``result`` and ``out``
back into the header. All requests complete before the guest runs again; what has to wait
(console input, sockets) is done by WATCH and an event.
"""

from __future__ import annotations

from nanvix.abi.layout import PAGE_SIZE
from nanvix.abi.record import Record

PORT = 0xE0

SEGMENT = Record("nv_segment", "A run of guest-physical bytes.", ("gpa", "u64"), ("size", "u64"))

TIME_OUT = 6
"""Which ``out`` brings the time along under BOOT_HOST_TIME."""

REQUEST = Record(
    "nv_request",
    "Header of a request page; segments follow at its end.",
    ("op", "u16"),
    ("flags", "u16"),
    ("nin", "u16"),
    ("nout", "u16"),
    ("cookie", "u64"),
    ("arg", "u64[6]"),
    ("result", "i64"),
    ("out", "u64[7]"),
)
"""Segments [0, nin) are read by the host, [nin, nin+nout) are written by it.
``result`` is >= 0 or a negative Linux errno."""

LOOK_TIMER = 1
LOOK_EVENT = 2

MAX_SEGMENTS = (PAGE_SIZE - REQUEST.size) // SEGMENT.size
MAX_PATH = 4096
MAX_NAME = 255

# name -> (number, what it does). "in:" and "out:" name the segments.
# fmt: off
OPS: dict[str, tuple[int, str]] = {
    # system
    "HELLO": (0x01, "arg0 = ABI version; the host refuses any other than its own."),
    "EXIT": (0x02, "arg0 = wait status of the first process (exit code << 8 | signal)."),
    "PANIC": (0x03, "in: message. arg0 = address of the saved trap frame or 0."),
    "LOG": (0x04, "in: one line of text for --verbose. arg0 = level."),
    "IDLE": (0x05, "Nothing is runnable. arg0 = deadline in ns or 0: wait for an event or it."),
    "TIMER": (0x06, "arg0 = absolute deadline in ns (0 = none): inject VECTOR_TIMER then."),
    "TRACE": (0x07, "The trace ring is full: drain it."),
    "ENTROPY": (0x08, "out: runs to fill with random bytes."),
    "CRASH": (0x09, "A process dies by a fault: arg0 = trap frame address, arg1 = signal, "
              "arg2 = pid, arg3 = fault address, arg4 = physical address of its page tables "
              "(0: the loaded ones). in: program name. For the report only."),
    "MEMORY": (0x0A, "arg0 = first, arg1 = bytes: whole pages never used yet will be used soon. "
               "Advice; it always succeeds."),
    "TIME": (0x0B, "Only under BOOT_HOST_TIME: out6 = ns since boot, as with every other call, or "
             "under BOOT_TAPE with this one alone, for the tape is full."),
    "STEP": (0x0C, "Only under BOOT_HOST_STEP: a program is about to run. arg0 = thread."),
    "LOOK": (0x0E, "When look_at of the control page says so. arg0, out0 = system calls done. "
             "result = what has come in place of an interrupt: LOOK_TIMER, LOOK_EVENT."),
    "DEBUG": (0x0D, "Only for a debugger on the host. arg0 = kind (TRACE_*, DEBUG_*), arg1..arg3 = "
              "what it says, arg4 = what came of the last answer: a physical address, or whether a "
              "page is watched. result = DEBUG_TAKEN, or DEBUG_OWN, DEBUG_WATCH or DEBUG_UNWATCH "
              "with out0 = process, out1 = address."),
    # console: stream 0, 1, 2
    "CON_INFO": (0x10, "arg0 = stream. out0 = st_mode, out1 = is a terminal, out2 = rows, "
                 "out3 = columns, out4 = open(2) access mode, out5 = CON_SUSPEND works."),
    "CON_READ": (0x11, "arg0 = stream. out: buffers. EAGAIN when nothing is there; 0 at the end."),
    "CON_WRITE": (0x12, "arg0 = stream. in: buffers. EAGAIN when full, EPIPE when closed."),
    "CON_WATCH": (0x13, "arg0 = stream, arg1 = poll bits, cookie: one READY event, later."),
    "CON_GETATTR": (0x14, "arg0 = stream. out: struct termios of the kernel ABI (36 bytes)."),
    "CON_SETATTR": (0x15, "arg0 = stream, arg1 = 0 now, 1 drain, 2 flush. in: struct termios."),
    "CON_SEEK": (0x16, "arg0 = stream, arg1 = offset, arg2 = whence. result = new offset."),
    "CON_POLL": (0x17, "arg0 = stream, arg1 = poll bits. result = those true now, with POLLERR "
                 "and POLLHUP."),
    "CON_SUSPEND": (0x18, "The first process has stopped, as by Ctrl-Z, and nobody in the guest "
                    "can continue it. Returns when the host's user does; a SIGCONT event follows. "
                    "ENOSYS where nobody could."),
    "CON_UNREAD": (0x19, "arg0 = stream. result = bytes that can be read, as FIONREAD tells."),
    # files: nodes are host inodes the guest has walked to; node of an export's root = its id
    "FS_WALK": (0x20, "arg0 = node, arg1 = 1: content of executable files only. in: relative path "
                "of 1..16 components without '.' or '..'. out: attr records, one per component "
                "reached (seg 0), then pages for the content of a final regular file, or the "
                "target of the symbolic link at which the walk ends: links are not followed. "
                "result = components reached; out0 = errno of the component that failed or 0; "
                "out1 = bytes of content, or of a target that fits the first page."),
    "FS_GETATTR": (0x21, "arg0 = node. out: attr, and those of the nodes with the next numbers as "
                   "far as there is room and nodes. result = how many."),
    "FS_SETATTR": (0x22, "arg0 = node, arg1 = SET_* mask, arg2 = mode | uid << 32, arg3 = size "
                   "(or gid with SET_OWNER), arg4 = atime ns, arg5 = mtime ns. out: attr."),
    "FS_READ": (0x23, "arg0 = node, arg1 = offset. out: buffers. result = bytes."),
    "FS_WRITE": (0x24, "arg0 = node, arg1 = offset, arg2 = 1 to append. in: buffers. "
                 "result = bytes, out0 = new size, out1 = mtime ns, out2 = offset written."),
    "FS_READDIR": (0x25, "arg0 = node, arg1 = cookie (0 first). out: dirent records. "
                   "result = bytes, out0 = 1 at the end. '.' and '..' are not listed."),
    "FS_CREATE": (0x26, "arg0 = directory, arg1 = mode, arg2 = 1 for O_EXCL, 2 for a file "
                  "without a name (O_TMPFILE; then no input). in: name. out: attr. "
                  "result = 1 when it was made, 0 when it was there."),
    "FS_MKDIR": (0x27, "arg0 = directory, arg1 = mode. in: name. out: attr."),
    "FS_SYMLINK": (0x28, "arg0 = directory. in: name, target. out: attr."),
    "FS_LINK": (0x29, "arg0 = node, arg1 = directory. in: name. out: attr."),
    "FS_UNLINK": (0x2A, "arg0 = directory. in: name."),
    "FS_RMDIR": (0x2B, "arg0 = directory. in: name."),
    "FS_RENAME": (0x2C, "arg0 = directory, arg1 = new directory, arg2 = renameat2 flags. "
                  "in: old name, new name."),
    "FS_READLINK": (0x2D, "arg0 = node. out: buffer. result = length."),
    "FS_STATFS": (0x2E, "arg0 = node. out: nv_statfs."),
    "FS_FSYNC": (0x2F, "arg0 = node, arg1 = 1 for data only."),
    "FS_FORGET": (0x30, "arg0 = node: the guest has dropped it."),
    "FS_ALLOCATE": (0x31, "arg0 = node, arg1 = fallocate(2) mode, arg2 = offset, arg3 = size. "
                    "out: attr."),
    "FS_SEEK": (0x32, "arg0 = node, arg1 = offset, arg2 = SEEK_DATA or SEEK_HOLE. "
                "result = offset."),
    "FS_GETXATTR": (0x33, "arg0 = node. in: name. out: buffers, or none to ask for the size. "
                    "result = size. Names begin with 'user.' in all of these."),
    "FS_SETXATTR": (0x34, "arg0 = node, arg1 = setxattr(2) flags. in: name, value in parts."),
    "FS_LISTXATTR": (0x35, "arg0 = node. out: as FS_GETXATTR. result = size."),
    "FS_REMOVEXATTR": (0x36, "arg0 = node. in: name."),
    "FS_MKNOD": (0x37, "arg0 = directory, arg1 = S_IFIFO or S_IFSOCK | permissions. in: name. "
                 "out: attr. Only the name is the host's: what goes through it never leaves the "
                 "guest."),
    # sockets of the host. An address is two u64 that hold its 16 bytes in their order, IPv4 mapped
    # into IPv6. "watch" names poll bits: those that are not true after the call are watched for
    # (one READY event with the cookie), those that are true are out0.
    "NET_CONNECT": (0x40, "TCP. arg0, arg1 = address, arg2 = port, arg3 = watch. result = socket, "
                    "whose connection is under way; EACCES where the policy does not allow it."),
    "NET_LISTEN": (0x41, "TCP. arg0 = port of the guest, arg1 = backlog. result = socket; ENOENT "
                   "when no port of the host leads there."),
    "NET_ACCEPT": (0x42, "arg0 = listening socket, arg3 = watch, if there is none. result = "
                   "socket; out1, out2 = address, out3 = port of the peer."),
    "NET_DATAGRAM": (0x43, "UDP. arg0 = port of the guest, arg1 = 1 for IPv6, too, arg2 = 1: only "
                     "if a port of the host leads there (else ENOENT), arg3 = watch. result = "
                     "socket."),
    "NET_PEER": (0x44, "arg0 = UDP socket, arg1, arg2 = address, arg3 = port: its only peer."),
    "NET_SEND": (0x45, "arg0 = socket, arg1, arg2 = address, arg3 = port (0: connected), arg4 = "
                 "watch, if not all can be sent. in: data. result = bytes."),
    "NET_RECEIVE": (0x46, "arg0 = socket, arg1 = 1 to peek, arg4 = watch, if there is less than "
                    "room. out: buffers. result = bytes; out1, out2 = address, out3 = port of the "
                    "sender of a datagram."),
    "NET_SHUTDOWN": (0x47, "arg0 = socket, arg1 = 1 reading, 2 writing, 3 both."),
    "NET_WATCH": (0x48, "arg0 = socket, arg1 = watch. out0 as above."),
    "NET_STATUS": (0x49, "arg0 = socket, arg1 = 1 to forget the error. result = 0, EINPROGRESS "
                   "while it connects, or the error. out1 = bytes that can be read, out2 = bytes "
                   "that are not acknowledged."),
    "NET_OPTION": (0x4A, "arg0 = socket, arg1 = level, arg2 = option, arg3 = value (i32)."),
    "NET_CLOSE": (0x4B, "arg0 = socket, arg1 = 1 to reset the connection."),
}
# fmt: on

SET_MODE = 1 << 0
SET_OWNER = 1 << 1
SET_SIZE = 1 << 2
SET_ATIME = 1 << 3
SET_MTIME = 1 << 4

ATTR = Record(
    "nv_attr",
    "What stat(2) needs, of one node.",
    ("node", "u64"),
    ("ino", "u64"),
    ("size", "u64"),
    ("blocks", "u64"),
    ("atime", "i64"),
    ("mtime", "i64"),
    ("ctime", "i64"),
    ("rdev", "u64"),
    ("mode", "u32"),
    ("nlink", "u32"),
    ("uid", "u32"),
    ("gid", "u32"),
    ("blksize", "u32"),
    ("access", "u32"),
    ("dev", "u64"),
)
"""``access``: what this VMM process may do with it (4 read, 2 write, 1 execute/search),
mount rights included. Times in ns since the epoch. ``ino``, ``dev``: not the host's, but as good
(nanvix/macro/fs/numbers.py)."""

DIRENT = Record(
    "nv_dirent",
    "One directory entry; the name follows, padded with zeros to 8 bytes.",
    ("ino", "u64"),
    ("cookie", "u64"),
    ("type", "u16"),
    ("length", "u16"),
    ("size", "u32"),
)
"""``cookie``: pass it to continue behind this entry. ``type``: DT_*. ``length``: of the name.
``size``: of the whole entry."""

STATFS = Record(
    "nv_statfs",
    "What statfs(2) needs.",
    ("blocks", "u64"),
    ("bfree", "u64"),
    ("bavail", "u64"),
    ("files", "u64"),
    ("ffree", "u64"),
    ("bsize", "u32"),
    ("namelen", "u32"),
)

# The boot manifest: the first process and its name space, as a run of records.
MANIFEST = Record(
    "nv_manifest",
    "One manifest record; its two strings follow, each NUL-terminated, padded to 8 bytes.",
    ("type", "u16"),
    ("flags", "u16"),
    ("mode", "u32"),
    ("value", "u64"),
    ("first", "u32"),
    ("second", "u32"),
)
"""``first`` and ``second``: lengths of the strings without their NULs. The strings follow
back to back (first, NUL, second, NUL), then zeros to a multiple of 8."""
MANIFEST_END = 0
MANIFEST_DIR = 1
"""first = path, mode = permissions."""
MANIFEST_SYMLINK = 2
"""first = path, second = target."""
MANIFEST_FILE = 3
"""first = path, second = content, mode = permissions."""
MANIFEST_MOUNT = 4
"""first = path, value = export id, mode = MOUNT_*; a mount on a file is allowed."""
MANIFEST_EXEC = 5
"""first = path of the program."""
MANIFEST_ARG = 6
MANIFEST_ENV = 7
MANIFEST_CWD = 8
MANIFEST_HOSTNAME = 9

MOUNT_READ_ONLY = 1 << 0
MOUNT_STABLE = 1 << 1
"""The host promises not to change it while the VM runs: cache without revalidation."""
MOUNT_FILE = 1 << 2
"""The export is a single file."""
