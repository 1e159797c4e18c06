/* Signals: handlers, masks, queues, restarts, stacks. */
#include "case.h"
#include <sys/ucontext.h>

static volatile int count, last_signal, last_code, last_value;
static volatile pid_t last_pid;

static void note(int signal)
{
    count++;
    last_signal = signal;
}

static void note_info(int signal, siginfo_t *info, void *context)
{
    (void)context;
    count++;
    last_signal = signal;
    last_code = info->si_code;
    last_pid = info->si_pid;
    last_value = info->si_value.sival_int;
}

static void handle(int signal, int flags, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    MUST(sigaction(signal, &action, 0));
}

static void handle_info(int signal, int flags)
{
    struct sigaction action = {.sa_sigaction = note_info, .sa_flags = flags | SA_SIGINFO};
    MUST(sigaction(signal, &action, 0));
}

static sigset_t set_of(int a, int b)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, a);
    if (b)
        sigaddset(&set, b);
    return set;
}

CASE(sigaction_rules, "rt_sigaction")
{
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART}, old;
    T(sigaction(SIGUSR1, &action, &old));
    IS(old.sa_handler == SIG_DFL);
    T(sigaction(SIGUSR1, 0, &old));
    IS(old.sa_handler == note && (old.sa_flags & SA_RESTART));
    T(sigaction(SIGKILL, &action, 0));
    T(sigaction(SIGSTOP, &action, 0));
    T(sigaction(SIGKILL, 0, &old));
    T(sigaction(65, &action, 0));
    T(sigaction(0, &action, 0));
    T(syscall(SYS_rt_sigaction, SIGUSR1, 0, 0, 4));
    T(syscall(SYS_rt_sigaction, SIGUSR1, (void *)8, 0, 8));
    T(syscall(SYS_rt_sigaction, SIGUSR1, 0, (void *)8, 8));
}

CASE(raise_and_handle, "kill rt_sigaction rt_sigreturn")
{
    handle(SIGUSR1, 0, note);
    T(kill(getpid(), SIGUSR1));
    N(count);
    T(raise(SIGUSR1));
    N(count);
    N(last_signal);
    signal(SIGUSR1, SIG_IGN);
    T(raise(SIGUSR1));
    N(count);
}

CASE(default_actions, "kill")
{
    static const int all[] = {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1,
                              SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGCHLD, SIGCONT, SIGURG,
                              SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGWINCH, SIGIO, SIGPWR, SIGSYS, 34, 64};
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        CHILD(kill(getpid(), all[i]));
}

CASE(masks, "rt_sigprocmask rt_sigpending")
{
    sigset_t set = set_of(SIGUSR1, SIGUSR2), old, pending;
    handle(SIGUSR1, 0, note);
    handle(SIGUSR2, 0, note);
    T(sigprocmask(SIG_BLOCK, &set, &old));
    N(sigismember(&old, SIGUSR1));
    raise(SIGUSR1);
    raise(SIGUSR1);
    raise(SIGUSR2);
    N(count);
    T(sigpending(&pending));
    say("%d %d %d", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGUSR2), sigismember(&pending, SIGTERM));
    set = set_of(SIGUSR2, 0);
    T(sigprocmask(SIG_UNBLOCK, &set, 0));
    N(count);
    T(sigprocmask(SIG_SETMASK, &old, &set));
    N(count);
    N(sigismember(&set, SIGUSR1));
    T(sigprocmask(77, &set, 0));
    T(sigprocmask(77, 0, &old));
    sigfillset(&set);
    T(sigprocmask(SIG_SETMASK, &set, 0));
    T(sigprocmask(SIG_BLOCK, 0, &set));
    say("%d %d", sigismember(&set, SIGKILL), sigismember(&set, SIGSTOP));
    T(syscall(SYS_rt_sigprocmask, 0, 0, 0, 4));
    T(syscall(SYS_rt_sigprocmask, 0, (void *)8, 0, 8));
    T(syscall(SYS_rt_sigpending, (void *)8, 8));
    T(syscall(SYS_rt_sigpending, &set, 16));
}

