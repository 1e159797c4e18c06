/* Memory: moving, growing, forking, giving back. */
#include "faults.h"
#include <sys/auxv.h>

CASE(fork_copies, "fork mmap")
{
    char *own = anonymous(2 * PAGE, PROT_READ | PROT_WRITE);
    char *shared = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    strcpy(own, "parent");
    strcpy(shared, "parent");
    CHILD(say("%s %s", own, shared); strcpy(own, "child"); strcpy(shared, "child"); own[PAGE] = 1);
    say("%s %s %d", own, shared, own[PAGE]);
    strcpy(own, "again");
    CHILD(say("%s", own); CHILD(strcpy(own, "grandchild"); strcpy(shared, "grandchild")); say("%s", own));
    say("%s %s", own, shared);
}

CASE(mremap_sizes, "mremap")
{
    char *at = anonymous(8 * PAGE, PROT_READ | PROT_WRITE);
    strcpy(at, "content");
    at[7 * PAGE] = 'e';
    IS(mremap(at, 8 * PAGE, 4 * PAGE, 0) == at);
    catch_faults();
    READ(at + 4 * PAGE);
    IS(mremap(at, 4 * PAGE, 6 * PAGE, 0) == at);
    N(at[5 * PAGE]);
    char *blocked = anonymous(3 * PAGE, PROT_READ | PROT_WRITE);
    T(mremap(blocked, PAGE, 2 * PAGE, 0));
    char *moved = mremap(blocked, PAGE, 20 * PAGE, MREMAP_MAYMOVE);
    IS(moved != MAP_FAILED && moved != blocked);
    T(mremap(at + 1, PAGE, PAGE, 0));
    T(mremap(at, PAGE, 0, 0));
    T(mremap(at, PAGE, PAGE, 77));
    T(mremap((void *)16, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
}

CASE(mremap_moves, "mremap")
{
    char *at = anonymous(2 * PAGE, PROT_READ | PROT_WRITE), *target = anonymous(4 * PAGE, PROT_READ);
    strcpy(at, "first");
    strcpy(at + PAGE, "second");
    IS(mremap(at, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
    say("%s %s %d", target, target + PAGE, target[2 * PAGE]);
    catch_faults();
    READ(at);
    T(mremap(target, 2 * PAGE, PAGE, MREMAP_FIXED, at));
    T(mremap(target, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target + PAGE));
    T(mremap(target, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at + 1));
}

CASE(mremap_shared_twice, "mremap")
{
    char *at = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    char *own = anonymous(PAGE, PROT_READ | PROT_WRITE);
    strcpy(at, "shared");
    char *twin = mremap(at, 0, PAGE, MREMAP_MAYMOVE);
    IS(twin != MAP_FAILED && twin != at);
    if (twin != MAP_FAILED) {
        say("%s", twin);
        strcpy(twin, "changed");
        say("%s", at);
    }
    T(mremap(own, 0, PAGE, MREMAP_MAYMOVE));
}

CASE(madvise_dontneed, "madvise")
{
    char *at = anonymous(4 * PAGE, PROT_READ | PROT_WRITE);
    memset(at, 7, 4 * PAGE);
    T(madvise(at + PAGE, 2 * PAGE, MADV_DONTNEED));
    say("%d %d %d %d", at[0], at[PAGE], at[2 * PAGE], at[3 * PAGE]);
    at[PAGE] = 8;
    N(at[PAGE]);
    T(madvise(at + 1, PAGE, MADV_DONTNEED));
    T(madvise(at, 0, MADV_DONTNEED));
    T(madvise(at, PAGE, 9999));
    T(madvise(at, PAGE, MADV_WILLNEED));
    T(madvise(at, PAGE, MADV_SEQUENTIAL));
    T(madvise(at, PAGE, MADV_NORMAL));
    T(madvise(at, PAGE, MADV_FREE));
    T(madvise(at, PAGE, MADV_HUGEPAGE));
    T(munmap(at + PAGE, PAGE));
    T(madvise(at, 3 * PAGE, MADV_DONTNEED));
    N(at[0]);
    N(at[2 * PAGE]);
    T(madvise((void *)0xffff800000000000, PAGE, MADV_DONTNEED));
}

CASE(madvise_fork, "madvise fork")
{
    char *at = anonymous(2 * PAGE, PROT_READ | PROT_WRITE);
    memset(at, 7, 2 * PAGE);
    T(madvise(at, PAGE, MADV_WIPEONFORK));
    CHILD(say("%d %d", at[0], at[PAGE]));
    T(madvise(at, PAGE, MADV_KEEPONFORK));
    CHILD(say("%d %d", at[0], at[PAGE]));
    T(madvise(at + PAGE, PAGE, MADV_DONTFORK));
    CHILD(N(at[0]); N(at[PAGE]));
}

CASE(vectors_of_other_processes, "process_vm_readv process_vm_writev")
{
    char mine[16] = "hello", other[16] = "";
    struct iovec local = {other, 5}, remote = {mine, 5};
    T(syscall(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1, 0));
    say("%s", other);
    local.iov_base = "HELLO";
    T(syscall(SYS_process_vm_writev, getpid(), &local, 1, &remote, 1, 0));
    say("%s", mine);
    local.iov_base = other;
    T(syscall(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1, 1));
    T(syscall(SYS_process_vm_readv, 0x7ffffff, &local, 1, &remote, 1, 0));
    remote.iov_base = (void *)8;
    T(syscall(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1, 0));
}

CASE(advice_about_the_vdso, "madvise")
{
    char *vdso = (char *)getauxval(AT_SYSINFO_EHDR);
    T(madvise(vdso, PAGE, MADV_DONTNEED));
    IS(!memcmp(vdso, "\177ELF", 4));
    T(madvise(vdso, PAGE, MADV_FREE));
    T(madvise(vdso - PAGE, PAGE, MADV_DONTNEED));
    struct timespec now;
    T(clock_gettime(CLOCK_REALTIME, &now));
    IS(now.tv_sec > 1000000000);
}

CASE(synchronising_past_the_end, "msync")
{
    char *at = anonymous(3 * PAGE, PROT_READ | PROT_WRITE);
    T(msync(at, -2 * PAGE, MS_SYNC));
    T(msync(at, -PAGE, MS_ASYNC));
    T(msync((void *)0x7ffffffff000, PAGE, MS_SYNC));
    T(munmap(at + PAGE, PAGE));
    T(msync(at, 3 * PAGE, MS_SYNC));
    T(msync(at + PAGE, 2 * PAGE, MS_SYNC));
}
