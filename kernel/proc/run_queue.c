/* Real-time threads: a list, sorted by priority. Those that never all sleep leave the others one twentieth of
   the CPU, as Linux does. */
#include "run_queue.h"
#include "linux/sched.h"
#include "trap.h"

#define REALTIME_MOST_NS 950000000UL /* at a stretch, while others wait */
#define OTHERS_TURN_NS 50000000UL

struct list realtime_queue = LIST_INIT(realtime_queue);
u64 others_until;
static u64 realtime_since; /* real-time threads have had the CPU since then, and others have waited */
static u64 turn_start;     /* of the running real-time thread */

void run_queue_add_realtime(struct task *task, bool first) {
    struct task *other;
    if (!task->realtime_priority) {
        if (!fair_first())
            realtime_since = clock_monotonic(); /* nobody has waited up to now */
        return;
    }
    list_for_each(other, &realtime_queue, run_link)
        if (other->realtime_priority < task->realtime_priority + first)
            break;
    list_insert_between(&task->run_link, other->run_link.prev, &other->run_link);
}

/* NULL: it is the turn of the others, or there is none that may run. */
struct task *run_queue_next_realtime(void) {
    struct task *task;
    if (others_until && clock_monotonic() < others_until && fair_first())
        return NULL;
    list_for_each(task, &realtime_queue, run_link)
        if (!task->held)
            return task;
    return NULL;
}

/* Have real-time threads kept others waiting for too long? Then it is their turn. */
static bool others_are_due(u64 now) {
    if (now - realtime_since < REALTIME_MOST_NS || !fair_first())
        return false;
    others_until = now + OTHERS_TURN_NS;
    return true;
}

void run_queue_leave_realtime(void) { others_are_due(clock_monotonic()); }

bool run_queue_preempts_realtime(const struct task *next) {
    const struct task *running = current;
    u64 now = clock_monotonic();
    if (!running->realtime_priority)
        return now >= others_until;
    if (next->realtime_priority > running->realtime_priority || others_are_due(now))
        return true;
    return next->realtime_priority == running->realtime_priority &&
           (running->policy & ~SCHED_RESET_ON_FORK) == SCHED_RR &&
           running->slice_used + (now - turn_start) >= SCHED_RR_SLICE_NS;
}

void run_queue_switch_realtime(struct task *last, const struct task *next) {
    u64 now = clock_monotonic();
    if (last->realtime_priority) {
        last->slice_used += now - turn_start;
        if (last->slice_used >= SCHED_RR_SLICE_NS)
            last->slice_used = 0;
    } else {
        realtime_since = now;
    }
    if (next->realtime_priority)
        others_until = 0;
    turn_start = now;
}

void run_queue_prioritise(struct task *task, u8 priority) {
    bool lower = priority < task->realtime_priority, fresh = !task->realtime_priority;
    if (priority == task->realtime_priority)
        return;
    bool queued = task->queued;
    if (queued)
        run_queue_remove(task);
    task->realtime_priority = priority;
    need_resched = true;
    if (!priority)
        fair_wakes(task); /* virtual time has gone on without it */
    if (fresh)
        cpu_realtime_begins(task);
    if (task == current && fresh)
        turn_start = realtime_since = clock_monotonic();
    else if (queued)
        run_queue_add(task, lower);
}