static void note_mask(int signal)
{
    sigset_t now;
    (void)signal;
    sigprocmask(SIG_BLOCK, 0, &now);
    say("in the handler: %d %d %d", sigismember(&now, SIGUSR1), sigismember(&now, SIGUSR2), sigismember(&now, SIGTERM));
}

CASE(masks_in_handlers, "rt_sigaction rt_sigprocmask")
{
    struct sigaction action = {.sa_handler = note_mask, .sa_mask = set_of(SIGUSR2, 0)};
    sigset_t now;
    T(sigaction(SIGUSR1, &action, 0));
    raise(SIGUSR1);
    action.sa_flags = SA_NODEFER;
    T(sigaction(SIGUSR1, &action, 0));
    raise(SIGUSR1);
    T(sigprocmask(SIG_BLOCK, 0, &now));
    say("%d %d", sigismember(&now, SIGUSR1), sigismember(&now, SIGUSR2));
}

static void nest(int signal)
{
    count++;
    say("in %d", signal);
    if (signal == SIGUSR1)
        raise(SIGUSR2);
    say("out %d", signal);
}

CASE(nested_handlers, "rt_sigaction kill")
{
    handle(SIGUSR1, 0, nest);
    handle(SIGUSR2, 0, nest);
    raise(SIGUSR1);
    N(count);
}

CASE(one_shot, "rt_sigaction")
{
    struct sigaction old;
    handle(SIGUSR1, SA_RESETHAND, note);
    raise(SIGUSR1);
    T(sigaction(SIGUSR1, 0, &old));
    IS(old.sa_handler == SIG_DFL);
    CHILD(raise(SIGUSR1));
}

CASE(info_of_senders, "kill tgkill rt_sigqueueinfo")
{
    handle_info(SIGUSR1, 0);
    kill(getpid(), SIGUSR1);
    say("code %d by me %d", last_code, last_pid == getpid());
    raise(SIGUSR1);
    say("code %d by me %d", last_code, last_pid == getpid());
    T(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 42}));
    say("code %d value %d", last_code, last_value);
    pid_t self = getpid();
    CHILD(kill(self, SIGUSR1));
    say("code %d by me %d", last_code, last_pid == getpid());
}

CASE(real_time_queue, "rt_sigqueueinfo rt_sigprocmask")
{
    sigset_t set = set_of(40, 41);
    handle_info(40, 0);
    handle_info(41, 0);
    sigprocmask(SIG_BLOCK, &set, 0);
    for (int i = 0; i < 3; i++)
        T(sigqueue(getpid(), 41, (union sigval){.sival_int = i}));
    T(sigqueue(getpid(), 40, (union sigval){.sival_int = 9}));
    siginfo_t info;
    struct timespec none = {0, 0};
    for (int i = 0; i < 5; i++) {
        T(sigtimedwait(&set, &info, &none));
        say("%d %d", info.si_signo, info.si_value.sival_int);
    }
}

CASE(queue_errors, "rt_sigqueueinfo rt_tgsigqueueinfo tgkill tkill")
{
    siginfo_t info = {.si_code = SI_QUEUE};
    T(syscall(SYS_rt_sigqueueinfo, getpid(), 0, &info));
    T(syscall(SYS_rt_sigqueueinfo, getpid(), 65, &info));
    T(syscall(SYS_rt_sigqueueinfo, 0x7ffffff, SIGUSR1, &info));
    T(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, (void *)8));
    info.si_code = SI_USER;
    T(syscall(SYS_rt_sigqueueinfo, getppid(), 0, &info));
    info.si_code = SI_QUEUE;
    handle_info(SIGUSR1, 0);
    T(syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGUSR1, &info));
    N(last_code);
    T(syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1));
    N(last_code);
    T(syscall(SYS_tkill, getpid(), SIGUSR1));
    T(syscall(SYS_tgkill, getpid(), 0x7ffffff, SIGUSR1));
    T(syscall(SYS_tgkill, 0x7ffffff, getpid(), SIGUSR1));
    T(syscall(SYS_tgkill, -1, getpid(), SIGUSR1));
    T(syscall(SYS_tgkill, getpid(), -1, SIGUSR1));
    T(syscall(SYS_tkill, 0, SIGUSR1));
    T(syscall(SYS_tkill, 0x7ffffff, 0));
}

