/* execve: scripts, then the new address space, then the point of no return. */
#include "exec.h"
#include "cpu.h"
#include "cpumeter.h"
#include "errno.h"
#include "file.h"
#include "fpu.h"
#include "hypercall.h"
#include "kstack.h"
#include "lib.h"
#include "privilege.h"
#include "proc.h"
#include "rseq.h"
#include "syscall.h"
#include "trace.h"
#include "trap.h"
#include "uaccess.h"

#define AT_FDCWD -100
#define SCRIPT_DEPTH 5     /* as Linux: ELOOP beyond */
#define SCRIPT_LINE 256
#define VECTOR_NONE 0      /* the return path restores every register */

noreturn void enter_user(struct trapframe *frame); /* boot/entry.S */

/* Where the arguments come from: user vectors, or the kernel's own arrays for the first program. */
struct exec_source {
    u64 argv, envp;
    const char **kernel_argv, **kernel_envp;
};

/* One program start; lives in a heap page of its own, kernel stacks are small. */
struct exec {
    struct file *file;
    struct mm *mm;
    struct cred *cred;
    struct elf_image image;
    struct exec_strings *strings;
    char path[1024];      /* of the program named, for AT_EXECFN and /proc */
    char line[SCRIPT_LINE + 1];
    char prefix[2048];    /* argv in front of the caller's: interpreter, option, script */
    u32 prefix_size;
};

/* The two words of a `#!` line, cut in place; false when there is no interpreter. */
static bool parse_line(char *line, char **interpreter, char **option) {
    char *end = line;
    while (*end && *end != '\n')
        end++;
    if (!*end)
        return false;
    while (end > line && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    *end = 0;
    char *p = line + 2;
    while (*p == ' ' || *p == '\t')
        p++;
    *interpreter = p;
    while (*p && *p != ' ' && *p != '\t')
        p++;
    *option = NULL;
    if (*p) {
        *p++ = 0;
        while (*p == ' ' || *p == '\t')
            p++;
        if (*p)
            *option = p;
    }
    return **interpreter != 0;
}

/* Put interpreter, option and script in front of what was there, less its first string. */
static i64 extend_prefix(struct exec *e, const char *interpreter, const char *option, const char *script) {
    const char *front[3] = { interpreter, option ? option : script, option ? script : NULL };
    u32 skip = e->prefix_size ? (u32)strlen(e->prefix) + 1 : 0, kept = e->prefix_size - skip, size = 0;
    for (u32 i = 0; i < 3 && front[i]; i++)
        size += (u32)strlen(front[i]) + 1;
    if (size + kept > sizeof(e->prefix))
        return -E2BIG;
    memmove(e->prefix + size, e->prefix + skip, kept);
    for (u32 i = 0, at = 0; i < 3 && front[i]; i++) {
        u32 length = (u32)strlen(front[i]) + 1;
        memcpy(e->prefix + at, front[i], length);
        at += length;
    }
    e->prefix_size = size + kept;
    return 0;
}

/* Follow `#!` lines until e->file is a program. */
static i64 resolve_scripts(struct exec *e) {
    char *script = kmalloc(sizeof(e->path));
    if (!script)
        return -ENOMEM;
    memcpy(script, e->path, sizeof(e->path));
    i64 err = 0;
    for (u32 depth = 0;; depth++) {
        i64 got = file_read_kernel(e->file, 0, e->line, SCRIPT_LINE);
        err = got < 0 ? got : 0;
        if (got < 2 || e->line[0] != '#' || e->line[1] != '!')
            break;
        e->line[got] = 0;
        char *interpreter, *option;
        err = depth == SCRIPT_DEPTH ? -ELOOP
              : parse_line(e->line, &interpreter, &option)
                  ? extend_prefix(e, interpreter, option, script) : -ENOEXEC;
        if (err)
            break;
        struct file *next = file_open_exec(AT_FDCWD, interpreter, 0);
        if (IS_ERR(next)) {
            err = PTR_ERR(next);
            break;
        }
        file_put(e->file);
        e->file = next;
        memcpy(script, interpreter, strlen(interpreter) + 1);
    }
    kfree(script);
    return err;
}

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

/* Everything that can fail: the old program goes on if it does. */
static i64 prepare(struct exec *e, const struct exec_source *source, u64 *sp) {
    e->file = file_open_exec(AT_FDCWD, e->path, 0);
    if (IS_ERR(e->file)) {
        i64 err = PTR_ERR(e->file);
        e->file = NULL;
        return err;
    }
    i64 err = resolve_scripts(e);
    if (!err)
        err = gather(e, source);
    if (err)
        return err;
    e->cred = cred_for_program(file_inode(e->file));
    e->mm = mm_new();
    if (IS_ERR(e->mm))
        e->mm = NULL;
    if (!e->mm || !e->cred)
        return -ENOMEM;
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
    const char *name = e->path;
    for (const char *p = e->path; *p; p++)
        if (*p == '/')
            name = p + 1;
    u64 length = MIN(strlen(name), COMM_LEN - 1);
    memset(current->comm, 0, COMM_LEN);
    memcpy(current->comm, name, length);
    i64 got = file_path(e->file, process->exe, sizeof(process->exe));
    if (got < 0)
        process->exe[0] = 0;
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
        .rip = e->image.entry,
        .cs = NV_SEL_USER_CODE,
        .rflags = FLAG_IF | 2,
        .rsp = sp,
        .ss = NV_SEL_USER_DATA,
    };
    trace_exec(current->process->exe);
}

static i64 exec(const char *path, const struct exec_source *source) {
    struct exec *e = kzalloc(sizeof(*e));
    u64 sp = 0, length = strlen(path);
    i64 err = -ENOMEM;
    if (e)
        e->strings = kzalloc(sizeof(*e->strings));
    if (e && e->strings) {
        err = length < sizeof(e->path) ? 0 : -ENAMETOOLONG;
        if (!err) {
            memcpy(e->path, path, length + 1);
            err = prepare(e, source, &sp);
        }
        if (!err)
            err = end_other_threads();
        if (!err)
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
    return err;
}

i64 sys_execve(const u64 *a) {
    char *path = kmalloc(NV_MAX_PATH);
    if (!path)
        return -ENOMEM;
    i64 err = copy_string_from_user(path, a[0], NV_MAX_PATH);
    if (err >= 0)
        err = exec(path, &(struct exec_source){ .argv = a[1], .envp = a[2] });
    kfree(path);
    return err;
}

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
    struct exec_source source = { .kernel_argv = boot_program.argv, .kernel_envp = boot_program.envp };
    i64 err = exec(boot_program.path, &source);
    if (err)
        cannot_start(err);
    return_to_user(task->frame);
    enter_user(task->frame);
}
