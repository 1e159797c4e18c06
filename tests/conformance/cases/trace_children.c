/* Tracing: new processes, threads and programs of a traced process. */
#include "trace.h"
#include <pthread.h>

CASE(children_of_tracees, "ptrace fork vfork")
{
    pid_t child = TRACED({
        if (!fork())
            _exit(3);
        wait(0);
        if (!vfork())
            _exit(4);
        wait(0);
    });
    MUST(ask_n(PTRACE_SETOPTIONS, child, 0,
               PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEVFORKDONE | PTRACE_O_TRACEEXIT));
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    for (int i = 0; i < 2; i++) {
        unsigned long other = 0;
        news_of("child", child);
        info_of(child);
        T(ask(PTRACE_GETEVENTMSG, child, 0, &other));
        news_of("grandchild", other);
        info_of(other);
        IS(registers_of(other).rax == 0);
        MUST(ask_n(PTRACE_CONT, other, 0, 0));
        news_of("grandchild", other);
        say_message(other, 0);
        MUST(ask_n(PTRACE_CONT, other, 0, 0));
        MUST(ask_n(PTRACE_CONT, child, 0, 0));
        news_of("grandchild", other);
        if (i) {
            news_of("child", child);
            say_message(child, other);
            MUST(ask_n(PTRACE_CONT, child, 0, 0));
        }
        news_of("child", child); /* SIGCHLD */
        MUST(ask_n(PTRACE_CONT, child, 0, 0));
    }
    news_of("child", child);
    say_message(child, 0);
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
}

CASE(new_programs, "ptrace execve")
{
    for (int option = 0; option < 2; option++) {
        pid_t child = TRACED(execl("/proc/self/exe", "cases", "--body", "nothing", (char *)0));
        MUST(ask_n(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | (option ? PTRACE_O_TRACEEXEC : 0)));
        MUST(ask_n(PTRACE_CONT, child, 0, 0));
        news_of("child", child);
        info_of(child);
        say_message(child, option ? child : 0);
        struct user_regs_struct r = registers_of(child);
        say("orig_rax %lld, rax %lld, rbx %llx, rip %d", (long long)r.orig_rax, (long long)r.rax, r.rbx, r.rip != 0);
        MUST(ask_n(PTRACE_SYSCALL, child, 0, 0));
        news_of("child", child);
        say_call(child);
        MUST(ask_n(PTRACE_CONT, child, 0, 0));
        news_of("child", child);
    }
}

static void *just_end(void *unused) { return unused; }

CASE(threads_of_tracees, "ptrace clone exit wait4")
{
    pid_t child = TRACED({
        pthread_t thread;
        pthread_create(&thread, 0, just_end, 0);
        pthread_join(thread, 0);
        raise(SIGUSR2);
        _exit(5);
    });
    MUST(ask_n(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXIT));
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
    unsigned long thread = 0;
    T(ask(PTRACE_GETEVENTMSG, child, 0, &thread));
    news_of("thread", thread);
    MUST(ask_n(PTRACE_CONT, thread, 0, 0));
    MUST(ask_n(PTRACE_CONT, child, 0, 0)); /* which holds a lock */
    news_of("thread", thread);
    say_message(thread, 0);
    T(waitpid(child, 0, WNOHANG)); /* it waits for the thread */
    MUST(ask_n(PTRACE_CONT, thread, 0, 0));
    news_of("thread", thread);
    news_of("thread", thread);
    news_of("child", child);
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
    say_message(child, 0);
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
}

static void *start_again(void *unused)
{
    (void)unused;
    execl("/proc/self/exe", "cases", "--body", "nothing", (char *)0);
    return 0;
}

/* A thread that is not the first starts a new program: it takes over the number, and the first is gone. */
CASE(a_thread_starts_a_program, "ptrace execve clone")
{
    pid_t child = TRACED({
        pthread_t thread;
        pthread_create(&thread, 0, start_again, 0);
        for (;;)
            pause();
    });
    MUST(ask_n(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC));
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
    unsigned long thread = 0, old = 0;
    T(ask(PTRACE_GETEVENTMSG, child, 0, &thread));
    news_of("thread", thread);
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    MUST(ask_n(PTRACE_CONT, thread, 0, 0));
    news_of("child", child);
    T(ask(PTRACE_GETEVENTMSG, child, 0, &old));
    IS(old == thread);
    T(ask_n(PTRACE_CONT, thread, 0, 0));
    T(waitpid(thread, 0, __WALL | WNOHANG));
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
}
