/* File types and permissions, struct stat, struct statx, struct statfs (asm/stat.h, linux/stat.h). */
#pragma once
#include "types.h"

#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define S_IFLNK 0120000
#define S_IFREG 0100000
#define S_IFBLK 0060000
#define S_IFDIR 0040000
#define S_IFCHR 0020000
#define S_IFIFO 0010000
#define S_ISUID 0004000
#define S_ISGID 0002000
#define S_IXGRP 0000010
#define S_ISVTX 0001000
#define S_ISLNK(m) (((m) & S_IFMT) == S_IFLNK)
#define S_ISREG(m) (((m) & S_IFMT) == S_IFREG)
#define S_ISDIR(m) (((m) & S_IFMT) == S_IFDIR)
#define S_ISCHR(m) (((m) & S_IFMT) == S_IFCHR)
#define S_ISFIFO(m) (((m) & S_IFMT) == S_IFIFO)
#define S_ISSOCK(m) (((m) & S_IFMT) == S_IFSOCK)

/* Directory entry types are the type bits of the mode. */
#define DT_OF(mode) (((mode) & S_IFMT) >> 12)
#define DT_UNKNOWN 0

#define MAKEDEV(major, minor) (((u64)(major) << 8) | ((minor) & 0xff) | (((u64)(minor) & ~0xffUL) << 12))
#define MAJOR(dev) (((dev) >> 8) & 0xfff)
#define MINOR(dev) (((dev) & 0xff) | (((dev) >> 12) & 0xfff00))

struct stat {
    u64 dev, ino, nlink;
    u32 mode, uid, gid, pad;
    u64 rdev;
    i64 size, blksize, blocks;
    u64 atime, atime_ns, mtime, mtime_ns, ctime, ctime_ns;
    i64 unused[3];
};
_Static_assert(sizeof(struct stat) == 144, "struct stat");

struct statx_time {
    i64 seconds;
    u32 ns;
    i32 pad;
};

struct statx {
    u32 mask, blksize;
    u64 attributes;
    u32 nlink, uid, gid;
    u16 mode, pad;
    u64 ino, size, blocks, attributes_mask;
    struct statx_time atime, btime, ctime, mtime;
    u32 rdev_major, rdev_minor, dev_major, dev_minor;
    u64 mount_id;
    u32 dio_mem_align, dio_offset_align;
    u64 spare[12];
};
_Static_assert(sizeof(struct statx) == 256, "struct statx");
#define STATX_MTIME 0x40
#define STATX_CTIME 0x80
#define STATX_BASIC_STATS 0x7ff
#define STATX_BTIME 0x800
#define STATX_MNT_ID 0x1000
#define STATX_ATTR_MOUNT_ROOT 0x2000UL
#define STATX_RESERVED 0x80000000u

struct statfs {
    i64 type, bsize;
    u64 blocks, bfree, bavail, files, ffree;
    u32 fsid[2];
    i64 namelen, frsize, flags;
    i64 spare[4];
};
_Static_assert(sizeof(struct statfs) == 120, "struct statfs");
#define ST_RDONLY 1
#define ST_VALID 0x20
#define TMPFS_MAGIC 0x01021994
#define PROC_MAGIC 0x9fa0
#define SYSFS_MAGIC 0x62656572
#define DEVPTS_MAGIC 0x1cd1
#define PIPEFS_MAGIC 0x50495045
#define MQUEUE_MAGIC 0x19800202
#define ANON_MAGIC 0x09041934
#define HOST_MAGIC 0x01021997 /* as 9p: files of another machine */

#define UTIME_NOW 0x3fffffff
#define UTIME_OMIT 0x3ffffffe