CASE(timed_waiting, "rt_sigtimedwait")
{
    sigset_t set = set_of(SIGUSR1, 0);
    siginfo_t info;
    struct timespec short_time = {0, 10000000}, wrong = {0, 1000000000};
    sigprocmask(SIG_BLOCK, &set, 0);
    T(sigtimedwait(&set, &info, &short_time));
    raise(SIGUSR1);
    T(sigtimedwait(&set, &info, 0));
    say("%d %d", info.si_signo, info.si_code);
    T(syscall(SYS_rt_sigtimedwait, &set, 0, &wrong, 8));
    T(syscall(SYS_rt_sigtimedwait, &set, 0, &short_time, 4));
    T(syscall(SYS_rt_sigtimedwait, (void *)8, 0, &short_time, 8));
    handle(SIGALRM, 0, note);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 20000}}, 0);
    T(syscall(SYS_rt_sigtimedwait, &set, 0, 0, 8));
}

CASE(suspending, "rt_sigsuspend pause")
{
    sigset_t set = set_of(SIGUSR1, 0), none, now;
    sigemptyset(&none);
    handle(SIGUSR1, 0, note);
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGUSR1);
    N(count);
    T(sigsuspend(&none));
    N(count);
    sigprocmask(SIG_BLOCK, 0, &now);
    N(sigismember(&now, SIGUSR1));
    handle(SIGALRM, 0, note);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 20000}}, 0);
    T(pause());
    N(last_signal);
    T(syscall(SYS_rt_sigsuspend, &none, 4));
    T(syscall(SYS_rt_sigsuspend, (void *)8, 8));
}

CASE(restart_or_not, "read rt_sigaction wait4")
{
    char byte;
    int ends[2];
    MUST(pipe(ends));
    handle(SIGALRM, 0, note);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 20000}}, 0);
    T(read(ends[0], &byte, 1));
    handle(SIGALRM, SA_RESTART, note);
    pid_t child = fork();
    if (!child) {
        sleep_ms(80);
        (void)!write(ends[1], "x", 1);
        _exit(0);
    }
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 20000}}, 0);
    T(read(ends[0], &byte, 1));
    N(count);
    wait_for(child);
    child = fork();
    if (!child) {
        sleep_ms(80);
        _exit(3);
    }
    int status;
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 20000}}, 0);
    IS(waitpid(child, &status, 0) == child);
    N(count);
}

CASE(never_restarted, "poll select nanosleep epoll_wait")
{
    struct pollfd none = {-1, 0, 0};
    struct timespec left, ten = {10, 0};
    handle(SIGALRM, SA_RESTART, note);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 20000}}, 0);
    T(poll(&none, 1, 10000));
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 20000}}, 0);
    T(nanosleep(&ten, &left));
    IS(left.tv_sec == 9);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 20000}}, 0);
    T(select(0, 0, 0, 0, &(struct timeval){10, 0}));
    N(count);
}

static volatile uintptr_t handler_stack;

static void where(int signal)
{
    (void)signal;
    int here;
    handler_stack = (uintptr_t)&here;
    stack_t now;
    sigaltstack(0, &now);
    say("on the other stack: %d", !!(now.ss_flags & SS_ONSTACK));
    stack_t other = {.ss_sp = &now, .ss_size = 1 << 16};
    T(sigaltstack(&other, 0));
}

