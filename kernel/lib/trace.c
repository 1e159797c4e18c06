/* The event ring in shared memory: records are written in place, the host reads behind. */
#include "trace.h"
#include "debug.h"
#include "frame.h"
#include "hypercall.h"
#include "lib.h"
#include "proc.h"
#include "task.h"

static struct nv_trace *next_record(u16 type, u16 code) {
    u64 head = control->trace_head;
    if (unlikely(boot.flags & NV_BOOT_TRACE) && head - control->trace_tail >= NV_TRACE_RECORDS) {
        hc_begin(NV_OP_TRACE);
        hc_ring();
    }
    struct nv_trace *record = phys_to_virt(NV_TRACE_PHYS + head % NV_TRACE_RECORDS * sizeof(*record));
    record->type = type;
    record->code = code;
    record->tid = current ? (u32)current->tid : 0;
    record->tsc = boot.flags & NV_BOOT_TRACE ? clock_ticks() : 0;
    control->trace_head = head + 1;
    return record;
}

void trace_event(u16 type, u16 code, u64 a0, u64 a1, u64 a2) {
    struct nv_trace *record = next_record(type, code);
    record->args[0] = a0;
    record->args[1] = a1;
    record->args[2] = a2;
    record->args[3] = record->args[4] = record->args[5] = 0;
    if (unlikely(debug_wants(type)))
        debug_stop(type, code, a0, a1);
}

void trace_syscall_enter(u16 nr, const u64 *args) {
    __builtin_memcpy(next_record(NV_TRACE_SYSCALL_ENTER, nr)->args, args, 6 * sizeof(u64)); /* at every call: no loop */
    if (unlikely(debug_wants(NV_TRACE_SYSCALL_ENTER)))
        debug_stop(NV_TRACE_SYSCALL_ENTER, nr, 0, 0);
}

void trace_syscall_exit(u16 nr, i64 result) {
    trace_event(NV_TRACE_SYSCALL_EXIT, nr, (u64)result, 0, 0);
}

void trace_step(const struct trapframe *f) {
    const u64 parts[3][6] = {
        { f->rip, f->rflags, f->rax, f->rbx, f->rcx, f->rdx },
        { f->rsi, f->rdi, f->rbp, f->rsp, f->r8, f->r9 },
        { f->r10, f->r11, f->r12, f->r13, f->r14, f->r15 },
    };
    for (u16 i = 0; i < 3; i++)
        memcpy(next_record(NV_TRACE_STEP, i)->args, parts[i], sizeof(parts[i]));
}

void trace_exec(const char *path) {
    struct nv_trace *record = next_record(NV_TRACE_EXEC, 0);
    u64 size = MIN(strlen(path), sizeof(record->args));
    memset(record->args, 0, sizeof(record->args));
    memcpy(record->args, path, size);
    if (unlikely(debug_wants(NV_TRACE_EXEC)))
        debug_stop(NV_TRACE_EXEC, 0, 0, 0);
}
