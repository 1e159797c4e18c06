/* Pointers that lead astray: names of files, attributes, directories, mounts. */
#include "pointers.h"
#include <grp.h>
#include <sys/xattr.h>

enum { FD = 100, FOLDER = 101, WATCH = 102 };

/* "f" is there with ten bytes, "new" is not. */
static void renew(void)
{
    unlink("new");
    rmdir("new");
    if (access("f", F_OK))
        close(file_with("f", "0123456789"));
}

static void begin(void)
{
    MUST(dup2(file_with("f", "0123456789"), FD));
    MUST(fsetxattr(FD, "user.one", "value", 5, 0));
    MUST(dup2(MUST(open(".", O_RDONLY)), FOLDER));
}

static void rewind_folder(void) { lseek(FOLDER, 0, SEEK_SET); }

/* A user without privileges, so that calls which would change the host say EPERM at most. */
static void give_up_privileges(void)
{
    (void)!setgroups(0, 0);
    (void)!setgid(65534);
    (void)!setuid(65534);
}

#define FILES(call, ...) do { begin(); AFTER(renew, call, __VA_ARGS__); } while (0)
#define COUNTED(call, ...) do { begin(); COUNT(renew, call, __VA_ARGS__); } while (0)
#define DENIED(call, ...) do { begin(); prepare(); give_up_privileges(); BAD(call, __VA_ARGS__); } while (0)

CASE(open, "open") { FILES(open, NAME, 0, 0); }
CASE(openat, "openat") { FILES(openat, CWD, NAME, 0, 0); }
CASE(openat2, "openat2") { FILES(openat2, CWD, NAME, BUF, 24); }
CASE(openat2_later_version, "openat2") { FILES(openat2, CWD, NAME, BUF, 64); }
CASE(creat, "creat") { FILES(creat, FRESH, 0600); }
CASE(stat, "stat") { FILES(stat, NAME, BUF); }
CASE(lstat, "lstat") { FILES(lstat, NAME, BUF); }
CASE(fstat, "fstat") { FILES(fstat, FD, BUF); }
CASE(newfstatat, "newfstatat") { FILES(newfstatat, CWD, NAME, BUF, 0); }
CASE(newfstatat_by_descriptor, "newfstatat") { FILES(newfstatat, FD, BUF, BUF, AT_EMPTY_PATH); }
CASE(statx, "statx") { FILES(statx, CWD, NAME, 0, 0x7ff, BUF); }
CASE(statx_by_descriptor, "statx") { FILES(statx, FD, BUF, AT_EMPTY_PATH, 0x7ff, BUF); }
CASE(access, "access") { FILES(access, NAME, 0); }
CASE(faccessat, "faccessat") { FILES(faccessat, CWD, NAME, 0); }
CASE(faccessat2, "faccessat2") { FILES(faccessat2, CWD, NAME, 0, 0); }
CASE(chdir, "chdir") { FILES(chdir, NAME); }
CASE(chroot, "chroot") { FILES(chroot, NAME); }
CASE(getcwd, "getcwd") { MUST(chdir("/tmp")); begin(); COUNT(0, getcwd, BUF, 512); }
CASE(getcwd_too_short, "getcwd") { MUST(chdir("/tmp")); begin(); COUNT(0, getcwd, BUF, 3); }
CASE(mkdir, "mkdir") { FILES(mkdir, FRESH, 0755); }
CASE(mkdirat, "mkdirat") { FILES(mkdirat, CWD, FRESH, 0755); }
CASE(rmdir, "rmdir") { FILES(rmdir, NAME); }
CASE(unlink, "unlink") { FILES(unlink, NAME); }
CASE(unlinkat, "unlinkat") { FILES(unlinkat, CWD, NAME, 0); }
CASE(rename, "rename") { FILES(rename, NAME, FRESH); }
CASE(renameat, "renameat") { FILES(renameat, CWD, NAME, CWD, FRESH); }
CASE(renameat2, "renameat2") { FILES(renameat2, CWD, NAME, CWD, FRESH, 0); }
CASE(link, "link") { FILES(link, NAME, FRESH); }
CASE(linkat, "linkat") { FILES(linkat, CWD, NAME, CWD, FRESH, 0); }
CASE(symlink, "symlink") { FILES(symlink, NAME, FRESH); }
CASE(symlinkat, "symlinkat") { FILES(symlinkat, NAME, CWD, FRESH); }
CASE(readlink, "readlink") { MUST(symlink("target", "new")); COUNT(0, readlink, FRESH, BUF, 64); }
CASE(readlinkat, "readlinkat") { MUST(symlink("target", "new")); COUNT(0, readlinkat, CWD, FRESH, BUF, 64); }
CASE(readlink_of_a_file, "readlink") { FILES(readlink, NAME, BUF, 64); }
CASE(readlink_without_room, "readlink") { MUST(symlink("target", "new")); COUNT(0, readlink, FRESH, BUF, 0); }
CASE(chmod, "chmod") { FILES(chmod, NAME, 0644); }
CASE(fchmodat, "fchmodat") { FILES(fchmodat, CWD, NAME, 0644); }
CASE(fchmodat2, "fchmodat2") { FILES(fchmodat2, CWD, NAME, 0644, 0); }
CASE(chown, "chown") { FILES(chown, NAME, -1, -1); }
CASE(lchown, "lchown") { FILES(lchown, NAME, -1, -1); }
CASE(fchownat, "fchownat") { FILES(fchownat, CWD, NAME, -1, -1, 0); }
CASE(utime, "utime") { FILES(utime, NAME, BUF); }
CASE(utimes, "utimes") { FILES(utimes, NAME, BUF); }
CASE(futimesat, "futimesat") { FILES(futimesat, CWD, NAME, BUF); }
CASE(futimesat_by_descriptor, "futimesat") { FILES(futimesat, FD, NAME, BUF); }
CASE(utimensat, "utimensat") { FILES(utimensat, CWD, NAME, BUF, 0); }
CASE(utimensat_by_descriptor, "utimensat") { FILES(utimensat, FD, 0, BUF, 0); }
CASE(truncate, "truncate") { FILES(truncate, NAME, 5); }
CASE(statfs, "statfs") { FILES(statfs, NAME, BUF); }
CASE(fstatfs, "fstatfs") { FILES(fstatfs, FD, BUF); }
CASE(mknod, "mknod") { FILES(mknod, FRESH, 0600, 0); }
CASE(mknodat, "mknodat") { FILES(mknodat, CWD, FRESH, 0600, 0); }
CASE(getdents, "getdents") { begin(); COUNT(rewind_folder, getdents, FOLDER, BUF, 512); }
CASE(getdents64, "getdents64") { begin(); COUNT(rewind_folder, getdents64, FOLDER, BUF, 512); }
CASE(getdents64_of_a_file, "getdents64") { FILES(getdents64, FD, BUF, 512); }
CASE(getxattr, "getxattr") { COUNTED(getxattr, NAME, ATTRIBUTE, BUF, 64); }
CASE(lgetxattr, "lgetxattr") { COUNTED(lgetxattr, NAME, ATTRIBUTE, BUF, 64); }
CASE(fgetxattr, "fgetxattr") { COUNTED(fgetxattr, FD, ATTRIBUTE, BUF, 64); }
CASE(getxattr_size, "getxattr") { COUNTED(getxattr, NAME, ATTRIBUTE, BUF, 0); }
CASE(listxattr, "listxattr") { COUNTED(listxattr, NAME, BUF, 64); }
CASE(llistxattr, "llistxattr") { COUNTED(llistxattr, NAME, BUF, 64); }
CASE(flistxattr, "flistxattr") { COUNTED(flistxattr, FD, BUF, 64); }
CASE(setxattr, "setxattr") { FILES(setxattr, NAME, ATTRIBUTE, BUF, 16, 0); }
CASE(setxattr_of_no_kind, "setxattr") { FILES(setxattr, NAME, NAME, BUF, 16, 0); }
CASE(setxattr_bad_flags, "setxattr") { FILES(setxattr, NAME, NAME, BUF, 16, 8); }
CASE(setxattr_empty, "setxattr") { FILES(setxattr, NAME, ATTRIBUTE, BUF, 0, 0); }
CASE(lsetxattr, "lsetxattr") { FILES(lsetxattr, NAME, ATTRIBUTE, BUF, 16, 0); }
CASE(fsetxattr, "fsetxattr") { FILES(fsetxattr, FD, ATTRIBUTE, BUF, 16, 0); }
CASE(removexattr, "removexattr") { FILES(removexattr, NAME, ATTRIBUTE); }
CASE(lremovexattr, "lremovexattr") { FILES(lremovexattr, NAME, ATTRIBUTE); }
CASE(fremovexattr, "fremovexattr") { FILES(fremovexattr, FD, ATTRIBUTE); }
CASE(memfd_create, "memfd_create") { BAD(memfd_create, NAME, 0); }

