/* Memory that was only read: zeros that cost nothing and are nobody's until they are written. */
#include "case.h"
#include <linux/futex.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

enum { MIB = 1 << 20, SEEN = 64 * MIB };

static char *fresh(size_t size)
{
    return MUST(mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

/* How many bytes of a range are not zero. */
static long set_in(const volatile char *at, long size)
{
    long found = 0;
    for (long i = 0; i < size; i++)
        found += at[i] != 0;
    return found;
}

static void look_at(const volatile char *at, long size)
{
    for (long i = 0; i < size; i += PAGE)
        (void)at[i];
}

static long resident_pages(void)
{
    char text[128] = "";
    long size = 0, resident = 0;
    int fd = MUST(open("/proc/self/statm", O_RDONLY));
    MUST(read(fd, text, sizeof text - 1));
    close(fd);
    sscanf(text, "%ld %ld", &size, &resident);
    return resident;
}

/* The kilobytes after a name in the smaps of the mapping that begins at an address. */
static long measured(const char *at, const char *name)
{
    char line[256];
    unsigned long from, end;
    long kb = -1;
    int here = 0;
    FILE *file = fopen("/proc/self/smaps", "r");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%lx-%lx", &from, &end) == 2)
            here = from == (unsigned long)at;
        if (here && !strncmp(line, name, strlen(name)))
            kb = atol(line + strlen(name));
    }
    if (file)
        fclose(file);
    return kb;
}

CASE(reading_costs_nothing, "mmap")
{
    char *at = PAGE + fresh(SEEN + 2 * PAGE); /* a mapping of its own, between two that are others */
    MUST(mprotect(at - PAGE, PAGE, PROT_NONE));
    MUST(mprotect(at + SEEN, PAGE, PROT_NONE));
    long before = resident_pages();
    look_at(at, SEEN);
    IS(resident_pages() - before < MIB / PAGE);
    N(measured(at, "Rss:"));
    N(measured(at, "Anonymous:"));
    memset(at + SEEN / 2, 1, SEEN / 2);
    long written = resident_pages() - before;
    IS(written >= SEEN / 2 / PAGE && written < (SEEN / 2 + MIB) / PAGE);
    N(set_in(at, SEEN / 2));
    T(munmap(at, SEEN));
    IS(resident_pages() - before < MIB / PAGE);
}

CASE(each_page_becomes_its_own, "mmap")
{
    char *at = fresh(64 * PAGE);
    look_at(at, 64 * PAGE);
    for (int i = 0; i < 64; i += 3)
        at[i * PAGE + i] = i + 1;
    int right = 0;
    for (int i = 0; i < 64; i++)
        right += set_in(at + i * PAGE, PAGE) == !(i % 3) && at[i * PAGE + i] == (i % 3 ? 0 : i + 1);
    N(right);
}

CASE(moved_and_changed_rights, "mmap mprotect mremap")
{
    char *at = fresh(32 * PAGE);
    look_at(at, 32 * PAGE);
    T(mprotect(at, 8 * PAGE, PROT_READ));
    N(set_in(at, 8 * PAGE));
    T(mprotect(at, 8 * PAGE, PROT_NONE));
    T(mprotect(at, 8 * PAGE, PROT_READ | PROT_WRITE));
    at[3 * PAGE] = 3;
    T(mprotect(at + 8 * PAGE, 8 * PAGE, PROT_READ | PROT_EXEC));
    N(set_in(at + 8 * PAGE, 8 * PAGE));
    T(mprotect(at + 8 * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
    memcpy(at + 9 * PAGE, "\xb8\x2a\0\0\0\xc3", 6); /* return 42 */
    N(((int (*)(void))(at + 9 * PAGE))());
    N(set_in(at + 10 * PAGE, 6 * PAGE));
    char *moved = MUST(mremap(at + 16 * PAGE, 8 * PAGE, 12 * PAGE, MREMAP_MAYMOVE));
    N(set_in(moved, 12 * PAGE));
    moved[0] = moved[11 * PAGE] = 5;
    N(set_in(moved, 12 * PAGE));
    char *kept = MUST(mremap(at + 24 * PAGE, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | 4 /* MREMAP_DONTUNMAP */, 0));
    kept[0] = at[25 * PAGE] = 6;
    say("%ld %ld", set_in(kept, 4 * PAGE), set_in(at + 24 * PAGE, 4 * PAGE));
    N(set_in(at, 8 * PAGE));
}

CASE(given_back_and_read_again, "madvise mincore mlock")
{
    unsigned char there[8];
    char *at = fresh(8 * PAGE);
    memset(at, 7, 8 * PAGE);
    T(madvise(at, 4 * PAGE, MADV_DONTNEED));
    look_at(at, 4 * PAGE);
    N(set_in(at, 8 * PAGE));
    at[PAGE] = 1;
    N(set_in(at, 4 * PAGE));
    T(madvise(at, 8 * PAGE, MADV_DONTNEED));
    T(madvise(at, 8 * PAGE, 22 /* MADV_POPULATE_READ */));
    MUST(mincore(at, 8 * PAGE, there));
    for (int i = 0; i < 8; i++)
        if (!(there[i] & 1))
            say("page %d is absent", i);
    long before = resident_pages();
    T(mlock(at, 8 * PAGE));
    N(resident_pages() - before);
    T(munlock(at, 8 * PAGE));
    N(set_in(at, 8 * PAGE));
}

CASE(seen_by_children, "fork madvise")
{
    char *at = fresh(16 * PAGE), *wiped = fresh(4 * PAGE);
    look_at(at, 16 * PAGE);
    T(madvise(wiped, 4 * PAGE, MADV_WIPEONFORK));
    memset(wiped, 1, 4 * PAGE);
    CHILD(at[PAGE] = 1; N(set_in(at, 16 * PAGE)); N(set_in(wiped, 4 * PAGE)); wiped[0] = 2;
          CHILD(at[2 * PAGE] = 2; N(set_in(at, 16 * PAGE)); N(set_in(wiped, 4 * PAGE)));
          N(set_in(at, 16 * PAGE)));
    N(set_in(at, 16 * PAGE));
    at[3 * PAGE] = 3;
    CHILD(N(set_in(at, 16 * PAGE)); at[4 * PAGE] = 4);
    N(set_in(at, 16 * PAGE));
}

CASE(on_no_node, "move_pages mincore")
{
    char *at = fresh(64 * PAGE);
    void *pages[3] = {at, at + 32 * PAGE, at + 63 * PAGE};
    int status[3] = {9, 9, 9};
    (void)*(volatile char *)at;
    at[32 * PAGE] = 1;
    T(syscall(SYS_move_pages, 0, 3, pages, 0, status, 0));
    say("%s, %d, %s", error_name(-status[0]), status[1], error_name(-status[2]));
}

/* Every way to have the kernel, or another process, write to a page: each writes something else than 0. */
static int ends[2], file;
static pid_t victim;

static void by_store(char *at) { *at = 1; }
static void by_pipe(char *at) { MUST(write(ends[1], "pipe", 4)); MUST(read(ends[0], at, 4)); }
static void by_file(char *at) { MUST(pread(file, at, PAGE, 0)); }
static void by_vector(char *at) { MUST(preadv(file, &(struct iovec){at, 100}, 1, 5)); }
static void by_entropy(char *at) { MUST(getrandom(at, PAGE, 0)); }
static void by_device(char *at) { MUST(read(MUST(open("/dev/urandom", O_RDONLY)), at, PAGE)); }
static void by_proc(char *at) { MUST(read(MUST(open("/proc/self/maps", O_RDONLY)), at, PAGE)); }
static void by_name(char *at) { MUST(uname((struct utsname *)at)); }
static void by_stat(char *at) { MUST(fstat(file, (struct stat *)at)); }
static void by_information(char *at) { MUST(sysinfo((struct sysinfo *)at)); }
static void by_directory(char *at) { MUST(syscall(SYS_getcwd, at, (long)PAGE)); }
static void by_link(char *at) { MUST(readlink("/proc/self/exe", at, PAGE)); }
static void by_clock(char *at) { MUST(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, at)); }
static void by_usage(char *at) { MUST(getrusage(RUSAGE_SELF, (struct rusage *)at)); }
static void by_new_pipe(char *at) { MUST(pipe((int *)at)); }
static void by_entries(char *at) { MUST(syscall(SYS_getdents64, MUST(open("/", O_RDONLY)), at, (long)PAGE)); }

static void by_presence(char *at)
{
    long page = (long)by_store & -PAGE;
    MUST(mincore((void *)page, 1, (unsigned char *)at));
}

static void by_socket(char *at)
{
    int pair[2];
    MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
    MUST(send(pair[0], "datagram", 8, 0));
    MUST(recv(pair[1], at, 8, 0));
}

static void by_poll(char *at)
{
    struct pollfd one = {.fd = ends[1], .events = POLLOUT};
    MUST(process_vm_writev(getpid(), &(struct iovec){&one, sizeof one}, 1, &(struct iovec){at, sizeof one}, 1, 0));
    MUST(poll((struct pollfd *)at, 1, 0));
}

static void by_thread_number(char *at)
{
    pid_t child = MUST(syscall(SYS_clone, CLONE_PARENT_SETTID | SIGCHLD, 0, at, 0, 0));
    if (!child)
        _exit(0);
    wait_for(child);
}

static void by_futex(char *at)
{
    static int word;
    MUST(syscall(SYS_futex, &word, FUTEX_WAKE_OP, 1, 1, at, FUTEX_OP(FUTEX_OP_SET, 77, FUTEX_OP_CMP_EQ, 0)));
}

static void by_signal_frame(char *at)
{
    MUST(sigaltstack(&(stack_t){.ss_sp = at, .ss_size = 16 * PAGE}, 0));
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = nothing, .sa_flags = SA_ONSTACK}, 0);
    raise(SIGUSR1);
    sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, 0);
}

