/* Timers: a tree by deadline. The host's one-shot timer is set on the way back to user mode, and only
   when what it would do is too late: a switch between two tasks costs no hypercall. */
#include "fair.h"
#include "hypercall.h"
#include "privilege.h"
#include "proc.h"
#include "trap.h"

#define REST_NS 50000UL             /* between two interrupts: no less than the timer slack of a Linux program */
#define REST_SUNK_NS 400000UL       /* where setting the timer and taking its interrupt is slower than that */
#define STORM_NS 2000000UL          /* interrupts that are further apart are none */
#define TICK_STEADY_NS 4000000000UL /* only for programs that wait by spinning */

bool timers_stale;

static struct tree timers;
static u64 host_deadline = NEVER; /* when VECTOR_TIMER comes, as far as we know */
static u64 interrupted, rest; /* timers, however many and short, leave programs time to run: when, and how much */
static bool ticking;
static u64 turn_end; /* under BOOT_STEADY: when the running task has had its turn */

static bool steady(void) { return boot.flags & NV_BOOT_STEADY; }

void turn_begins(void) {
    if (steady())
        turn_end = clock_monotonic() + TICK_STEADY_NS;
}

u64 timer_next(void) {
    struct tree_node *first = tree_first(&timers);
    return first ? first->key : NEVER;
}

void timer_start(struct timer *timer, u64 deadline) {
    timer_cancel(timer);
    timer->node.key = deadline;
    timer->armed = true;
    tree_insert(&timers, &timer->node);
    timers_stale |= deadline < host_deadline;
}

u64 timer_again(struct timer *timer, u64 period) {
    u64 now = clock_monotonic(), missed = (now - timer->node.key) / period;
    if (period < TIMER_GAP_NS) {
        missed = TIMER_GAP_NS / period;
        timer_start(timer, now + TIMER_GAP_NS);
    } else {
        timer_start(timer, timer->node.key + (missed + 1) * period);
    }
    return missed;
}

void timer_cancel(struct timer *timer) {
    if (timer->armed) {
        timer->armed = false;
        tree_remove(&timers, &timer->node);
    }
}

u64 timer_left(const struct timer *timer) {
    u64 now = clock_monotonic();
    return !timer->armed ? 0 : timer->node.key > now ? timer->node.key - now : 1;
}

void tick_needed(bool yes) {
    ticking = yes;
    timers_stale |= yes;
}

/* A host timer that is too early is left alone: it costs one interrupt, changing it costs as much. */
void timers_arm(void) {
    u64 wanted = timer_next(), now = clock_monotonic();
    timers_stale = false;
    if (ticking)
        wanted = MIN(wanted, now + (steady() ? TICK_STEADY_NS : fair_turn.left));
    if (now - interrupted < STORM_NS)
        wanted = MAX(wanted, now + rest);
    if (wanted >= host_deadline)
        return;
    host_deadline = wanted;
    hc_begin(NV_OP_TIMER);
    hc_arg(0, wanted);
    hc_ring();
}

void timer_interrupt(void) {
    clock_refresh();
    u64 now = clock_monotonic();
    if (host_deadline <= now)
        host_deadline = NEVER;
    for (struct tree_node *node; (node = tree_first(&timers)) && node->key <= now;) {
        struct timer *timer = tree_entry(node, struct timer, node);
        timer_cancel(timer);
        timer->fn(timer);
    }
    interrupted = clock_monotonic();
    fair_interrupted(interrupted - now);
    rest = interrupted - now + (sunk && !steady() ? REST_SUNK_NS : REST_NS);
    if (!steady() || now >= turn_end)
        need_resched = true; /* the tick, or somebody has woken up */
    timers_stale = true;
}