CASE(inotify_add_watch, "inotify_add_watch")
{
    MUST(dup2(MUST(syscall(SYS_inotify_init1, 0)), WATCH));
    FILES(inotify_add_watch, WATCH, NAME, 2);
}

CASE(name_to_handle_at, "name_to_handle_at") { FILES(name_to_handle_at, CWD, NAME, BUF, BUF, 0); }
CASE(open_by_handle_at, "open_by_handle_at") { DENIED(open_by_handle_at, CWD, BUF, 0); }
CASE(mount, "mount") { DENIED(mount, NAME, NAME, NAME, 0, BUF); }
CASE(umount2, "umount2") { DENIED(umount2, NAME, 0); }
CASE(pivot_root, "pivot_root") { DENIED(pivot_root, NAME, NAME); }
CASE(swapon, "swapon") { DENIED(swapon, NAME, 0); }
CASE(swapoff, "swapoff") { DENIED(swapoff, NAME); }
CASE(acct, "acct") { DENIED(acct, NAME); }
CASE(fsopen, "fsopen") { DENIED(fsopen, NAME, 0); }
CASE(fspick, "fspick") { DENIED(fspick, CWD, NAME, 0); }
CASE(open_tree, "open_tree") { DENIED(open_tree, CWD, NAME, 1); }
CASE(move_mount, "move_mount") { DENIED(move_mount, CWD, NAME, CWD, NAME, 0); }
CASE(mount_setattr, "mount_setattr") { DENIED(mount_setattr, CWD, NAME, 0, BUF, 32); }

#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

CASE(cachestat, "cachestat")
{
    prepare();
    MUST(dup2(MUST(open("f", O_CREAT | O_RDWR, 0600)), 100));
    BAD(cachestat, 100, BUF, BUF, 0);
    BAD(cachestat, 100, BUF, BUF, 1);
    BAD(cachestat, -1, BUF, BUF, 0);
}
