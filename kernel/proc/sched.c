/* The scheduler: one CPU, one run queue, no preemption in the kernel. With a single runnable
   task there is no tick at all; with none the machine sleeps in the IDLE hypercall. */
#include "cpumeter.h"
#include "errno.h"
#include "fpu.h"
#include "hypercall.h"
#include "kstack.h"
#include "lib.h"
#include "mm.h"
#include "privilege.h"
#include "proc.h"
#include "run_queue.h"
#include "trap.h"

struct task *current;
static struct task *last_dead; /* its stack is free once another runs */

void sched_add(struct task *task) {
    if (task->state == TASK_RUNNABLE && task->queued)
        return;
    if (unlikely(task->realtime_priority) && task->state != TASK_RUNNABLE)
        cpu_realtime_begins(task);
    task->state = TASK_RUNNABLE;
    if (!task->queued) {
        fair_wakes(task);
        run_queue_add(task, false);
    }
    if (task != current)
        tick_needed(true);
    need_resched |= task->realtime_priority > current->realtime_priority;
}

/* Nothing runs until an event or a timer makes somebody runnable. */
static void idle(void) {
    while (!run_queue_next()) {
        u64 deadline = timer_next();
        hc_begin(NV_OP_IDLE);
        hc_arg(0, deadline == NEVER ? 0 : deadline);
        idle_ring();
        timer_interrupt();
        events_poll();
    }
}

static void reap_dead(void) {
    if (last_dead) {
        struct task *dead = last_dead;
        last_dead = NULL;
        kstack_free(dead->kernel_stack);
        task_free(dead);
    }
}

static void load(struct task *task) {
    user_space_load(task->mm ? task->mm->root : kernel_root);
    user_stack_load(task->kernel_stack + KSTACK_SIZE);
    user_bases_load(task->fs_base, task->gs_base);
    kernel_stack_segment_load();
    fpu_restore(task->fpu);
}

static void switch_to(struct task *next) {
    struct task *prev = current;
    if (prev->state != TASK_DEAD)
        fpu_save(prev->fpu);
    current = next;
    load(next);
    context_switch(&prev->kernel_sp, next->kernel_sp);
    reap_dead();
}

void schedule(void) {
    need_resched = false;
    cpu_charge();
    cpu_settle();
    bool waits = current->state != TASK_RUNNABLE;
    current->counts.waits += waits;
    if (current->process) {
        cpu_leave(current->process);
        if (!current->queued)
            fair_charge();
    }
    run_queue_leave(current);
    struct task *next = run_queue_next();
    if (!next) {
        idle();
        cpu_restart();
        next = run_queue_next();
    }
    run_queue_remove(next);
    run_queue_switch(current, next);
    if (run_queue_empty())
        tick_needed(false);
    cpu_enter(next);
    turn_begins();
    if (next == current)
        return;
    current->counts.preemptions += !waits;
    current->rseq_interrupted |= current->rseq_registered;
    switch_to(next);
}

noreturn void schedule_dead(void) {
    reap_dead();
    last_dead = current;
    schedule();
    panic("a dead task ran");
}

/* First code of a new task (boot/entry.S, task_start). */
void task_begin(struct trapframe *frame) {
    reap_dead();
    return_to_user(frame);
}

/* Back into the queue, and on with whoever has the best claim. */
static void give_way(bool first) {
    run_queue_add(current, first);
    schedule();
}

void yield(void) {
    const struct task *next = run_queue_next();
    need_resched = false;
    if (next && !(next->realtime_priority | current->realtime_priority))
        fair_yields(next);
    if (current->held || (next && next->realtime_priority >= current->realtime_priority))
        give_way(false);
}

void preempt(void) {
    const struct task *next = run_queue_next();
    need_resched = false;
    if (current->held || (next && run_queue_preempts(next)))
        give_way(next && next->realtime_priority > current->realtime_priority);
}

void wake_task(struct task *task) {
    if (task->state == TASK_SLEEPING)
        sched_add(task);
}

void wake_all(struct wait_queue *q) {
    struct waiter *w;
    list_for_each(w, &q->waiters, link)
        wake_task(w->task);
}

static void sleep_expired(struct timer *timer) {
    struct task *task = container_of(timer, struct task, sleep_timer);
    task->timed_out = true;
    wake_task(task);
}

/* As on Linux a sleep may last longer by the task's timer slack; chance says by how much. Where time is
   virtual, threads that hand something on when a wait times out would else fall in step and leave
   others out for ever. */
static u64 with_slack(u64 deadline) {
    u64 slack = current->timer_slack;
    if (!slack || deadline > NEVER - slack || (boot.flags & NV_BOOT_STEADY))
        return deadline;
    return deadline + random_u64() % slack;
}

i64 sleep_until(u64 deadline) {
    if (signal_interrupts(current))
        return -EINTR;
    current->timed_out = false;
    if (deadline != NEVER) {
        current->sleep_timer.fn = sleep_expired;
        timer_start(&current->sleep_timer, with_slack(deadline));
    }
    current->state = TASK_SLEEPING;
    schedule();
    if (deadline != NEVER)
        timer_cancel(&current->sleep_timer);
    if (current->timed_out)
        return -ETIMEDOUT;
    return signal_interrupts(current) ? -EINTR : 0;
}

i64 wait_on(struct wait_queue *q, u64 deadline) {
    struct waiter w = {.task = current};
    list_append(&q->waiters, &w.link);
    i64 result = sleep_until(deadline);
    list_remove(&w.link);
    return result;
}

i64 wait_on_killable(struct wait_queue *q) {
    current->killable_sleep = true;
    i64 result = wait_on(q, NEVER);
    current->killable_sleep = false;
    return result;
}
