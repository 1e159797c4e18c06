/* Tracers and tracees that do to each other what comes to mind, and die at any moment: for a guest only.
   The first process survives, sees all of them end, and says so. Arguments: a seed, rounds. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TRACERS = 3, KNOWN = 32, ROOM = 4096 };

static volatile pid_t *known; /* shared by all */
static unsigned long state;
static int rounds;
static char room[ROOM];

static unsigned long roll(unsigned long below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state * 0x2545f4914f6cdd1dUL >> 20) % below;
}

static unsigned long odd_number(void)
{
    static const unsigned long odd[] = {
        0, 1, 8, 0x33, 0x2b, 0x100, 0x400000, 0x7fffffffefff, 0x7ffffffff000, 0x7fffffffffff, 0x800000000000,
        0x8000000000000000, 0xffff800000000000, 0xffffffff80100000, 0xffffffffff600000, -1UL, -38UL, -512UL, -516UL,
    };
    unsigned long pick = roll(sizeof odd / sizeof *odd + 4);
    return pick < sizeof odd / sizeof *odd ? odd[pick] : pick & 1 ? roll(1000) : (unsigned long)room + roll(ROOM);
}

static pid_t somebody(void) { return known[roll(KNOWN)]; }

static int some_signal(void)
{
    static const int some[] = {0, 0, 0, SIGSTOP, SIGCONT, SIGUSR1, SIGTRAP, SIGSEGV, SIGKILL, SIGTERM, SIGCHLD, 40};
    return some[roll(sizeof some / sizeof *some)];
}

static void *short_life(void *unused)
{
    for (int i = 0; i < 20; i++)
        sched_yield();
    return unused;
}

/* What is traced: calls, children, threads, new programs, waiting. */
static void live(void)
{
    pthread_t thread;
    pid_t child;
    if (roll(3))
        ptrace(PTRACE_TRACEME, 0, 0, 0);
    for (int i = 0; i < rounds; i++) {
        switch (roll(9)) {
        case 0:
            child = fork();
            if (!child)
                _exit(roll(4));
            waitpid(child, 0, roll(2) ? WNOHANG : 0);
            break;
        case 1:
            child = vfork();
            if (!child)
                _exit(0);
            break;
        case 2:
            if (!pthread_create(&thread, 0, short_life, 0) && roll(2))
                pthread_join(thread, 0);
            break;
        case 3:
            execl("/proc/self/exe", "fray", "--live", roll(2) ? "7" : "8", (char *)0);
            break;
        case 4:
            raise(some_signal());
            break;
        case 5:
            nanosleep(&(struct timespec){0, 1000000}, 0);
            break;
        case 6:
            __asm__ volatile("int3");
            break;
        default:
            for (int n = 0; n < 50; n++)
                getppid();
        }
    }
    if (roll(2))
        pause();
    _exit(0);
}

static void steer(pid_t pid)
{
    static const int requests[] = {
        PTRACE_CONT, PTRACE_CONT, PTRACE_CONT, PTRACE_SYSCALL, PTRACE_SYSCALL, PTRACE_SINGLESTEP, PTRACE_SINGLESTEP,
        PTRACE_DETACH, PTRACE_LISTEN, PTRACE_INTERRUPT, 31, 32, PTRACE_KILL,
    };
    struct iovec v = {room + roll(64), roll(2) ? ROOM / 2 : roll(300) * 8};
    struct user_regs_struct r;
    switch (roll(12)) {
    case 0:
        ptrace(PTRACE_GETREGS, pid, 0, &r);
        ((unsigned long *)&r)[roll(sizeof r / 8)] = odd_number();
        ptrace(PTRACE_SETREGS, pid, 0, &r);
        break;
    case 1:
        ptrace(PTRACE_POKEUSER, pid, (void *)roll(1000), (void *)odd_number());
        ptrace(PTRACE_POKEUSER, pid, (void *)(roll(120) * 8), (void *)odd_number());
        break;
    case 2:
        ptrace(PTRACE_GETREGS, pid, 0, &r);
        ptrace(PTRACE_POKEDATA, pid, (void *)(roll(2) ? r.rip : roll(2) ? r.rsp : odd_number()), (void *)odd_number());
        break;
    case 3:
        ptrace(roll(2) ? PTRACE_GETREGSET : PTRACE_SETREGSET, pid, (void *)(roll(3) ? NT_X86_XSTATE : roll(3)), &v);
        break;
    case 4:
        ptrace(roll(2) ? PTRACE_GETFPREGS : PTRACE_SETFPREGS, pid, 0, room);
        break;
    case 5:
        ptrace(PTRACE_SETOPTIONS, pid, 0, (void *)(roll(4) ? roll(0x100) : 0x100000 | roll(0x100)));
        break;
    case 6:
        ptrace(0x4200 + roll(0x12), pid, (void *)(roll(2) ? 8 : odd_number()), (void *)(roll(2) ? (unsigned long)room : odd_number()));
        break;
    case 7:
        if (pid > 1)
            kill(pid, some_signal());
        break;
    default:
        ptrace(requests[roll(sizeof requests / sizeof *requests)], pid, 0, (void *)(long)some_signal());
    }
}

