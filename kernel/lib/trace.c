/* The rarer records of the event ring. */
#include "trace.h"
#include "hypercall.h"
#include "lib.h"

void trace_make_room(void) {
    if (control->trace_head - control->trace_tail < NV_TRACE_RECORDS)
        return;
    hc_begin(NV_OP_TRACE);
    hc_ring();
}

void trace_event(u16 type, u16 code, u64 a0, u64 a1, u64 a2) {
    trace_arguments(trace_record(type, code, current ? current->tid : 0), a0, a1, a2, 0, 0, 0);
    if (unlikely(boot.flags & NV_BOOT_TRACE))
        debug_told(type, code, a0, a1);
}

void trace_syscall_exit(u16 nr, i64 result) {
    if (unlikely(boot.flags & NV_BOOT_TRACE))
        trace_event(NV_TRACE_SYSCALL_EXIT, nr, (u64)result, 0, 0);
    else
        trace_arguments(trace_quick(NV_TRACE_SYSCALL_EXIT, nr, 0, current->tid), (u64)result, 0, 0, 0, 0, 0);
}

void trace_step(const struct trapframe *f) {
    const u64 parts[3][6] = {
        { f->rip, f->rflags, f->rax, f->rbx, f->rcx, f->rdx },
        { f->rsi, f->rdi, f->rbp, f->rsp, f->r8, f->r9 },
        { f->r10, f->r11, f->r12, f->r13, f->r14, f->r15 },
    };
    for (u16 i = 0; i < 3; i++)
        memcpy(trace_record(NV_TRACE_STEP, i, current->tid)->args, parts[i], sizeof(parts[i]));
}

void trace_exec(const char *path) {
    struct nv_trace *record = trace_record(NV_TRACE_EXEC, 0, current->tid);
    u64 size = MIN(strlen(path), sizeof(record->args));
    memset(record->args, 0, sizeof(record->args));
    memcpy(record->args, path, size);
    if (unlikely(boot.flags & NV_BOOT_TRACE))
        debug_told(NV_TRACE_EXEC, 0, 0, 0);
}
