/* What must survive when a machine moves to another CPU; each says "ready" when it may be saved.
     moving registers N     x87, SSE and their control words hold values, until a timer ends it in N ms
     moving handler N       the same in a signal handler on its own stack, and in what it interrupted
     moving epoll N         a server waits for a client that sleeps between N requests
     moving wide N          a process sleeps with wide vector registers in use while another computes
     moving frame N         a handler is at work that interrupted a program with such registers */
#include <arpa/inet.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EACH(f) f(0) f(1) f(2) f(3) f(4) f(5) f(6) f(7) f(8) f(9) f(10) f(11) f(12) f(13) f(14) f(15)
#define SET(n) "movdqu 16*" #n "(%0), %%xmm" #n "\n\t"
#define GET(n) "movdqu %%xmm" #n ", 16*" #n "(%1)\n\t"
#define NAME(n) , "xmm" #n

static volatile int handled, rung, ticks;

static void say_ready(void) {
    if (write(1, "ready\n", 6) != 6)
        exit(1);
}

static void fill(uint64_t *values, uint64_t from) {
    for (int i = 0; i < 32; i++)
        values[i] = from = from * 6364136223846793005UL + 1442695040888963407UL;
}

/* All registers are loaded, nothing touches them until `*until` is not 0, and all are stored again. */
static void hold(uint64_t from, volatile int *until) {
    uint64_t before[32], after[32];
    uint32_t mxcsr = 0x7f80, mxcsr_after; /* round towards 0 */
    uint16_t control = 0x077f, control_after; /* round down, short precision */
    double stack[3], pushed[3] = {1.5, -2.25e-300, 3.125e200};
    uint32_t usual = 0x1f80;
    fill(before, from);
    __asm__ volatile("fninit; fldcw %[control]; fldl (%[pushed]); fldl 8(%[pushed]); fldl 16(%[pushed]); ldmxcsr %[mxcsr]\n\t" EACH(SET)
                     "1: cmpl $0, %[until]; je 1b\n\t" EACH(GET)
                     "stmxcsr %[mxcsr_after]; fnstcw %[control_after]\n\t"
                     "fstpl (%[stack]); fstpl 8(%[stack]); fstpl 16(%[stack]); fninit; ldmxcsr %[usual]"
                     :
                     : "r"(before), "r"(after), [stack] "r"(stack), [pushed] "r"(pushed), [usual] "m"(usual), [mxcsr] "m"(mxcsr), [control] "m"(control),
                       [mxcsr_after] "m"(mxcsr_after), [control_after] "m"(control_after), [until] "m"(*until)
                     : "memory", "cc" EACH(NAME));
    printf("%s %x %x %.17g %.17g %.17g\n", memcmp(before, after, sizeof(before)) ? "changed" : "kept", mxcsr_after,
           control_after, stack[0], stack[1], stack[2]);
}

static void ring(int signo) {
    (void)signo;
    rung = 1;
}

static void ring_in(unsigned ms) {
    struct sigaction action = {.sa_handler = ring, .sa_flags = SA_RESTART};
    struct itimerval once = {.it_value = {ms / 1000, ms % 1000 * 1000}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &once, NULL);
}

static void tick(int signo) {
    (void)signo;
    ticks++;
}

static void handle(int signo, siginfo_t *info, void *context) {
    char here;
    stack_t stack;
    (void)signo, (void)context;
    say_ready();
    hold(7, &rung);
    sigaltstack(NULL, &stack);
    printf("signal %d with %d, %s\n", info->si_signo, info->si_value.sival_int,
           &here > (char *)stack.ss_sp && &here < (char *)stack.ss_sp + stack.ss_size ? "on its stack" : "astray");
    handled = 1;
}

static timer_t timer_with(struct sigevent *event, struct itimerspec *when) {
    timer_t timer;
    timer_create(CLOCK_MONOTONIC, event, &timer);
    timer_settime(timer, 0, when, NULL);
    return timer;
}

static void in_a_handler(unsigned ms) {
    static char room[1 << 16];
    stack_t stack = {.ss_sp = room, .ss_size = sizeof(room)};
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_ONSTACK | SA_SIGINFO};
    struct sigaction ticking = {.sa_handler = tick, .sa_flags = SA_RESTART};
    struct sigevent to_handle = {.sigev_signo = SIGUSR1, .sigev_value = {.sival_int = 42}};
    struct sigevent to_tick = {.sigev_signo = SIGUSR2};
    struct itimerspec once = {.it_value = {0, 1000000}};
    struct itimerspec every = {{0, 50000000}, {0, 50000000}};
    sigaltstack(&stack, NULL);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &ticking, NULL);
    ring_in(ms);
    timer_with(&to_tick, &every);
    timer_with(&to_handle, &once);
    hold(1, &handled);
    int before = ticks;
    while (ticks < before + 2)
        pause();
    puts("ticking");
}

