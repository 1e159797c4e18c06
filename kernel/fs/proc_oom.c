/* /proc/<pid>/{oom_score,oom_score_adj,oom_adj}: which process is to die when memory is out. */
#include "errno.h"
#include "file.h"
#include "fs/proc.h"
#include "lib.h"
#include "mm.h"
#include "proc.h"

#define NUMBER_MAX 12 /* bytes that are looked at; more are taken and forgotten */
/* The older file counts in 17ths: -17 is never, and 15 as much as 1000. */
#define OLD_MIN (-17)
#define OLD_MAX 15

/* Thousandths of all memory, so mapped that every process which may die has some. */
void proc_oom_score(struct text *text, struct process *p) {
    i64 badness = oom_badness(p);
    text_add(text, "%ld\n", badness == OOM_NEVER ? 0 : (1000 + badness * 1000 / (i64)frames_total()) * 2 / 3);
}

void proc_oom_adjust(struct text *text, struct process *p) { text_add(text, "%d\n", p->oom_adjust); }

void proc_oom_old_adjust(struct text *text, struct process *p) {
    i32 old = p->oom_adjust == OOM_ADJUST_MAX ? OLD_MAX : p->oom_adjust * -OLD_MIN / OOM_ADJUST_MAX;
    text_add(text, "%d\n", MIN(old, OLD_MAX));
}

static i64 take_number(struct io *io, i32 *number, i64 *size) {
    char text[NUMBER_MAX + 1] = {0};
    *size = (i64)MIN(io->left, NUMBER_MAX);
    if (io_take(io, text, (u64)*size) < *size)
        return -EFAULT;
    return parse_i32(text, number);
}

static i64 adjust(struct process *p, i32 to, i32 least) {
    if (to < least && !capable(CAP_SYS_RESOURCE))
        return -EACCES;
    p->oom_adjust = to;
    return 0;
}

i64 proc_set_oom_adjust(struct process *p, i32 ignored, struct io *io) {
    i32 to;
    i64 size, err = take_number(io, &to, &size);
    if (!err && (to < OOM_ADJUST_MIN || to > OOM_ADJUST_MAX))
        err = -EINVAL;
    if (!err)
        err = adjust(p, to, p->oom_adjust_least);
    if (!err && capable(CAP_SYS_RESOURCE))
        p->oom_adjust_least = to;
    return err ? err : size;
}

i64 proc_set_oom_old_adjust(struct process *p, i32 ignored, struct io *io) {
    i32 old;
    i64 size, err = take_number(io, &old, &size);
    if (!err && (old < OLD_MIN || old > OLD_MAX))
        err = -EINVAL;
    if (!err)
        err = adjust(p, old == OLD_MAX ? OOM_ADJUST_MAX : old * OOM_ADJUST_MAX / -OLD_MIN, p->oom_adjust);
    return err ? err : size;
}
