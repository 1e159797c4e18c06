/* Out of memory: when a page is needed and none can be had, the largest process dies, so that the
   rest of the machine lives. */
#include "file.h"
#include "inherit.h"
#include "lib.h"
#include "mm.h"
#include "proc.h"

/* What it holds, and what it has been said to be worth (/proc/<pid>/oom_score_adj). */
static u64 weight(const struct process *process) {
    i64 adjust = process->oom_adjust * (i64)frames_total() / OOM_ADJUST_MAX;
    bool spared = process->oom_adjust == -OOM_ADJUST_MAX;
    if (process->zombie || process->exiting || spared || !process->leader || !process->leader->mm)
        return 0;
    return (u64)MAX((i64)process->leader->mm->resident + adjust, 1);
}

void out_of_memory(void) {
    if (pagecache_relieve())
        return; /* the access is tried again */
    struct process *process, *victim = current->process;
    list_for_each(process, &all_processes, all)
        if (weight(process) > weight(victim))
            victim = process;
    klog("out of memory: process %d (%s) dies with %lu pages", victim->pid, victim->leader->comm,
         weight(victim));
    signal_process(victim, SIGKILL, NULL);
    if (victim == current->process)
        return;
    struct task *task;
    list_for_each(task, &victim->threads, thread_link)
        set_own_priority(task, PRIORITY_OF_DYING);
    yield(); /* let it die */
}