/* Sets ymm5, waits in the kernel or until `*until` is not 0, and looks whether it is still there. */
__attribute__((target("avx"))) static const char *hold_wide(const struct timespec *sleep, volatile int *until) {
    static const double value[4] = {1, 2, 3, 4};
    double after[4];
    long result = 35; /* nanosleep(2) */
    if (sleep)
        __asm__ volatile("vmovupd %[value], %%ymm5; syscall; vmovupd %%ymm5, %[after]; vzeroupper"
                         : "+a"(result), [after] "=m"(after)
                         : [value] "m"(value), "D"(sleep), "S"(0)
                         : "rcx", "r11", "memory", "xmm5");
    else
        __asm__ volatile("vmovupd %[value], %%ymm5; 1: cmpl $0, %[until]; je 1b; vmovupd %%ymm5, %[after]; vzeroupper"
                         : [after] "=m"(after)
                         : [value] "m"(value), [until] "m"(*until)
                         : "memory", "xmm5");
    return memcmp(value, after, sizeof(value)) ? "lost" : "all there";
}

static void beside_wide_registers(unsigned ms) {
    struct timespec moment = {0, 50000000}, sleep = {ms / 1000, ms % 1000 * 1000000};
    int status;
    if (!fork()) {
        puts(hold_wide(&sleep, NULL));
        exit(0);
    }
    nanosleep(&moment, NULL);
    ring_in(ms);
    say_ready();
    hold(5, &rung);
    wait(&status);
}

static void above_a_wide_frame(unsigned ms) {
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
    struct sigevent to_handle = {.sigev_signo = SIGUSR1, .sigev_value = {.sival_int = 42}};
    struct itimerspec once = {.it_value = {0, 1000000}};
    sigaction(SIGUSR1, &action, NULL);
    ring_in(ms);
    timer_with(&to_handle, &once);
    puts(hold_wide(NULL, &handled));
}

static void client(struct sockaddr_in *address, int count) {
    for (int i = 0; i < count; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        char line[32], answer[64];
        struct timespec pause = {0, 200000000};
        nanosleep(&pause, NULL);
        if (connect(fd, (struct sockaddr *)address, sizeof(*address)))
            exit(2);
        int size = snprintf(line, sizeof(line), "request %d", i);
        if (write(fd, line, size) != size)
            exit(3);
        shutdown(fd, SHUT_WR);
        ssize_t got = read(fd, answer, sizeof(answer));
        printf("%.*s\n", (int)(got < 0 ? 0 : got), answer);
        close(fd);
    }
    exit(0);
}

static int serve(int count) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0), status, served = 0;
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = listener}};
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 8))
        return 4;
    getsockname(listener, (struct sockaddr *)&address, &size);
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    fflush(stdout);
    say_ready();
    if (!fork())
        client(&address, count);
    while (served < count && epoll_wait(poll, &event, 1, 20000) == 1) {
        char line[64] = "answer to ";
        if (event.data.fd == listener) {
            event.data.fd = accept(listener, NULL, NULL);
            event.events = EPOLLIN;
            epoll_ctl(poll, EPOLL_CTL_ADD, event.data.fd, &event);
            continue;
        }
        ssize_t got = read(event.data.fd, line + 10, sizeof(line) - 10);
        if (write(event.data.fd, line, 10 + got) != 10 + got)
            return 5;
        close(event.data.fd);
        served++;
    }
    wait(&status);
    printf("served %d, status %d\n", served, status);
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 9;
    int count = atoi(argv[2]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!strcmp(argv[1], "registers")) {
        ring_in(count);
        say_ready();
        hold(3, &rung);
    } else if (!strcmp(argv[1], "handler")) {
        in_a_handler(count);
    } else if (!strcmp(argv[1], "wide")) {
        beside_wide_registers(count);
    } else if (!strcmp(argv[1], "frame")) {
        above_a_wide_frame(count);
    } else if (!strcmp(argv[1], "epoll")) {
        return serve(count);
    }
    return 0;
}