CASE(alternate_stacks, "sigaltstack rt_sigaction")
{
    static char room[1 << 16];
    stack_t other = {.ss_sp = room, .ss_size = sizeof room}, old;
    T(sigaltstack(0, &old));
    N(old.ss_flags);
    T(sigaltstack(&other, 0));
    handle(SIGUSR1, SA_ONSTACK, where);
    raise(SIGUSR1);
    IS(handler_stack >= (uintptr_t)room && handler_stack < (uintptr_t)room + sizeof room);
    handle(SIGUSR1, 0, note);
    raise(SIGUSR1);
    T(sigaltstack(0, &old));
    IS(old.ss_sp == room && old.ss_size == sizeof room && old.ss_flags == 0);
    other.ss_size = 100;
    T(sigaltstack(&other, 0));
    other.ss_flags = 77;
    T(sigaltstack(&other, 0));
    other.ss_flags = SS_DISABLE;
    T(sigaltstack(&other, 0));
    T(syscall(SYS_sigaltstack, (void *)8, 0));
    T(syscall(SYS_sigaltstack, 0, (void *)8));
}

static void change_context(int signal, siginfo_t *info, void *context)
{
    ucontext_t *saved = context;
    (void)signal, (void)info;
    /* Skip the two-byte instruction that faults and leave a mark. */
    saved->uc_mcontext.gregs[REG_RIP] += 2;
    saved->uc_mcontext.gregs[REG_RCX] = 77;
}

CASE(handlers_change_registers, "rt_sigaction rt_sigreturn")
{
    struct sigaction action = {.sa_sigaction = change_context, .sa_flags = SA_SIGINFO};
    long mark = 1;
    MUST(sigaction(SIGILL, &action, 0));
    __asm__ volatile("ud2" : "+c"(mark));
    N(mark);
}

static void note_fault(int signal, siginfo_t *info, void *context)
{
    ucontext_t *saved = context;
    say("signal %d code %d trap %lld", signal, info->si_code, (long long)saved->uc_mcontext.gregs[REG_TRAPNO]);
    _exit(0);
}

CASE(processor_faults, "rt_sigaction")
{
    struct sigaction action = {.sa_sigaction = note_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &action, 0);
    sigaction(SIGFPE, &action, 0);
    sigaction(SIGTRAP, &action, 0);
    sigaction(SIGSEGV, &action, 0);
    CHILD(__asm__ volatile("ud2"));
    CHILD(int zero; __asm__ volatile("xor %0, %0; mov $1, %%eax; cltd; idivl %0" : "=r"(zero) : : "eax", "edx"));
    CHILD(__asm__ volatile("int3"));
    CHILD(__asm__ volatile("hlt"));
    CHILD(*(volatile int *)8 = 1);
    CHILD(__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; nop" ::: "memory"));
}

CASE(signals_survive_fork, "fork rt_sigaction rt_sigpending")
{
    sigset_t set = set_of(SIGUSR1, 0), pending;
    handle(SIGUSR1, 0, note);
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGUSR1);
    CHILD(
        sigpending(&pending);
        N(sigismember(&pending, SIGUSR1));
        raise(SIGUSR1);
        sigprocmask(SIG_UNBLOCK, &set, 0);
        N(count));
    sigpending(&pending);
    N(sigismember(&pending, SIGUSR1));
}

CASE(stop_signals_discard_continue, "kill rt_sigpending")
{
    sigset_t set = set_of(SIGTSTP, SIGCONT), pending;
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGCONT);
    raise(SIGTSTP);
    sigpending(&pending);
    say("%d %d", sigismember(&pending, SIGTSTP), sigismember(&pending, SIGCONT));
    raise(SIGCONT);
    sigpending(&pending);
    say("%d %d", sigismember(&pending, SIGTSTP), sigismember(&pending, SIGCONT));
}

CASE(ignoring_drops_pending, "rt_sigaction rt_sigpending")
{
    sigset_t set = set_of(SIGUSR1, SIGCHLD), pending;
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGUSR1);
    raise(SIGCHLD);
    signal(SIGUSR1, SIG_IGN);
    sigpending(&pending);
    say("%d %d", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGCHLD));
    signal(SIGCHLD, SIG_DFL);
    sigpending(&pending);
    N(sigismember(&pending, SIGCHLD));
}

