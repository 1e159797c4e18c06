/* Runs random programs: every line of input is a call and its numbers, every line of output what it
   did. A line "program" begins anew, in a process and a directory of its own. Numbers choose among
   what there is (descriptors, mappings), so that every program means something. Nothing is printed
   that may differ between two runs. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SLOTS = 8, PAGES = 8 };
#define PAGE 4096L

static int fds[SLOTS], signals_seen[65], epoll_fd = -1;
static char *maps[SLOTS];
static char data[1 << 16], input[1 << 18];
static sigjmp_buf faulted;
/* Not SIGCHLD: how many of them merge, and whether one interrupts a wait, is up to timing. */
static const int signals[] = { SIGUSR1, SIGUSR2, SIGHUP, SIGTERM, SIGWINCH, SIGURG, 34, 35 };
static const char *const names[] = { "a", "b", "c", "d/a", "d/b", "d", "e", "e/a" };

static int fd(long a) { return fds[a & (SLOTS - 1)]; }
static const char *name(long a) { return names[a & 7]; }
static int signal_of(long a) { return signals[a & 7]; }
static char *place(long a, long b) { return maps[a & (SLOTS - 1)] + (b & (PAGES - 1)) * PAGE; }

static long keep(long result) {
    for (int i = 0; result >= 0 && i < SLOTS; i++)
        if (fds[i] < 0) {
            fds[i] = (int)result;
            return 0;
        }
    if (result >= 0)
        close((int)result);
    return result < 0 ? -1 : 0;
}

static long keep_pair(int result, const int *pair) {
    if (result < 0)
        return -1;
    keep(pair[0]);
    return keep(pair[1]);
}

static long sum(const char *bytes, long size) {
    unsigned hash = 7;
    for (long i = 0; i < size; i++)
        hash = hash * 31 + (unsigned char)bytes[i];
    return size < 0 ? size : size * 1000 + hash % 1000;
}

static void on_signal(int number) { signals_seen[number]++; }
static void on_fault(int number) { siglongjmp(faulted, number); }

/* Files */
static const int open_flags[] = { O_RDONLY, O_RDWR | O_CREAT, O_WRONLY | O_CREAT | O_EXCL, O_RDWR | O_APPEND,
                                  O_RDWR | O_TRUNC, O_RDONLY | O_DIRECTORY, O_PATH, O_RDWR | O_CREAT | O_NOFOLLOW };
static long f_open(long a, long b, long c) { return keep(open(name(a), open_flags[b & 7], 0600)); }
static long f_close(long a, long b, long c) {
    int result = close(fd(a));
    fds[a & (SLOTS - 1)] = -1;
    return result;
}
static long f_write(long a, long b, long c) { return write(fd(a), data + (b & 255), c & 0x3fff); }
static long f_read(long a, long b, long c) {
    char into[1 << 14];
    return sum(into, read(fd(a), into, c & 0x3fff));
}
static long f_pwrite(long a, long b, long c) { return pwrite(fd(a), data + (c & 255), c & 0xfff, b & 0xffff); }
static long f_pread(long a, long b, long c) {
    char into[1 << 12];
    return sum(into, pread(fd(a), into, c & 0xfff, b & 0xffff));
}

/* A buffer that is shorter than the call is told: behind n bytes there is no memory. Only where the native
   kernel's answer does not depend on how the data came in pieces, as it does in a socket. */
