/* Who is furthest behind runs next. A thread is charged for its CPU time when it leaves the CPU or somebody might
   take it; one that wakes up takes it at once if it is behind enough, so whoever mostly sleeps hardly waits,
   and whoever wakes up all the time gets his share and no more.

   Under BOOT_STEADY virtual time stands still: all are equal, and take turns in the order in which they came. */
#include "fair.h"
#include "linux/resource.h"
#include "linux/sched.h"
#include "proc.h"

#define LEAD_NS 1000000UL   /* the running thread may be ahead of one that has just woken up by this much */
#define CREDIT_NS 3000000UL /* who wakes up is at most this far behind: more sleep gives no more */
#define CHARGE_MAX_NS (2 * TURN_NS) /* at once: what was used while nobody waited is held against nobody */

/* How fast virtual time goes by, in 65536ths: a step of niceness is a quarter more or less, as on Linux. */
static const u32 paces[NICE_MAX - NICE_MIN + 1] = {
    756, 944, 1181, 1476, 1845, 2306, 2882, 3603, 4504, 5629,
    7037, 8796, 10995, 13744, 17180, 21475, 26844, 33554, 41943, 52429,
    65536, 81920, 102400, 128000, 160000, 200000, 250000, 312500, 390625, 488281,
    610352, 762939, 953674, 1192093, 1490116, 1862645, 2328306, 2910383, 3637979, 4547474,
};
#define PACE_IDLE (65536UL * 1024 / 3) /* SCHED_IDLE */

struct tree fair_queue;
static u64 reached;    /* the virtual time of whoever went on the CPU last, unless it was greater before */
static u64 turn_start; /* the CPU time of the running thread when it did */

static u32 kind_of(const struct task *task) { return task->policy & ~SCHED_RESET_ON_FORK; }

static u64 virtual(const struct task *task, u64 ns) {
    u64 pace = kind_of(task) == SCHED_IDLE ? PACE_IDLE : paces[task->process->nice - NICE_MIN];
    return ns * pace >> 16;
}

void fair_charge(void) {
    u64 used = cpu_sum(current->cpu);
    i64 ns = (i64)(used - current->charged);
    if (ns <= 0)
        return;
    current->charged = used;
    if (likely(!current->realtime_priority && !(boot.flags & NV_BOOT_STEADY)))
        current->virtual_time.key += virtual(current, MIN((u64)ns, CHARGE_MAX_NS));
}

/* The meter has counted that time, or will have when it is settled. */
void fair_interrupted(u64 ns) {
    if (current->state == TASK_RUNNABLE)
        current->charged += ns;
}

void fair_begin(struct task *child) {
    task_cpu(current);
    fair_charge();
    child->virtual_time.key = current->virtual_time.key;
}

void fair_wakes(struct task *task) {
    task->virtual_time.key = MAX(task->virtual_time.key, reached - MIN(reached, CREDIT_NS));
}

void fair_turn(const struct task *next) {
    reached = MAX(reached, next->virtual_time.key);
    turn_start = cpu_sum(next->cpu);
}

void fair_yields(const struct task *next) {
    task_cpu(current);
    fair_charge();
    current->virtual_time.key = MAX(current->virtual_time.key, next->virtual_time.key);
}

/* Most of a turn is one: the tick that ends it comes by a clock that is not quite the thread's. Threads of
   SCHED_BATCH and SCHED_IDLE wait for that. */
bool fair_preempts(const struct task *next) {
    if (boot.flags & NV_BOOT_STEADY)
        return true;
    u64 used = cpu_sum(task_cpu(current));
    fair_charge();
    u64 lead = used - turn_start >= TURN_NS / 2 ? 0 : virtual(next, LEAD_NS);
    return (!lead || kind_of(next) == SCHED_OTHER) && current->virtual_time.key > next->virtual_time.key + lead;
}