static void by_itself(char *at)
{
    MUST(process_vm_writev(getpid(), &(struct iovec){"itself", 6}, 1, &(struct iovec){at, 6}, 1, 0));
}

static void by_its_memory(char *at) { MUST(pwrite(MUST(open("/proc/self/mem", O_RDWR)), "memory", 6, (off_t)at)); }

/* What one read-only page is: a debugger may write it all the same. */
static void by_its_memory_without_right(char *at)
{
    MUST(mprotect(at, PAGE, PROT_READ));
    by_its_memory(at);
    MUST(mprotect(at, PAGE, PROT_READ | PROT_WRITE));
}

static void by_debugger(char *at)
{
    pid_t parent = getpid(), child = fork();
    if (!child) {
        int status;
        if (ptrace(PTRACE_ATTACH, parent, 0, 0))
            _exit(1);
        waitpid(parent, &status, 0);
        long failed = ptrace(PTRACE_POKEDATA, parent, at, 0x1234);
        ptrace(PTRACE_DETACH, parent, 0, 0);
        _exit(failed != 0);
    }
    say_status("debugger", wait_for(child));
}

#define WAY(name) {#name, name}
static const struct {
    const char *name;
    void (*write)(char *at);
} ways[] = {
    WAY(by_store), WAY(by_pipe), WAY(by_file), WAY(by_vector), WAY(by_entropy), WAY(by_device), WAY(by_proc),
    WAY(by_name), WAY(by_stat), WAY(by_information), WAY(by_directory), WAY(by_link), WAY(by_clock),
    WAY(by_usage), WAY(by_presence), WAY(by_new_pipe), WAY(by_entries), WAY(by_socket),
    WAY(by_poll), WAY(by_thread_number), WAY(by_futex), WAY(by_signal_frame), WAY(by_itself),
    WAY(by_its_memory), WAY(by_its_memory_without_right), WAY(by_debugger),
};

