/* What the cases about lent priorities share: locks of user space, and who runs in which order. */
#pragma once
#include "case.h"
#include <linux/futex.h>
#include <stdatomic.h>

static inline long futex(uint32_t *word, int op, uint32_t value, const void *timeout, uint32_t *other, uint32_t last)
{
    return syscall(SYS_futex, word, op, value, timeout, other, last);
}

static inline long lock(uint32_t *word)
{
    return futex(word, FUTEX_LOCK_PI, 0, 0, 0, 0);
}

static inline long unlock(uint32_t *word)
{
    return futex(word, FUTEX_UNLOCK_PI, 0, 0, 0, 0);
}

/* What the processes of a case share. */
struct shared {
    uint32_t a, b, c, condition;
    atomic_int next, seen[32];
};

static inline struct shared *shared_memory(void)
{
    return MUST((struct shared *)mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

static inline void note(struct shared *s, int what)
{
    int at = s->next++;
    if (at < 32)
        s->seen[at] = what;
}

static inline void say_order(struct shared *s)
{
    char text[256] = "";
    for (int i = 0; i < s->next && i < 32; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), " %d", s->seen[i]);
    say("order:%s", text);
}

/* A word of such a lock, without the number of its owner. */
static inline void say_word(const char *what, uint32_t word, pid_t owner)
{
    say("%s:%s%s %s", what, word & FUTEX_WAITERS ? " waiters" : "", word & FUTEX_OWNER_DIED ? " died" : "",
        !(word & FUTEX_TID_MASK) ? "free" : (word & FUTEX_TID_MASK) == (uint32_t)owner ? "owned" : "owned by another");
}

static inline void set_policy(pid_t who, int policy, int priority)
{
    MUST(syscall(SYS_sched_setscheduler, who, policy, &(struct sched_param){.sched_priority = priority}));
}

static inline void one_processor(void)
{
    unsigned long set[16] = {1};
    MUST(syscall(SYS_sched_setaffinity, 0, sizeof set, set));
}

/* The priority with which a process runs, and the one it has by its policy. */
static inline void say_priority(const char *who, pid_t process)
{
    char path[32], text[1024];
    long fields[60] = {0};
    int number = 3;
    snprintf(path, sizeof path, "/proc/%d/stat", process);
    int fd = MUST(open(path, O_RDONLY | O_CLOEXEC));
    text[MUST(read(fd, text, sizeof text - 1))] = 0;
    close(fd);
    for (char *word = strtok(strrchr(text, ')') + 4, " "); word && number < 59; word = strtok(0, " "))
        fields[++number] = atol(word);
    say("%s: %ld, %ld", who, fields[18], fields[40]);
}

static inline void wait_for_all(void)
{
    while (wait(0) > 0)
        ;
}

/* A child of this priority (0: none) that runs the statements until they sleep. */
#define CHILD_OF(child, priority, ...)                                                  \
    pid_t child = MUST(fork());                                                         \
    if (!child) {                                                                       \
        set_policy(0, (priority) ? SCHED_FIFO : SCHED_OTHER, priority);                 \
        __VA_ARGS__;                                                                    \
        _exit(0);                                                                       \
    }                                                                                   \
    until_asleep(child)

/* Only root gets real-time priority; natively the case says nothing without. */
#define ROOT_ONLY if (geteuid()) return

static inline void on_signal(int number)
{
    (void)number;
    (void)!write(1, "handler\n", 8);
}
