/* What the host tells the guest unasked: streams that are ready, and signals for the foreground. */
#include "frame.h"
#include "hypercall.h"
#include "lib.h"
#include "proc.h"
#include "terminal.h"
#include "trap.h"

#define SOURCES_MAX 64

/* Cookies are indexes + 1, so that what the host sends back is checked against what we gave out. */
static struct event_source *sources[SOURCES_MAX];
static u32 source_count;

void event_source_register(struct event_source *source) {
    assert(source_count < SOURCES_MAX); /* the console's streams, at boot */
    sources[source_count++] = source;
    source->cookie = source_count;
}

static void signal_foreground(i32 sig) {
    struct siginfo info = { .signo = sig, .code = SI_KERNEL };
    if (sig < 1 || sig > NSIG)
        return;
    if (terminal_signal(&console_control, sig))
        signal_process(init_process, sig, &info);
}

static void handle(const struct nv_event *event) {
    switch (event->kind) {
    case NV_EVENT_READY:
        if (event->cookie - 1 < source_count) {
            struct event_source *source = sources[event->cookie - 1];
            source->ready(source, event->value);
        }
        break;
    case NV_EVENT_SIGNAL:
        signal_foreground((i32)event->value);
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
        need_resched = true;
    }
}