CASE(children_tell, "rt_sigaction wait4")
{
    handle_info(SIGCHLD, 0);
    pid_t child = fork();
    if (!child)
        _exit(3);
    while (!count)
        sleep_ms(1);
    say("code %d pid %d", last_code, last_pid == child);
    wait_for(child);
    count = 0;
    child = fork();
    if (!child)
        for (;;)
            pause();
    kill(child, SIGSTOP);
    while (!count)
        sleep_ms(1);
    say("code %d", last_code);
    count = 0;
    kill(child, SIGCONT);
    while (!count)
        sleep_ms(1);
    say("code %d", last_code);
    handle_info(SIGCHLD, SA_NOCLDSTOP);
    count = 0;
    kill(child, SIGSTOP);
    int status;
    waitpid(child, &status, WUNTRACED);
    N(count);
    kill(child, SIGKILL);
    while (!count)
        sleep_ms(1);
    say("code %d", last_code);
}

CASE(process_groups, "kill setpgid")
{
    int ends[2];
    char byte;
    pid_t children[2];
    MUST(pipe(ends));
    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        if (!children[i]) {
            setpgid(0, i ? children[0] : 0);
            (void)!write(ends[1], "x", 1);
            for (;;)
                pause();
        }
        MUST(read(ends[0], &byte, 1));
    }
    T(kill(-children[0], 0));
    T(kill(-children[0], SIGTERM));
    for (int i = 0; i < 2; i++)
        say_status("child", wait_for(children[i]));
    T(kill(-children[0], 0));
    CHILD(setpgid(0, 0); signal(SIGUSR1, note); T(kill(0, SIGUSR1)); N(count));
}

CASE(signal_descriptors, "signalfd4 signalfd")
{
    sigset_t set = set_of(SIGUSR1, 40);
    uint8_t data[256];
    sigprocmask(SIG_BLOCK, &set, 0);
    int fd = T(syscall(SYS_signalfd4, -1, &set, 8, O_NONBLOCK | O_CLOEXEC));
    T(read(fd, data, sizeof data));
    raise(SIGUSR1);
    raise(SIGUSR1);
    sigqueue(getpid(), 40, (union sigval){.sival_int = 7});
    struct pollfd poller = {fd, POLLIN, 0};
    T(poll(&poller, 1, 0));
    T(read(fd, data, 100));
    T(read(fd, data, sizeof data));
    N(*(uint32_t *)data);
    N(*(int32_t *)(data + 8));
    T(read(fd, data, sizeof data));
    T(poll(&poller, 1, 0));
    T(syscall(SYS_signalfd4, fd, &set, 8, 0));
    T(syscall(SYS_signalfd4, 0, &set, 8, 0));
    T(syscall(SYS_signalfd4, -1, &set, 4, 0));
    T(syscall(SYS_signalfd4, -1, &set, 8, 1));
    T(syscall(SYS_signalfd4, -1, (void *)8, 8, 0));
    T(syscall(SYS_signalfd, -1, &set, 8));
}

CASE(floating_point_survives, "rt_sigaction rt_sigreturn")
{
    double value = 1.5;
    void spoil(int signal);
    handle(SIGUSR1, 0, spoil);
    long self = getpid(), result = SYS_kill;
    __asm__ volatile("movsd %1, %%xmm7; syscall; movsd %%xmm7, %1"
                     : "+a"(result), "+m"(value) : "D"(self), "S"(SIGUSR1) : "rcx", "r11", "xmm7", "memory");
    say("%ld %d", result, (int)(value * 10));
}

void spoil(int signal)
{
    (void)signal;
    __asm__ volatile("pxor %%xmm7, %%xmm7; pxor %%xmm0, %%xmm0" ::: "xmm7", "xmm0");
}

static stack_t stack_to_disarm;
static volatile int ended_children;

