/* execve: scripts, then the new address space, then the point of no return. */
#include "exec.h"
#include "cpu.h"
#include "cpumeter.h"
#include "errno.h"
#include "file.h"
#include "fpu.h"
#include "hypercall.h"
#include "fs/open.h"
#include "kstack.h"
#include "lib.h"
#include "linux/fcntl.h"
#include "linux/resource.h"
#include "privilege.h"
#include "proc.h"
#include "ptrace.h"
#include "rseq.h"
#include "syscall.h"
#include "trace.h"
#include "trap.h"
#include "uaccess.h"

#define AT_EXECVE_CHECK 0x10000

noreturn void enter_user(struct trapframe *frame); /* boot/entry.S */

/* Which program, and where the arguments come from: user vectors, or the kernel's own arrays for the
   first program. `flags`: AT_*, as execveat takes them. */
struct exec_source {
    i32 dirfd;
    u32 flags;
    const char *path;
    u64 argv, envp;
    const char **kernel_argv, **kernel_envp;
};

static i64 gather_user(struct exec_strings *s, u64 vector, bool skip_first, u32 *count) {
    for (u64 i = 0; vector; i++) {
        u64 string;
        if (get_user(string, vector + i * 8))
            return -EFAULT;
        if (!string)
            return 0;
        if (i == 0 && skip_first)
            continue;
        i64 err = strings_add_user(s, string);
        if (err)
            return err;
        ++*count;
    }
    return 0;
}

static i64 gather_kernel(struct exec_strings *s, const char **vector, bool skip_first, u32 *count) {
    for (const char **p = vector + (skip_first && *vector); *p; p++) {
        i64 err = strings_add(s, *p);
        if (err)
            return err;
        ++*count;
    }
    return 0;
}

static i64 gather(struct exec *e, const struct exec_source *source) {
    struct exec_strings *s = e->strings;
    i64 err = 0;
    for (u32 at = 0; at < e->prefix_size && !err; at += (u32)strlen(e->prefix + at) + 1) {
        err = strings_add(s, e->prefix + at);
        s->argc++;
    }
    bool skip = e->prefix_size != 0;
    if (!err)
        err = source->kernel_argv ? gather_kernel(s, source->kernel_argv, skip, &s->argc)
                                  : gather_user(s, source->argv, skip, &s->argc);
    if (!err && !s->argc) { /* as Linux since 5.18: a program always has an argv[0] */
        err = strings_add(s, "");
        s->argc = 1;
    }
    if (!err)
        err = source->kernel_envp ? gather_kernel(s, source->kernel_envp, false, &s->envc)
                                  : gather_user(s, source->envp, false, &s->envc);
    return err;
}

/* What the program is called: where it is named from a descriptor, by that. */
static i64 set_path(struct exec *e, const struct exec_source *source) {
    bool plain = source->dirfd == AT_FDCWD || source->path[0] == '/';
    e->by_descriptor = !plain && !source->path[0];
    e->hidden = !plain && fd_peek_any(source->dirfd) && fd_cloexec(source->dirfd);
    u64 length = plain ? format(e->path, sizeof(e->path), "%s", source->path)
                 : e->by_descriptor
                     ? format(e->path, sizeof(e->path), "/dev/fd/%d", source->dirfd)
                     : format(e->path, sizeof(e->path), "/dev/fd/%d/%s", source->dirfd, source->path);
    return length < sizeof(e->path) ? 0 : -ENAMETOOLONG;
}

/* Everything that can fail: the old program goes on if it does. */
static i64 prepare(struct exec *e, const struct exec_source *source, u64 *sp) {
    e->file = file_open_exec(source->dirfd, source->path, source->flags);
    if (IS_ERR(e->file)) {
        i64 err = PTR_ERR(e->file);
        e->file = NULL;
        return err;
    }
    i64 err = source->flags & AT_EXECVE_CHECK ? 0 : resolve_scripts(e);
    if (!err)
        err = gather(e, source);
    if (err || source->flags & AT_EXECVE_CHECK)
        return err;
    e->cred = cred_for_program(file_inode(e->file));
    e->mm = mm_new();
    if (IS_ERR(e->mm))
        e->mm = NULL;
    if (!e->mm || !e->cred)
        return -ENOMEM;
    mm_leave_stack_room(e->mm, current->process->limits[RLIMIT_STACK].cur);
    err = elf_load(e->mm, e->file, &e->image);
    if (!err)
        err = vdso_map(e->mm);
    if (!err)
        e->mm->program = file_get(e->file);
    if (!err) {
        i64 at = stack_build(e->mm, e->strings, &e->image, e->path, e->cred);
        err = at < 0 ? at : 0;
        *sp = (u64)at;
    }
    return err;
}

static void set_names(struct exec *e) {
    struct process *process = current->process;
    i64 got = file_path(e->file, process->exe, sizeof(process->exe));
    if (got < 0)
        process->exe[0] = 0;
    const char *whole = e->by_descriptor ? process->exe : e->path, *name = whole;
    for (const char *p = whole; *p; p++)
        if (*p == '/')
            name = p + 1;
    u64 length = MIN(strlen(name), COMM_LEN - 1);
    memset(current->comm, 0, COMM_LEN);
    memcpy(current->comm, name, length);
}

