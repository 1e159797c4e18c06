/* Out of memory: when a page is needed and none can be had, the largest process dies, so that the
   rest of the machine lives. */
#include "file.h"
#include "inherit.h"
#include "lib.h"
#include "mm.h"
#include "proc.h"

static u64 weight(const struct process *process) {
    return process->zombie || process->exiting || !process->leader || !process->leader->mm
               ? 0 : process->leader->mm->resident;
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
