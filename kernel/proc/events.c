/* What the host tells the guest unasked: streams that are ready, and signals for the foreground. */
#include "debug.h"
#include "frame.h"
#include "fs/console.h"
#include "hypercall.h"
#include "lib.h"
#include "proc.h"
#include "terminal.h"
#include "trap.h"

#define SOURCES_MAX (16 + NV_NET_SOCKETS) /* the console's streams and sockets of the host */

/* A cookie is an index and, above it, how often that place was taken before: what the host sends back
   is checked against what we gave out, and what comes too late for one source is not for the next. */
static struct event_source *sources[SOURCES_MAX];
static u32 uses[SOURCES_MAX];

static u32 free_place(void) {
    static u32 next;
    for (u32 n = 0; n < SOURCES_MAX; n++, next++)
        if (!sources[next % SOURCES_MAX])
            return next++ % SOURCES_MAX;
    return SOURCES_MAX;
}

bool event_source_register(struct event_source *source) {
    u32 at = free_place();
    if (at == SOURCES_MAX)
        return false;
    sources[at] = source;
    source->cookie = (u64)++uses[at] << 32 | at;
    return true;
}

void event_source_unregister(struct event_source *source) { sources[(u32)source->cookie] = NULL; }

static void signal_foreground(i32 sig) {
    struct siginfo info = { .signo = sig, .code = SI_KERNEL };
    if (sig == SIGWINCH)
        console_resized();
    if (sig == SIGCONT && init_process->pgid != console_control.foreground)
        signal_group(init_process->pgid, sig, &info);
    if (terminal_signal(&console_control, sig))
        signal_process(init_process, sig, &info);
}

static void signal_asked(i32 sig, i32 tid) {
    need_resched |= !sig; /* a debugger may have held the one that runs */
    if (sig < 1 || sig > NSIG)
        return;
    struct task *task = task_find(tid);
    if (task)
        signal_task(task, sig, &(struct siginfo){ .signo = sig, .code = SI_KERNEL });
    else if (!tid)
        signal_foreground(sig);
}

static void handle(const struct nv_event *event) {
    switch (event->kind) {
    case NV_EVENT_READY:
        if ((u32)event->cookie < SOURCES_MAX) {
            struct event_source *source = sources[(u32)event->cookie];
            if (source && source->cookie == event->cookie)
                source->ready(source, event->value);
        }
        break;
    case NV_EVENT_SIGNAL:
        signal_asked((i32)event->value, (i32)event->cookie);
        break;
    case NV_EVENT_DEBUG:
        debug_stop(NV_DEBUG_ASKED, 0, 0, 0);
        break;
    }
}

void events_poll(void) {
    const volatile struct nv_event *slots = (const volatile struct nv_event *)(control + 1);
    while (control->event_head != control->event_tail) {
        u32 head = control->event_head;
        struct nv_event event = slots[head % NV_EVENT_SLOTS];
        control->event_head = head + 1;
        handle(&event);
        need_resched |= !(boot.flags & NV_BOOT_STEADY); /* there who is woken waits for its turn */
    }
}
