/* The guest's end of the channel (docs/channel.md). */
#include "hypercall.h"
#include "frame.h"
#include "lib.h"
#include "privilege.h"

static struct {
    struct nv_request request;
    struct nv_segment segments[NV_MAX_SEGMENTS];
} page __attribute__((aligned(4096)));

static paddr run_end; /* where the last run of whole pages ends; 0: the last segment is none */

void hc_begin(u16 op) {
    run_end = 0;
    page.request.op = op;
    page.request.nin = page.request.nout = 0;
    page.request.cookie = 0;
    for (int i = 0; i < 6; i++)
        page.request.arg[i] = 0;
}

void hc_arg(int index, u64 value) { page.request.arg[index] = value; }
void hc_cookie(u64 cookie) { page.request.cookie = cookie; }
u64 hc_result(int index) { return page.request.out[index]; }

static void append(u16 *count, paddr at, u64 size) {
    u32 index = page.request.nin + page.request.nout;
    assert(index < NV_MAX_SEGMENTS);
    page.segments[index] = (struct nv_segment){ at, size };
    ++*count;
    run_end = 0;
}

/* Only kernel stacks are not contiguous in physical memory: split at their page borders. */
static void append_virtual(u16 *count, const void *data, u64 size) {
    u64 at = (u64)data;
    if (at < 0xffffffffc0000000UL)
        return append(count, virt_to_phys(data), size);
    while (size) {
        u64 part = MIN(size, PAGE_SIZE - (at & PAGE_MASK));
        append(count, virt_to_phys((void *)at), part);
        at += part;
        size -= part;
    }
}

void hc_in_phys(paddr at, u64 size) { append(&page.request.nin, at, size); }

/* Pages that follow each other are one segment: the fewer, the less the host has to check. */
void hc_out_phys(paddr at, u64 size) {
    if (at == run_end)
        page.segments[page.request.nin + page.request.nout - 1].size += size;
    else
        append(&page.request.nout, at, size);
    run_end = at + size;
}

void hc_in(const void *data, u64 size) { append_virtual(&page.request.nin, data, size); }
void hc_out(void *data, u64 size) { append_virtual(&page.request.nout, data, size); }

void hc_in_segments(const struct segments *s) {
    for (u64 i = 0; i < s->count; i++)
        hc_in_phys(s->at[i].gpa, s->at[i].size);
}

void hc_out_segments(const struct segments *s) {
    for (u64 i = 0; i < s->count; i++)
        hc_out_phys(s->at[i].gpa, s->at[i].size);
}

u64 host_time;

i64 hc_ring(void) {
    doorbell(virt_to_phys(&page) >> NV_PAGE_SHIFT);
    if ((boot.flags & (NV_BOOT_HOST_TIME | NV_BOOT_TAPE)) == NV_BOOT_HOST_TIME)
        host_time = MAX(host_time, ((volatile struct nv_request *)&page.request)->out[6]);
    return ((volatile struct nv_request *)&page.request)->result;
}