/* The stack is gone while a handler that has taken it with SS_AUTODISARM runs, so another may swap it. */
static void look_at_stack(int sig)
{
    stack_t now, other = stack_to_disarm;
    char here;
    sigaltstack(0, &now);
    say("signal %d: %s", sig, &here >= (char *)stack_to_disarm.ss_sp && &here < (char *)stack_to_disarm.ss_sp + stack_to_disarm.ss_size
                                  ? "on the alternate stack" : "on the stack of the program");
    say("flags %x, size %ld", now.ss_flags, (long)now.ss_size);
    other.ss_flags = 0;
    if (sig == SIGUSR1) {
        T(sigaltstack(&other, 0));
        sigaltstack(0, &now);
        say("flags %x", now.ss_flags);
        raise(SIGUSR2);
    }
}

CASE(disarmed_stacks, "sigaltstack rt_sigreturn")
{
    struct sigaction action = {.sa_handler = look_at_stack, .sa_flags = SA_ONSTACK};
    stack_t now;
    stack_to_disarm = (stack_t){.ss_sp = MUST(mmap(0, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)),
                              .ss_size = 16 * PAGE, .ss_flags = SS_AUTODISARM};
    sigaction(SIGUSR1, &action, 0);
    sigaction(SIGUSR2, &action, 0);
    T(sigaltstack(&stack_to_disarm, 0));
    sigaltstack(0, &now);
    IS(now.ss_flags == (int)SS_AUTODISARM && now.ss_sp == stack_to_disarm.ss_sp);
    raise(SIGUSR2);
    sigaltstack(0, &now);
    IS(now.ss_flags == (int)SS_AUTODISARM && now.ss_size == 16 * PAGE);
    raise(SIGUSR1);
    sigaltstack(0, &now);
    IS(now.ss_flags == (int)SS_AUTODISARM && now.ss_sp == stack_to_disarm.ss_sp);
    stack_to_disarm.ss_flags = SS_AUTODISARM | SS_ONSTACK;
    T(sigaltstack(&stack_to_disarm, 0));
    stack_to_disarm.ss_flags = SS_AUTODISARM | SS_DISABLE;
    T(sigaltstack(&stack_to_disarm, 0));
    sigaltstack(0, &now);
    say("flags %x", now.ss_flags);
    stack_to_disarm.ss_flags = SS_AUTODISARM | 8;
    T(sigaltstack(&stack_to_disarm, 0));
}

static void count_it(int sig)
{
    (void)sig;
    ended_children++;
}

static void end_three_children(void)
{
    pid_t children[3];
    int status;
    for (int i = 0; i < 3; i++)
        if (!(children[i] = MUST(fork())))
            _exit(i);
    T(waitpid(-1, &status, 0));
    for (int i = 0; i < 3; i++)
        T(kill(children[i], 0));
}

/* Children leave nothing to wait for; their signal comes all the same. */
CASE(children_that_are_not_waited_for, "rt_sigaction wait4 waitid")
{
    siginfo_t info;
    struct sigaction action = {.sa_handler = count_it, .sa_flags = SA_NOCLDWAIT | SA_RESTART};
    T(sigaction(SIGCHLD, &action, 0));
    end_three_children();
    IS(ended_children > 0);
    action.sa_handler = SIG_DFL;
    T(sigaction(SIGCHLD, &action, 0));
    end_three_children();
    T(waitid(P_ALL, 0, &info, WEXITED | WNOHANG));
    sigaction(SIGCHLD, 0, &action);
    IS(action.sa_flags & SA_NOCLDWAIT);
    action.sa_flags = 0;
    T(sigaction(SIGCHLD, &action, 0));
    pid_t child = MUST(fork());
    if (!child)
        _exit(5);
    say_status("child", wait_for(child));
    /* One that is already there when nobody wants it any more stays. */
    child = MUST(fork());
    if (!child)
        _exit(6);
    MUST(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
    action.sa_flags = SA_NOCLDWAIT;
    T(sigaction(SIGCHLD, &action, 0));
    say_status("child", wait_for(child));
}
