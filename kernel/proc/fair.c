/* Who is furthest behind runs next. A thread is charged for its CPU time when it leaves the CPU or somebody might
   take it; one that wakes up takes it at once if it is behind enough, so whoever mostly sleeps hardly waits,
   and whoever wakes up all the time gets his share and no more.

   Under BOOT_STEADY virtual time stands still: all are equal, and take turns in the order in which they came. */
#include "fair.h"
#include "linux/resource.h"
#include "linux/sched.h"
#include "proc.h"

#define LEAST_NS 100000UL  /* nobody loses the CPU earlier, however many wake up and however often */
#define HURRY_NS 1000000UL /* between two interrupts for the end of a least turn: some wake each other all the time */
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
struct fair_turn fair_turn;
static u64 hurried; /* when an interrupt was last asked for because of a least turn */

static u32 kind_of(const struct task *task) { return task->policy & ~SCHED_RESET_ON_FORK; }

static u64 pace_of(const struct task *task) {
    return kind_of(task) == SCHED_IDLE ? PACE_IDLE : paces[task->process->nice - NICE_MIN];
}

void fair_charge(void) {
    u64 used = cpu_sum(current->cpu);
    i64 ns = (i64)(used - current->charged);
    if (ns <= 0)
        return;
    current->charged = used;
    if (likely(!current->realtime_priority && !(boot.flags & NV_BOOT_STEADY)))
        current->virtual_time.key += MIN((u64)ns, CHARGE_MAX_NS) * pace_of(current) >> 16;
}

/* The meter has counted that time, or will have when it is settled. */
void fair_interrupted(u64 ns) {
    if (current->state != TASK_RUNNABLE)
        return;
    current->charged += ns;
    fair_turn.begun += ns;
}

void fair_inherit(struct task *child) {
    task_cpu(current);
    fair_charge();
    child->virtual_time.key = current->virtual_time.key;
}

void fair_yields(const struct task *next) {
    task_cpu(current);
    fair_charge();
    current->virtual_time.key = MAX(current->virtual_time.key, next->virtual_time.key);
}

/* When it is ahead and has had the least turn; those of SCHED_BATCH and SCHED_IDLE wait for most of a whole one. */
bool fair_preempts(const struct task *next) {
    if (boot.flags & NV_BOOT_STEADY)
        return true;
    i64 used = (i64)(cpu_sum(task_cpu(current)) - fair_turn.begun);
    i64 least = kind_of(next) == SCHED_OTHER ? LEAST_NS : TURN_NS / 2;
    fair_charge();
    fair_turn.left = TURN_NS;
    if (current->virtual_time.key <= next->virtual_time.key)
        return false;
    if (used >= least)
        return true;
    u64 now = clock_monotonic();
    if (current->virtual_time.key > next->virtual_time.key + LEAST_NS && now - hurried >= HURRY_NS) {
        hurried = now;
        fair_turn.left = (u64)(least - MAX(used, 0));
        timers_stale = true;
    }
    return false;
}
