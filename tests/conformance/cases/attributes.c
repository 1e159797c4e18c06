/* Attributes: what they are, modes, owners, access. */
#include "case.h"
#include <sys/statfs.h>
#include <sys/sysmacros.h>

static void show_mode(const char *path)
{
    struct stat info;
    if (stat(path, &info))
        say("%s: %s", path, error_name(errno));
    else
        say("%s: mode %o", path, info.st_mode);
}

CASE(stat_fields, "stat lstat fstat")
{
    struct stat info;
    int fd = file_with("f", "hello");
    T(stat("f", &info));
    say("%o %lu %lld %ld", info.st_mode, (unsigned long)info.st_nlink, (long long)info.st_size, (long)info.st_blksize);
    IS(info.st_uid == geteuid() && info.st_gid == getegid());
    N(info.st_blocks);
    T(symlink("f", "l"));
    T(lstat("l", &info));
    say("%o %lld", info.st_mode, (long long)info.st_size);
    T(stat("l", &info));
    say("%o %lld", info.st_mode, (long long)info.st_size);
    T(syscall(SYS_fstat, fd, &info));
    T(syscall(SYS_fstat, 77, &info));
    T(stat("missing", &info));
    T(stat("", &info));
    T(syscall(SYS_stat, "f", (void *)8));
    T(syscall(SYS_lstat, "f", (void *)8));
    T(syscall(SYS_fstat, fd, (void *)8));
    T(syscall(SYS_stat, (void *)8, &info));
}

CASE(stat_of_other_kinds, "fstat")
{
    struct stat info;
    int ends[2], null = open("/dev/null", O_RDONLY);
    T(pipe(ends));
    T(fstat(ends[0], &info));
    say("%o %lld", info.st_mode & S_IFMT, (long long)info.st_size);
    T(fstat(null, &info));
    say("%o %u:%u", info.st_mode & S_IFMT, major(info.st_rdev), minor(info.st_rdev));
    T(mkfifo("p", 0640));
    T(stat("p", &info));
    say("%o", info.st_mode);
}

CASE(fstatat_flags, "newfstatat")
{
    struct stat info;
    int fd = file_with("f", "hello"), dir = T(open(".", O_RDONLY));
    T(symlink("f", "l"));
    T(syscall(SYS_newfstatat, dir, "l", &info, 0));
    N(info.st_size);
    T(syscall(SYS_newfstatat, dir, "l", &info, AT_SYMLINK_NOFOLLOW));
    N(info.st_size);
    T(syscall(SYS_newfstatat, fd, "", &info, AT_EMPTY_PATH));
    N(info.st_size);
    T(syscall(SYS_newfstatat, fd, "", &info, 0));
    T(syscall(SYS_newfstatat, AT_FDCWD, "", &info, AT_EMPTY_PATH));
    IS(S_ISDIR(info.st_mode));
    T(syscall(SYS_newfstatat, dir, "l", &info, 0x40000));
    T(syscall(SYS_newfstatat, fd, "l", &info, 0));
    T(syscall(SYS_newfstatat, 77, "l", &info, 0));
}

CASE(statx_fields, "statx")
{
    struct statx info;
    int fd = file_with("f", "hello");
    T(syscall(SYS_statx, AT_FDCWD, "f", 0, STATX_BASIC_STATS, &info));
    say("%o %u %llu %x", info.stx_mode, info.stx_nlink, (unsigned long long)info.stx_size,
        info.stx_mask & STATX_BASIC_STATS);
    T(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_SIZE, &info));
    N(info.stx_size);
    T(syscall(SYS_statx, AT_FDCWD, "f", AT_STATX_FORCE_SYNC, STATX_SIZE, &info));
    T(syscall(SYS_statx, AT_FDCWD, "f", AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC, STATX_SIZE, &info));
    T(syscall(SYS_statx, AT_FDCWD, "f", 0, 0x80000000, &info));
    T(syscall(SYS_statx, AT_FDCWD, "f", 0x40000, STATX_SIZE, &info));
    T(syscall(SYS_statx, AT_FDCWD, "missing", 0, STATX_SIZE, &info));
    T(syscall(SYS_statx, AT_FDCWD, "f", 0, STATX_SIZE, (void *)8));
}

CASE(chmod_modes, "chmod fchmod fchmodat umask")
{
    int fd = file_with("f", "");
    show_mode("f");
    T(chmod("f", 0));
    show_mode("f");
    T(fchmod(fd, 07777));
    show_mode("f");
    T(chmod("f", 0200755));
    show_mode("f");
    T(syscall(SYS_fchmodat, AT_FDCWD, "f", 0640));
    show_mode("f");
    T(chmod("missing", 0600));
    T(syscall(SYS_fchmod, 77, 0600));
    T(symlink("f", "l"));
    T(chmod("l", 0604));
    show_mode("f");
    T(umask(077));
    T(umask(022));
    T(mkdir("d", 0777));
    show_mode("d");
    T(chmod("d", 01777));
    show_mode("d");
}

CASE(chmod_without_following, "fchmodat2")
{
    close(file_with("f", ""));
    T(symlink("f", "l"));
    T(syscall(452, AT_FDCWD, "f", 0600, AT_SYMLINK_NOFOLLOW));
    show_mode("f");
    T(syscall(452, AT_FDCWD, "l", 0640, AT_SYMLINK_NOFOLLOW));
    T(syscall(452, AT_FDCWD, "l", 0640, 0));
    show_mode("f");
    T(syscall(452, AT_FDCWD, "f", 0640, 0x40000));
}

