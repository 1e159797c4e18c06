/* For debuggers: where things lie in the kernel's structures. Nothing in the kernel reads this; a
   debugger finds the table by its symbol in the image. The last entry has no name. */
#include "fs/dentry.h"
#include "fs/open.h"
#include "mm.h"
#include "proc.h"

struct layout_entry {
    const char *name;
    u64 value;
};

#define FIELD(type, field) { #type "." #field, __builtin_offsetof(struct type, field) }

__attribute__((used)) const struct layout_entry debug_layout[] = {
    FIELD(list, next),
    FIELD(tree_node, left), FIELD(tree_node, right), FIELD(tree_node, key),
    FIELD(tree, root),
    FIELD(task, kernel_sp), FIELD(task, tid), FIELD(task, state), FIELD(task, process),
    FIELD(task, thread_link), FIELD(task, frame), FIELD(task, kernel_stack), FIELD(task, fs_base),
    FIELD(task, gs_base), FIELD(task, mm), FIELD(task, comm), FIELD(task, blocked), FIELD(task, fpu),
    FIELD(task, held), FIELD(task, pending),
    FIELD(process, pid), FIELD(process, pgid), FIELD(process, sid), FIELD(process, parent),
    FIELD(process, threads), FIELD(process, all), FIELD(process, leader), FIELD(process, zombie),
    FIELD(process, stopped), FIELD(process, status), FIELD(process, exe),
    FIELD(mm, root), FIELD(mm, areas), FIELD(mm, brk_start), FIELD(mm, brk), FIELD(mm, stack_top),
    FIELD(mm, auxv), FIELD(mm, auxv_len), FIELD(mm, vdso),
    FIELD(area, node), FIELD(area, end), FIELD(area, prot), FIELD(area, flags), FIELD(area, file),
    FIELD(area, offset), FIELD(area, name),
    FIELD(file, dentry),
    FIELD(dentry, flags), FIELD(dentry, size), FIELD(dentry, name), FIELD(dentry, parent),
    FIELD(dentry, super),
    FIELD(super, covers),
    { "sizeof(trapframe)", sizeof(struct trapframe) },
    { NULL, 0 },
};
