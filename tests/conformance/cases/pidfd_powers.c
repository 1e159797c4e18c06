/* Descriptors for processes: programs they start, their files, advice to their memory. */
#include "pidfds.h"
#include <pthread.h>

static void *run_another(void *fd)
{
    char number[16];
    snprintf(number, sizeof number, "%d", *(int *)fd);
    setenv("CASE_AGAIN", number, 1);
    execl("/proc/self/exe", "again", "--body", "descriptors_and_programs", (char *)0);
    return 0;
}

/* The thread that starts a program gets the number of the leader, and loses its own. */
CASE(descriptors_and_programs, "pidfd_open execve clone poll")
{
    int to_exec, to_lead;
    if (getenv("CASE_AGAIN")) {
        sleep_ms(300);
        return;
    }
    MUST(pipe(ends));
    pid_t child = fork();
    if (!child) {
        pthread_t thread;
        pthread_create(&thread, 0, wait_for_word, 0);
        while (!tid)
            sleep_ms(1);
        to_exec = MUST(open_pid(tid, PIDFD_THREAD));
        to_lead = MUST(open_pid(getpid(), 0));
        fcntl(to_exec, F_SETFD, 0);
        fcntl(to_lead, F_SETFD, 0);
        show_events(to_exec);
        pthread_t other;
        pthread_create(&other, 0, run_another, &to_lead);
        pthread_join(other, 0);
        _exit(1);
    }
    to_lead = MUST(open_pid(child, PIDFD_THREAD));
    struct pollfd at = {.fd = to_lead, .events = POLLIN};
    T(poll(&at, 1, 100));
    T(poll(&at, 1, 5000));
    show_events(to_lead);
    say_status("child", wait_for(child));
    show_events(to_lead);
}

CASE(files_of_others, "pidfd_getfd pidfd_open")
{
    char text[8] = "";
    int there[2], word[2];
    MUST(pipe(there));
    MUST(pipe(word));
    pid_t child = MUST(fork());
    if (!child) {
        char byte;
        int fd = MUST(dup2(file_with("f", "content"), 40));
        MUST(lseek(fd, 3, SEEK_SET));
        MUST(write(there[1], "x", 1));
        (void)!read(word[0], &byte, 1);
        N(lseek(40, 0, SEEK_CUR));
        (void)!read(word[0], &byte, 1);
        _exit(0);
    }
    MUST(read(there[0], text, 1));
    int pidfd = OK(open_pid(child, 0)), file = OK(syscall(SYS_pidfd_getfd, pidfd, 40, 0));
    N(fcntl(file, F_GETFD));
    T(read(file, text, 2));
    say("%.2s", text);
    T(syscall(SYS_pidfd_getfd, pidfd, 41, 0));
    T(syscall(SYS_pidfd_getfd, pidfd, -1, 0));
    T(syscall(SYS_pidfd_getfd, pidfd, 40, 1));
    T(syscall(SYS_pidfd_getfd, file, 40, 0));
    int thread = OK(open_pid(child, PIDFD_THREAD));
    OK(syscall(SYS_pidfd_getfd, thread, 40, 0));
    if (!geteuid())
        CHILD(
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            T(syscall(SYS_pidfd_getfd, pidfd, 40, 0)));
    MUST(write(word[1], "x", 1));
    MUST(write(word[1], "x", 1));
    until_asleep(child);
    while (state_of(child) != 'Z')
        sleep_ms(1);
    T(syscall(SYS_pidfd_getfd, pidfd, 77, 0) < 0);
    say_status("child", wait_for(child));
    T(syscall(SYS_pidfd_getfd, pidfd, 40, 0));
}

CASE(advice_to_others, "process_madvise pidfd_open")
{
    char *at = MUST(mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    static const int advice[] = {0, 3, 4, 8, 9, 20, 21, 77};
    struct iovec parts[2] = {{at, PAGE}, {at + 2 * PAGE, 2 * PAGE}};
    pid_t child = MUST(fork());
    if (!child)
        pause();
    int self = MUST(syscall(SYS_pidfd_open, getpid(), 0)), other = MUST(syscall(SYS_pidfd_open, child, 0));
    at[0] = at[PAGE] = at[2 * PAGE] = 7;
    for (unsigned i = 0; i < sizeof advice / sizeof *advice; i++) {
        N(advice[i]);
        T(syscall(SYS_process_madvise, self, parts, 2, advice[i], 0));
        T(syscall(SYS_process_madvise, other, parts, 2, advice[i], 0));
        say("%d %d %d", at[0], at[PAGE], at[2 * PAGE]);
    }
    T(syscall(SYS_process_madvise, self, parts, 2, 20, 1));
    T(syscall(SYS_process_madvise, self, parts, 0, 20, 0));
    T(syscall(SYS_process_madvise, self, parts, -1, 20, 0));
    T(syscall(SYS_process_madvise, 1, parts, 1, 20, 0));
    parts[1].iov_base = at + 1;
    T(syscall(SYS_process_madvise, self, parts, 2, 20, 0));
    parts[0].iov_base = at + 1;
    T(syscall(SYS_process_madvise, self, parts, 2, 20, 0));
    parts[0].iov_base = parts[1].iov_base = at;
    MUST(munmap(at + PAGE, PAGE));
    parts[1].iov_len = 3 * PAGE;
    T(syscall(SYS_process_madvise, self, parts, 2, 20, 0));
    T(syscall(448 /* process_mrelease */, other, 0));
    T(syscall(448, other, 1));
    T(syscall(448, 1, 0));
    if (!geteuid())
        CHILD(
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            T(syscall(SYS_process_madvise, other, parts, 1, 20, 0)));
    kill(child, SIGKILL);
    wait_for(child);
    T(syscall(SYS_process_madvise, other, parts, 1, 20, 0));
    T(syscall(448, other, 0));
}
