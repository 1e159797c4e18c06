/* Secure computing: privileges, children, programs and threads. */
#include "secure_computing.h"
#include <pthread.h>

CASE(without_privilege, "seccomp prctl")
{
    struct sock_filter filter[] = {ABOUT(getppid, SECCOMP_RET_ERRNO | 3)};
    if (!geteuid())
        CHILD(
            T(install(0, filter, L(filter)));
            T(syscall(SYS_getppid)));
    CHILD(
        if (!geteuid() && syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
        T(install(0, filter, L(filter)));
        T(install(0, filter, 0));
        T(install(0, 0, 1));
        T(install(0x40, filter, 1));
        no_new_privileges();
        T(install(0, filter, L(filter)));
        T(syscall(SYS_getppid)));
}

static char *status_lines(void)
{
    static char text[4096], found[256];
    int fd = MUST(open("/proc/thread-self/status", O_RDONLY));
    text[MUST(read(fd, text, sizeof text - 1))] = 0;
    close(fd);
    char *from = strstr(text, "NoNewPrivs"), *end = from ? strstr(from, "\nSpec") : 0;
    if (!end)
        end = from ? strstr(from, "\nCpus") : 0;
    snprintf(found, sizeof found, "%.*s", end ? (int)(end - from) : 0, from ? from : "");
    return found;
}

static void *tell_status(void *unused)
{
    say("%s", status_lines());
    return unused;
}

CASE(what_children_have, "seccomp clone fork")
{
    pthread_t thread;
    say("%s", status_lines());
    no_new_privileges();
    MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_ERRNO | 3)));
    MUST(INSTALL(ABOUT(getsid, SECCOMP_RET_ERRNO | 4)));
    say("%s", status_lines());
    CHILD(T(syscall(SYS_getppid)); say("%s", status_lines()); MUST(INSTALL(LAST)); say("%s", status_lines()));
    pthread_create(&thread, 0, tell_status, 0);
    pthread_join(thread, 0);
    say("%s", status_lines());
}

CASE(what_programs_have, "seccomp execve")
{
    if (getenv("CASE_AGAIN")) {
        T(syscall(SYS_getppid));
        say("%s", status_lines());
        return;
    }
    no_new_privileges();
    MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_ERRNO | 3)));
    setenv("CASE_AGAIN", "1", 1);
    execl("/proc/self/exe", "again", "--body", "what_programs_have", (char *)0);
}

static pthread_barrier_t meet;
static long own_verdict; /* what a thread's own filter says, or 0 */

static void *with_own_filter(void *unused)
{
    if (own_verdict) {
        no_new_privileges();
        MUST(INSTALL(ABOUT(getsid, own_verdict)));
    }
    pthread_barrier_wait(&meet);
    pthread_barrier_wait(&meet);
    T(syscall(SYS_getppid) > 0);
    say("%s", status_lines());
    return unused;
}

static void synchronise(long verdict, long flags)
{
    pthread_t thread;
    struct sock_filter filter[] = {ABOUT(getppid, SECCOMP_RET_ERRNO | 3)};
    own_verdict = verdict;
    pthread_barrier_init(&meet, 0, 2);
    pthread_create(&thread, 0, with_own_filter, 0);
    pthread_barrier_wait(&meet);
    no_new_privileges();
    long result = install(flags, filter, L(filter));
    say("synchronised: %s", result > 0 && result != getpid() ? "refused by a thread" : result ? error_name(errno) : "ok");
    pthread_barrier_wait(&meet);
    pthread_join(thread, 0);
    IS(syscall(SYS_getppid) > 0);
    say("%s", status_lines());
}

CASE(all_threads_at_once, "seccomp")
{
    CHILD(synchronise(0, 0));
    CHILD(synchronise(0, SECCOMP_FILTER_FLAG_TSYNC));
    CHILD(synchronise(SECCOMP_RET_ERRNO | 9, SECCOMP_FILTER_FLAG_TSYNC));
    CHILD(synchronise(SECCOMP_RET_ERRNO | 9, SECCOMP_FILTER_FLAG_TSYNC | 0x10 /* TSYNC_ESRCH */));
    CHILD(no_new_privileges(); MUST(INSTALL(LAST)); synchronise(0, SECCOMP_FILTER_FLAG_TSYNC));
}

static void *does_it(void *unused)
{
    syscall(SYS_getppid);
    say("goes on");
    return unused;
}

static void *waits(void *unused)
{
    pause();
    return unused;
}

CASE(one_thread_or_all, "seccomp")
{
    no_new_privileges();
    CHILD(
        pthread_t thread;
        MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_KILL_THREAD)));
        pthread_create(&thread, 0, does_it, 0);
        sleep_ms(50);
        say("the others live"));
    CHILD(
        pthread_t thread;
        MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_KILL_PROCESS)));
        pthread_create(&thread, 0, does_it, 0);
        sleep_ms(2000);
        say("the others live"));
    CHILD(MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_KILL_THREAD))); signal(SIGSYS, SIG_IGN); does_it(0));
    CHILD(
        pthread_t thread;
        pthread_create(&thread, 0, waits, 0);
        MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_TRAP)));
        does_it(0));
}

CASE(privileges_of_threads, "prctl")
{
    pthread_t thread;
    own_verdict = SECCOMP_RET_ERRNO | 9;
    pthread_barrier_init(&meet, 0, 2);
    pthread_create(&thread, 0, with_own_filter, 0);
    pthread_barrier_wait(&meet);
    T(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    pthread_barrier_wait(&meet);
    pthread_join(thread, 0);
    T(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}