static void begin_life(void)
{
    unsigned long seed = roll(1UL << 40) | 1;
    pid_t child = fork();
    if (child > 0)
        known[roll(KNOWN)] = child;
    if (child)
        return;
    state = seed;
    live();
}

static void trace(void)
{
    int status;
    for (int i = 0; i < rounds * 40; i++) {
        pid_t found = waitpid(-1, &status, __WALL | WNOHANG | (roll(2) ? WUNTRACED | WCONTINUED : 0));
        if (found > 0 && WIFSTOPPED(status)) {
            if (roll(4) == 0)
                known[roll(KNOWN)] = found;
            for (int n = roll(6); n--;)
                steer(found);
            ptrace(roll(3) ? PTRACE_SYSCALL : PTRACE_CONT, found, 0, (void *)(long)(roll(3) ? 0 : some_signal()));
        }
        switch (roll(8)) {
        case 0:
            if (roll(4) == 0)
                begin_life();
            break;
        case 1:
            ptrace(PTRACE_ATTACH, somebody(), 0, 0);
            break;
        case 2:
            ptrace(PTRACE_SEIZE, somebody(), 0, (void *)(roll(3) ? roll(0x100) : 0x100000 | roll(0x80)));
            break;
        case 3:
            steer(somebody());
            break;
        case 4:
        case 6:
            sched_yield();
            break;
        case 5:
            if (roll(rounds * 40) == 0)
                raise(SIGKILL);
        }
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "--live")) {
        state = strtoul(argv[2], 0, 0);
        rounds = 3;
        known = calloc(KNOWN, sizeof *known);
        live();
    }
    state = strtoul(argv[1], 0, 0) * 0x9e3779b97f4a7c15UL + 1;
    rounds = atoi(argv[2]);
    known = mmap(0, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < ROOM; i++)
        room[i] = roll(256);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, 0);
    for (int i = 0; i < TRACERS; i++) {
        unsigned long seed = roll(1UL << 40) | 1;
        if (!fork()) {
            setpgid(0, 0);
            sigprocmask(SIG_UNBLOCK, &all, 0);
            state = seed;
            trace();
        }
    }
    /* Orphans come to the first process. Once nobody ends of himself any more, all shall. */
    for (int ends = 0, idle = 0; idle < 2;) {
        int status;
        pid_t found = waitpid(-1, &status, __WALL | WNOHANG);
        if (found < 0 && errno == ECHILD)
            break;
        if (found > 0) {
            ends++;
            idle = 0;
            continue;
        }
        if (sigtimedwait(&all, 0, &(struct timespec){0, 100000000}) < 0 && ends >= 0) {
            kill(-1, SIGKILL);
            idle += !ends;
            ends = 0;
        }
    }
    puts(waitpid(-1, 0, __WALL | WNOHANG) < 0 && kill(-1, 0) < 0 ? "all have ended" : "somebody is left");
    return 0;
}