CASE(umask_applies, "umask open mkdir mknod")
{
    T(umask(0));
    T(umask(01777));
    T(umask(0027));
    close(MUST(open("f", O_CREAT | O_WRONLY, 0666)));
    show_mode("f");
    T(mkdir("d", 0777));
    show_mode("d");
    T(mkfifo("p", 0666));
    show_mode("p");
    CHILD(umask(0); close(open("g", O_CREAT | O_WRONLY, 0666)));
    show_mode("g");
    T(umask(0));
}

CASE(chown_ids, "chown fchown lchown fchownat")
{
    struct stat info;
    int fd = file_with("f", "");
    T(symlink("f", "l"));
    T(chown("f", -1, -1));
    T(chown("f", geteuid(), getegid()));
    T(fchown(fd, -1, -1));
    T(lchown("l", -1, -1));
    T(fchownat(AT_FDCWD, "f", -1, -1, 0));
    T(fchownat(fd, "", -1, -1, AT_EMPTY_PATH));
    T(fchownat(AT_FDCWD, "f", -1, -1, 0x40000));
    T(chown("missing", -1, -1));
    T(fchown(77, -1, -1));
    if (!geteuid()) {
        T(chmod("f", 06755));
        T(chown("f", 12, 34));
        T(stat("f", &info));
        say("%u %u %o", info.st_uid, info.st_gid, info.st_mode);
        T(lchown("l", 56, -1));
        T(lstat("l", &info));
        say("%u %u", info.st_uid, info.st_gid);
    }
}

CASE(set_ids_are_cleared, "write chown chmod")
{
    int fd = file_with("f", "");
    T(chmod("f", 06777));
    CHILD(
        if (!geteuid() && (setgroups(0, 0) || setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))) _exit(1);
        T(write(fd, "x", 1)));
    show_mode("f");
}

CASE(permission_checks, "open access")
{
    T(mkdir("closed", 0700));
    close(file_with("closed/f", "x"));
    close(file_with("secret", "x"));
    T(chmod("secret", 0600));
    close(file_with("readable", "x"));
    T(chmod("readable", 0644));
    T(chmod(".", 0755));
    if (!geteuid())
        CHILD(
            if (setgroups(0, 0) || setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000)) _exit(1);
            T(open("secret", O_RDONLY));
            T(open("readable", O_RDONLY));
            T(open("readable", O_WRONLY));
            T(open("closed/f", O_RDONLY));
            T(open("closed", O_RDONLY));
            T(access("closed/f", F_OK));
            T(access("readable", R_OK));
            T(access("readable", W_OK));
            T(access("secret", F_OK));
            T(mkdir("new", 0755));
            T(unlink("readable"));
            T(chmod("readable", 0600));
            T(chown("readable", 1000, 1000));
            T(rename("readable", "other"));
            T(utimensat(AT_FDCWD, "readable", 0, 0));
            T(truncate("readable", 0)));
}

CASE(sticky_directories, "unlink rename")
{
    T(mkdir("d", 0777));
    T(chmod("d", 01777));
    close(file_with("d/f", "x"));
    T(chmod("d/f", 0666));
    if (!geteuid())
        CHILD(
            if (setgroups(0, 0) || setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000)) _exit(1);
            T(unlink("d/f"));
            T(rename("d/f", "d/g"));
            T(open("d/own", O_CREAT | O_RDWR, 0600));
            T(unlink("d/own")));
}

CASE(access_modes, "access faccessat faccessat2")
{
    close(file_with("f", ""));
    T(chmod("f", 0644));
    T(access("f", R_OK | W_OK));
    T(access("f", X_OK));
    T(access("f", 8));
    T(access("missing", F_OK));
    T(chmod("f", 0755));
    T(access("f", X_OK));
    T(access(".", X_OK));
    T(syscall(SYS_faccessat, AT_FDCWD, "f", R_OK));
    T(syscall(SYS_faccessat2, AT_FDCWD, "f", R_OK, AT_EACCESS));
    T(symlink("nowhere", "l"));
    T(syscall(SYS_faccessat2, AT_FDCWD, "l", F_OK, AT_SYMLINK_NOFOLLOW));
    T(syscall(SYS_faccessat2, AT_FDCWD, "l", F_OK, 0));
    T(syscall(SYS_faccessat2, AT_FDCWD, "f", F_OK, 0x40000));
    T(syscall(SYS_faccessat2, open("f", O_RDONLY), "", R_OK, AT_EMPTY_PATH));
}

CASE(statfs_calls, "statfs fstatfs")
{
    struct statfs info;
    int fd = file_with("f", "");
    T(statfs(".", &info));
    IS(info.f_bsize == 4096 && info.f_namelen == 255 && info.f_bfree <= info.f_blocks);
    T(fstatfs(fd, &info));
    T(fstatfs(77, &info));
    T(statfs("missing", &info));
    T(statfs("/proc", &info));
    IS(info.f_type == 0x9fa0);
    T(syscall(SYS_statfs, ".", (void *)8));
}

CASE(mknod_kinds, "mknod mknodat")
{
    struct stat info;
    T(mknod("f", S_IFREG | 0644, 0));
    show_mode("f");
    T(mknod("plain", 0600, 0));
    show_mode("plain");
    T(mknod("p", S_IFIFO | 0600, 0));
    show_mode("p");
    T(mknod("s", S_IFSOCK | 0600, 0));
    show_mode("s");
    T(mknod("d", S_IFDIR | 0755, 0));
    T(mknod("l", S_IFLNK | 0755, 0));
    T(mknod("f", S_IFREG | 0644, 0));
    T(mknodat(AT_FDCWD, "q", S_IFIFO | 0640, 0));
    show_mode("q");
    T(mknodat(77, "q", S_IFIFO | 0640, 0));
    T(stat("p", &info));
    N(info.st_size);
}
