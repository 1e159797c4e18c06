/* Stops for a debugger on the host. It reads and changes what it likes in guest memory; what needs the
   kernel is a page of its own for a process, so that a breakpoint is seen by nobody else, and word of
   what is written to memory it watches. */
#include "debug.h"
#include "cpu.h"
#include "mm.h"
#include "proc.h"
#include "trap.h"
#include "watch.h"

/* The host's word on the signal it has just been told of, left here: 0 nothing, -1 drop it, else the
   signal to act on instead. */
__attribute__((used)) volatile i32 debug_signal;

static paddr page_of_its_own(i32 pid, u64 address) {
    struct process *process = process_find(pid);
    struct mm *mm = process && process->leader ? process->leader->mm : NULL;
    return mm && address < NV_USER_END ? mm_resolve_forced(mm, address, true) : 0;
}

bool debug_stop(u16 kind, u64 a0, u64 a1, u64 a2) {
    u64 found = 0;
    for (;;) {
        hc_begin(NV_OP_DEBUG);
        hc_arg(0, kind);
        hc_arg(1, a0);
        hc_arg(2, a1);
        hc_arg(3, a2);
        hc_arg(4, found);
        i64 answer = hc_ring();
        if (answer == NV_DEBUG_OWN) {
            found = page_of_its_own((i32)hc_result(0), hc_result(1));
        } else if (answer == NV_DEBUG_WATCH || answer == NV_DEBUG_UNWATCH) {
            found = watch_page((i32)hc_result(0), hc_result(1), answer == NV_DEBUG_WATCH);
        } else {
            need_resched |= current && current->held;
            return answer == NV_DEBUG_TAKEN;
        }
    }
}

bool debug_told(u16 kind, u64 a0, u64 a1, u64 a2) {
    return control->debug_events >> kind & 1 && debug_stop(kind, a0, a1, a2);
}

bool debug_hides_step(struct trapframe *frame) {
    if (!(frame->rflags & FLAG_TF) || !(control->debug_events >> NV_DEBUG_TRAP & 1))
        return false;
    frame->rflags &= ~FLAG_TF;
    return true;
}

i32 debug_chosen(i32 sig) {
    i32 chosen = debug_signal;
    debug_signal = 0;
    return chosen ? MAX(chosen, 0) : sig;
}