/* Nothing of the old program stays but the process, its descriptors and ignored signals. */
static void commit(struct exec *e, u64 sp) {
    struct mm *old = current->mm;
    current->mm = e->mm;
    e->mm = NULL;
    user_space_load(current->mm->root);
    if (old)
        mm_put(old);
    if (current->sighand->refs > 1) {
        struct sighand *own = sighand_dup(current->sighand);
        if (own) {
            sighand_put(current->sighand);
            current->sighand = own;
        }
    }
    sighand_reset(current->sighand);
    fd_table_close_on_exec(current->files);
    current->altstack_sp = current->altstack_size = 0;
    current->clear_tid = current->robust_list = 0;
    rseq_forget(current);
    current->fs_base = current->gs_base = 0;
    user_bases_load(0, 0);
    current->process->not_dumpable = cred_is_secure(current->cred);
    cred_commit(e->cred);
    e->cred = NULL;
    current->process->has_execed = true;
    vfork_release(current->process);
    set_names(e);
    fpu_reset(current->fpu);
    fpu_restore(current->fpu);
    struct trapframe *frame = current->frame;
    *frame = (struct trapframe){
        .vector = VECTOR_NONE,
        .error = frame->error,
        .rip = e->image.entry,
        .cs = NV_SEL_USER_CODE,
        .rflags = FLAG_IF | 2,
        .rsp = sp,
        .ss = NV_SEL_USER_DATA,
    };
    trace_exec(current->process->exe);
}

static i64 exec(const struct exec_source *source) {
    struct exec *e = kzalloc(sizeof(*e));
    u64 sp = 0;
    i64 err = -ENOMEM;
    i32 old_tid = current->tid;
    bool goes = false;
    if (e)
        e->strings = kzalloc(sizeof(*e->strings));
    if (e && e->strings) {
        err = set_path(e, source);
        if (!err)
            err = prepare(e, source, &sp);
        goes = !err && !(source->flags & AT_EXECVE_CHECK);
        if (goes)
            err = end_other_threads();
        if (goes && !err)
            commit(e, sp);
        strings_free(e->strings);
    }
    if (e) {
        if (e->mm)
            mm_put(e->mm);
        cred_put(e->cred);
        if (e->file)
            file_put(e->file);
        kfree(e->strings);
    }
    kfree(e);
    if (goes && !err)
        ptrace_exec(old_tid);
    return err;
}

static i64 exec_user(i32 dirfd, u64 path_at, u64 argv, u64 envp, u32 flags) {
    char *path = kmalloc(NV_MAX_PATH);
    if (!path)
        return -ENOMEM;
    i64 err = copy_string_from_user(path, path_at, NV_MAX_PATH);
    if (err >= 0 && !*path && !(flags & AT_EMPTY_PATH))
        err = -ENOENT;
    if (err >= 0 && flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_EXECVE_CHECK))
        err = -EINVAL;
    if (err >= 0)
        err = exec(&(struct exec_source){
            .dirfd = dirfd, .flags = flags, .path = path, .argv = argv, .envp = envp });
    kfree(path);
    return err;
}

i64 sys_execve(const u64 *a) { return exec_user(AT_FDCWD, a[0], a[1], a[2], 0); }

i64 sys_execveat(const u64 *a) { return exec_user(a[0], a[1], a[2], a[3], a[4]); }

/* The first process has no parent to report to: what goes wrong ends the VM with the shell's codes. */
static noreturn void cannot_start(i64 err) {
    hc_begin(NV_OP_EXIT);
    hc_arg(0, (u64)(err == -ENOENT ? 127 : 126) << 8);
    hc_arg(1, (u64)-err);
    hc_ring();
    panic("the host resumed an ended VM");
}

noreturn void exec_first(void) {
    struct process *process = process_new(NULL, 0);
    struct task *task = process ? task_new(process, 0) : NULL;
    u64 stack = task ? kstack_alloc() : 0;
    if (!stack)
        cannot_start(-ENOMEM);
    init_process = process;
    current = task;
    cpu_restart();
    task->kernel_stack = stack;
    task->frame = (struct trapframe *)(stack + KSTACK_SIZE) - 1;
    task->state = TASK_RUNNABLE;
    task->timer_slack = task->default_slack = TIMER_SLACK_DEFAULT;
    task->sighand = sighand_new();
    task->fs = fs_context_initial(boot_program.cwd);
    task->files = fd_table_initial();
    if (!task->sighand || IS_ERR(task->fs) || IS_ERR(task->files))
        cannot_start(-ENOMEM);
    user_stack_load(stack + KSTACK_SIZE);
    i64 err = exec(&(struct exec_source){
        .dirfd = AT_FDCWD, .path = boot_program.path,
        .kernel_argv = boot_program.argv, .kernel_envp = boot_program.envp });
    if (err)
        cannot_start(err);
    return_to_user(task->frame);
    enter_user(task->frame);
}