static char *edge(long n) {
    static char *room;
    if (!room) {
        room = mmap(0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        munmap(room + 2 * PAGE, PAGE);
    }
    return room + 2 * PAGE - n;
}
static int has_edges(int file) {
    struct stat info;
    return !fstat(file, &info) && (S_ISREG(info.st_mode) || S_ISFIFO(info.st_mode));
}
static long f_edge_read(long a, long b, long c) {
    char *at = edge(b % (2 * PAGE + 1));
    return has_edges(fd(a)) ? sum(at, read(fd(a), at, c & 0x3fff)) : 0;
}
static long f_edge_write(long a, long b, long c) {
    char *at = edge(b % (2 * PAGE + 1));
    memcpy(at, data, b % (2 * PAGE + 1));
    return has_edges(fd(a)) ? write(fd(a), at, c & 0x3fff) : 0;
}
static long f_seek(long a, long b, long c) { return lseek(fd(a), b & 0xffff, (int)(c % 3)); }
static long f_truncate(long a, long b, long c) { return ftruncate(fd(a), b & 0xffff); }
static long f_unlink(long a, long b, long c) { return unlink(name(a)); }
static long f_rename(long a, long b, long c) { return rename(name(a), name(b)); }
static long f_link(long a, long b, long c) { return link(name(a), name(b)); }
static long f_symlink(long a, long b, long c) { return symlink(name(a), name(b)); }
static long f_mkdir(long a, long b, long c) { return mkdir(name(a), 0700); }
static long f_rmdir(long a, long b, long c) { return rmdir(name(a)); }
static long f_dup(long a, long b, long c) { return keep(dup(fd(a))); }
static long f_stat(long a, long b, long c) {
    struct stat st;
    if (lstat(name(a), &st))
        return -1;
    return (st.st_mode & S_IFMT) + (S_ISDIR(st.st_mode) ? 0 : st.st_size * 10 + (long)st.st_nlink);
}
static long f_list(long a, long b, long c) {
    DIR *dir = opendir(a & 1 ? "d" : ".");
    long total = 0;
    if (!dir)
        return -1;
    for (struct dirent *e; (e = readdir(dir));)
        total += sum(e->d_name, (long)strlen(e->d_name));
    closedir(dir);
    return total;
}

/* Memory */
static const int rights[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE | PROT_EXEC };
static long m_map(long a, long b, long c) {
    char **slot = &maps[a & (SLOTS - 1)];
    int kind = c & 4 ? MAP_SHARED : MAP_PRIVATE, file = c & 8 ? fd(b) : -1;
    void *at = mmap(*slot, PAGES * PAGE, rights[c & 3], kind | MAP_FIXED | (file < 0 ? MAP_ANONYMOUS : 0), file, 0);
    return at == MAP_FAILED ? -1 : 0;
}
static long m_unmap(long a, long b, long c) { return munmap(place(a, b), (1 + (c & 3)) * PAGE); }
static long m_protect(long a, long b, long c) {
    return mprotect(place(a, b & 3), (1 + (b >> 2 & 3)) * PAGE, rights[c & 3]);
}
static long m_advise(long a, long b, long c) { return madvise(place(a, b & 3), (1 + (c & 3)) * PAGE, MADV_DONTNEED); }
static long m_store(long a, long b, long c) {
    int number = sigsetjmp(faulted, 1);
    if (!number)
        *(volatile char *)(place(a, b) + (c & 0xfff)) = (char)c;
    return number;
}
static long m_load(long a, long b, long c) {
    int number = sigsetjmp(faulted, 1);
    return number ? 1000 + number : *(volatile char *)(place(a, b) + (c & 0xfff));
}
static long m_memfd(long a, long b, long c) {
    int made = memfd_create("m", 0);
    return made < 0 || ftruncate(made, (b & 7) * 1000) ? -1 : keep(made);
}
static long m_sync(long a, long b, long c) { return msync(place(a, b & 3), PAGE, MS_SYNC); }

/* Pipes, sockets, epoll */
static long p_pipe(long a, long b, long c) {
    int pair[2];
    return keep_pair(pipe2(pair, O_NONBLOCK), pair);
}
static long p_sockets(long a, long b, long c) {
    static const int kinds[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
    int pair[2];
    return keep_pair(socketpair(AF_UNIX, kinds[a % 3] | SOCK_NONBLOCK, 0, pair), pair);
}
static long p_eventfd(long a, long b, long c) { return keep(eventfd(b & 7, EFD_NONBLOCK | (a & 1 ? EFD_SEMAPHORE : 0))); }
static long p_add(long a, long b, long c) {
    unsigned long long number = b & 15;
    return write(fd(a), &number, 8);
}
static long p_send(long a, long b, long c) { return send(fd(a), data + (b & 255), c & 0xfff, MSG_NOSIGNAL | MSG_DONTWAIT); }
static long p_receive(long a, long b, long c) {
    char into[1 << 16] = ""; /* MSG_TRUNC counts what did not fit, too: a whole packet */
    return sum(into, recv(fd(a), into, c & 0xfff, MSG_DONTWAIT | (b & 1 ? MSG_PEEK : 0) | (b & 2 ? MSG_TRUNC : 0)));
}
static long p_shutdown(long a, long b, long c) { return shutdown(fd(a), (int)(b % 3)); }
static long p_poll(long a, long b, long c) {
    struct pollfd list[SLOTS];
    long total = 0;
    for (int i = 0; i < SLOTS; i++)
        list[i] = (struct pollfd){ fds[i], POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0 };
    int ready = poll(list, SLOTS, 0);
    for (int i = 0; i < SLOTS; i++)
        total = total * 37 + list[i].revents;
    return ready < 0 ? -1 : total % 1000003 * 10 + ready;
}
static long p_waiting(long a, long b, long c) {
    int waiting = -1;
    return ioctl(fd(a), FIONREAD, &waiting) ? -1 : waiting;
}
static long e_control(long a, long b, long c) {
    static const unsigned bits[] = { EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLET, EPOLLIN | EPOLLOUT | EPOLLONESHOT };
    struct epoll_event event = { bits[c & 3] | EPOLLRDHUP, { .u32 = (unsigned)(a & (SLOTS - 1)) } };
    if (epoll_fd < 0)
        epoll_fd = epoll_create1(0);
    return epoll_ctl(epoll_fd, 1 + (int)(b % 3), fd(a), &event);
}
static long e_wait(long a, long b, long c) {
    struct epoll_event events[SLOTS];
    long total = 0;
    int ready = epoll_wait(epoll_fd, events, SLOTS, 0);
    for (int i = 0; i < ready; i++)
        total += (long)events[i].events * (events[i].data.u32 + 1);
    return ready < 0 ? -1 : total * 10 + ready;
}

/* Processes and signals */
static long s_action(long a, long b, long c) {
    struct sigaction action = { .sa_handler = b & 1 ? on_signal : SIG_IGN, .sa_flags = c & 1 ? SA_RESTART : 0 };
    return sigaction(signal_of(a), &action, NULL);
}
static long s_mask(long a, long b, long c) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_of(a));
    return sigprocmask(b & 1 ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}
static long s_kill(long a, long b, long c) { return kill(getpid(), signal_of(a)); }
static long s_queue(long a, long b, long c) { return sigqueue(getpid(), signal_of(a), (union sigval){ (int)b }); }
static long s_pending(long a, long b, long c) {
    sigset_t set;
    long bits = 0;
    if (sigpending(&set))
        return -1;
    for (int i = 0; i < 8; i++)
        bits |= (long)sigismember(&set, signals[i]) << i;
    return bits;
}
static long s_wait(long a, long b, long c) {
    sigset_t set;
    siginfo_t info = { 0 };
    sigemptyset(&set);
    sigaddset(&set, signal_of(a));
    sigaddset(&set, signal_of(b));
    int number = sigtimedwait(&set, &info, &(struct timespec){ 0, 0 });
    return number < 0 ? -1 : number * 1000 + (info.si_code & 255);
}
static long s_seen(long a, long b, long c) {
    long total = 0;
    for (int i = 0; i < 8; i++)
        total = total * 7 + signals_seen[signals[i]];
    return total;
}
static long s_child(long a, long b, long c) {
    int status = -1;
    pid_t child = fork();
    if (!child) {
        if (b & 1)
            kill(getpid(), b & 2 ? SIGKILL : SIGSTOP);
        _exit((int)(a & 127));
    }
    if (waitpid(child, &status, WUNTRACED) != child)
        return -1;
    int first = status;
    if (WIFSTOPPED(status) && (kill(child, SIGCONT) || waitpid(child, &status, 0) != child))
        return -1;
    return first * 100000L + status;
}
static long s_group(long a, long b, long c) { return setpgid(0, 0) + (getpgrp() == getpid()) * 10; }

static const struct {
    const char *name;
    long (*run)(long a, long b, long c);
} calls[] = {
    { "open", f_open }, { "close", f_close }, { "write", f_write }, { "read", f_read }, { "edge_read", f_edge_read },
    { "edge_write", f_edge_write }, { "pwrite", f_pwrite },
    { "pread", f_pread }, { "seek", f_seek }, { "truncate", f_truncate }, { "unlink", f_unlink },
    { "rename", f_rename }, { "link", f_link }, { "symlink", f_symlink }, { "mkdir", f_mkdir }, { "rmdir", f_rmdir },
    { "dup", f_dup }, { "stat", f_stat }, { "list", f_list },
    { "map", m_map }, { "unmap", m_unmap }, { "protect", m_protect }, { "advise", m_advise }, { "store", m_store },
    { "load", m_load }, { "memfd", m_memfd }, { "sync", m_sync },
    { "pipe", p_pipe }, { "sockets", p_sockets }, { "eventfd", p_eventfd }, { "add", p_add }, { "send", p_send },
    { "receive", p_receive }, { "shutdown", p_shutdown }, { "poll", p_poll }, { "waiting", p_waiting },
    { "control", e_control }, { "wait", e_wait },
    { "action", s_action }, { "mask", s_mask }, { "kill", s_kill }, { "queue", s_queue }, { "pending", s_pending },
    { "sigwait", s_wait }, { "seen", s_seen }, { "child", s_child }, { "group", s_group },
};

static void begin(int number) {
    char folder[32];
    snprintf(folder, sizeof(folder), "program%d", number);
    if (mkdir(folder, 0700) || chdir(folder))
        _exit(1);
    for (int i = 0; i < SLOTS; i++) {
        fds[i] = -1;
        maps[i] = (char *)0x200000000000 + i * 64 * PAGE;
        signal(signals[i], on_signal);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGSEGV, on_fault);
    signal(SIGBUS, on_fault);
}

/* All of the input at once: a child must not take lines from its parent. */
static void read_input(void) {
    size_t size = 0;
    ssize_t got;
    while (size < sizeof(input) - 1 && (got = read(0, input + size, sizeof(input) - 1 - size)) > 0)
        size += (size_t)got;
}

int main(void) {
    char call[16], *rest;
    long a, b, c;
    int number = 0, inside = 0;
    read_input();
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)(i * 7 + i / 256);
    for (char *line = strtok_r(input, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (!strncmp(line, "program", 7)) {
            /* The child reads this program and ends at the next; its parent skips to there. */
            if (inside)
                _exit(0);
            fflush(NULL);
            number++;
            pid_t child = fork();
            if (!child) {
                inside = 1;
                begin(number);
                printf("program\n");
                continue;
            }
            int status;
            waitpid(child, &status, 0);
            printf("ends %d\n", status);
            fflush(stdout);
            continue;
        }
        if (!inside || sscanf(line, "%15s %ld %ld %ld", call, &a, &b, &c) != 4)
            continue;
        for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
            if (!strcmp(call, calls[i].name)) {
                errno = 0;
                long result = calls[i].run(a, b, c);
                printf("%s %ld %ld %ld = %ld %d\n", call, a, b, c, result, result < 0 ? errno : 0);
                fflush(stdout);
            }
    }
    return 0;
}
