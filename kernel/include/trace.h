/* The event ring: a flight recorder always, a complete stream when the host asks for one. It lies in
   shared memory: records are written in place, the host reads behind. */
#pragma once
#include "debug.h"
#include "frame.h"
#include "proc.h"

void trace_make_room(void); /* for one record more of a complete stream */

static inline struct nv_trace *trace_quick(u16 type, u16 code, u64 tsc, i32 tid) {
    u64 head = control->trace_head;
    struct nv_trace *record = phys_to_virt(NV_TRACE_PHYS + head % NV_TRACE_RECORDS * sizeof(*record));
    record->type = type;
    record->code = code;
    record->tid = (u32)tid;
    record->tsc = tsc;
    control->trace_head = head + 1;
    return record;
}

/* The next record, its arguments yet to be filled in. Inline, as two are made at every system call. */
static inline struct nv_trace *trace_record(u16 type, u16 code, i32 tid) {
    u64 tsc = 0;
    if (unlikely(boot.flags & NV_BOOT_TRACE)) {
        trace_make_room();
        tsc = clock_ticks();
    }
    return trace_quick(type, code, tsc, tid);
}

static inline void trace_arguments(struct nv_trace *record, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5) {
    record->args[0] = a0;
    record->args[1] = a1;
    record->args[2] = a2;
    record->args[3] = a3;
    record->args[4] = a4;
    record->args[5] = a5;
}

static inline void trace_syscall_enter(u16 nr, const u64 *args) {
    struct nv_trace *record = trace_record(NV_TRACE_SYSCALL_ENTER, nr, current->tid);
    trace_arguments(record, args[0], args[1], args[2], args[3], args[4], args[5]);
    if (unlikely(boot.flags & NV_BOOT_TRACE))
        debug_told(NV_TRACE_SYSCALL_ENTER, nr, 0, 0);
}
void trace_syscall_exit(u16 nr, i64 result); /* debuggers stop here to see a result */
void trace_event(u16 type, u16 code, u64 a0, u64 a1, u64 a2);
/* The registers of a program that runs step by step. */
void trace_step(const struct trapframe *frame);
/* EXEC: up to 48 bytes of the path. */
void trace_exec(const char *path);