/* A process that looks at memory it never wrote whenever it is asked, and says whether that is all zeros. */
static int question[2], answer[2];

static void bystander(void)
{
    char *seen = fresh(32 * PAGE), c;
    look_at(seen, 32 * PAGE);
    while (read(question[0], &c, 1) == 1) {
        char *later = fresh(PAGE);
        c = set_in(seen, 32 * PAGE) || set_in(later, PAGE) ? 'x' : '0';
        munmap(later, PAGE);
        MUST(write(answer[1], &c, 1));
    }
    _exit(0);
}

static char asked(void)
{
    char c = '?';
    MUST(write(question[1], "?", 1));
    MUST(read(answer[0], &c, 1));
    return c;
}

CASE(all_ways_of_writing, "mmap read process_vm_writev ptrace futex")
{
    char *before = fresh(32 * PAGE), full[PAGE];
    memset(full, 'f', PAGE);
    file = MUST(open("f", O_RDWR | O_CREAT, 0600));
    MUST(write(file, full, PAGE));
    MUST(pipe(ends));
    MUST(pipe(question));
    MUST(pipe(answer));
    look_at(before, 32 * PAGE);
    if (!(victim = MUST(fork()))) {
        close(question[1]);
        bystander();
    }
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
        char *at = fresh(20 * PAGE);
        look_at(at, 20 * PAGE);
        ways[i].write(at + 2 * PAGE);
        say("%s: written %d, before it %ld, elsewhere %ld, another process %c", ways[i].name,
            set_in(at + 2 * PAGE, 16 * PAGE) > 0, set_in(at, 2 * PAGE), set_in(before, 32 * PAGE), asked());
    }
    close(question[1]);
    say_status("bystander", wait_for(victim));
}

/* Straight from a file, in one piece, into pages of which some were read before. */
CASE(large_reads_into_it, "read readv")
{
    static char pattern[MIB];
    memset(pattern, 'p', MIB);
    file = MUST(open("f", O_RDWR | O_CREAT, 0600));
    MUST(write(file, pattern, MIB));
    char *at = fresh(2 * MIB), *other = fresh(MIB);
    look_at(at, MIB / 2);
    look_at(other, MIB);
    T(pread(file, at, MIB, 0));
    N(set_in(at, 2 * MIB));
    T(pread(file, at + MIB + 100, 5 * PAGE, 0));
    N(set_in(at + MIB, MIB));
    N(set_in(other, MIB));
    T(write(MUST(open("g", O_RDWR | O_CREAT, 0600)), other, MIB));
    int zeros = MUST(open("g", O_RDWR));
    T(pread(zeros, at, MIB, 0));
    N(set_in(at, MIB));
    T(pwrite(zeros, pattern, 100, 500000));
    N(set_in(other, MIB));
    T(pread(zeros, other, MIB, 0));
    N(set_in(other, MIB));
}
