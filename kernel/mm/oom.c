/* Out of memory: when a page is needed and none can be had, the process that counts most dies, so that
   the rest of the machine lives. What counts is its size, page tables and all, and what
   /proc/<pid>/oom_score_adj adds. */
#include "file.h"
#include "inherit.h"
#include "lib.h"
#include "mm.h"
#include "proc.h"

i64 oom_badness(const struct process *process) {
    if (process->zombie || process->exiting || process->oom_adjust == OOM_ADJUST_MIN || !process->leader ||
        !process->leader->mm)
        return OOM_NEVER;
    const struct mm *mm = process->leader->mm;
    return (i64)(mm->resident + mm->table_count) + process->oom_adjust * (i64)frames_total() / OOM_ADJUST_MAX;
}

/* Where nobody may die, whoever asks for memory does. */
static struct process *most_harmful(void) {
    struct process *process, *victim = current->process;
    list_for_each(process, &all_processes, all)
        if (oom_badness(process) > oom_badness(victim))
            victim = process;
    return victim;
}

void out_of_memory(void) {
    if (pagecache_relieve())
        return; /* the access is tried again */
    struct process *victim = most_harmful();
    struct mm *mm = victim->leader ? victim->leader->mm : NULL;
    klog("out of memory: process %d (%s) dies with %lu pages", victim->pid, victim->leader->comm,
         mm ? mm->resident : 0);
    signal_process(victim, SIGKILL, NULL);
    if (victim == current->process)
        return;
    struct task *task;
    list_for_each(task, &victim->threads, thread_link)
        set_own_priority(task, PRIORITY_OF_DYING);
    yield(); /* let it die */
}
