/* Contexts of asynchronous input and output: the ring of events, which the program may also read by itself,
   and waiting for events. */
#include "fs/aio.h"
#include "fs/eventfd.h"
#include "lib.h"
#include "linux/time.h"
#include "signal.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define RING_MAGIC 0xa10a10a1u
#define RING_BYTES_MAX 0x10000000u /* more than this nobody can mean */

/* What libaio finds at the start of the ring; the events follow. */
struct ring_head {
    u32 id, slots, head, tail, magic, compatible, incompatible, size;
};
#define PER_PAGE (PAGE_SIZE / sizeof(struct aio_event))
_Static_assert(sizeof(struct ring_head) == sizeof(struct aio_event), "slot 0 of the first page is the head");

static u32 requests; /* of all contexts */

u32 aio_requests(void) { return requests; }

/* Move something out of or into the ring's pages, which the program can write to as well. */
static bool ring_move(struct aio_context *c, u64 at, void *bytes, u64 size, bool in) {
    i64 error;
    paddr frame = inode_page(file_inode(c->ring), at / PAGE_SIZE, &error);
    if (!frame)
        return false;
    u8 *there = (u8 *)phys_to_virt(frame) + at % PAGE_SIZE;
    memcpy(in ? there : bytes, in ? bytes : there, size);
    frame_put(frame);
    return true;
}

static u64 slot_at(u32 slot) { return (slot + 1) * sizeof(struct aio_event); }

/* Where the next event to be taken lies, whatever the program has made of that. */
static u32 ring_first(struct aio_context *c) {
    u32 head = c->tail;
    ring_move(c, offsetof(struct ring_head, head), &head, sizeof(head), false);
    return head % c->slots;
}

static u32 ring_filled(struct aio_context *c) { return (c->tail + c->slots - ring_first(c)) % c->slots; }

bool aio_reserve(struct aio_context *c) {
    if (ring_filled(c) + c->under_way + 1 >= c->slots)
        return false;
    c->under_way++;
    return true;
}

void aio_complete(struct aio_context *c, const struct aio_event *event, struct file *notice) {
    struct aio_event e = *event;
    u32 next = (c->tail + 1) % c->slots;
    c->under_way--;
    if (ring_move(c, slot_at(c->tail), &e, sizeof(e), true)) {
        c->tail = next;
        ring_move(c, offsetof(struct ring_head, tail), &next, sizeof(next), true);
    }
    if (notice)
        eventfd_signal(notice);
    wake_all(&c->waiting);
}

struct aio_context *aio_find(u64 id) {
    struct aio_context *c;
    struct mm *mm = current->mm;
    if (mm->aio.next)
        list_for_each(c, &mm->aio, link)
            if (c->id == id) {
                c->refs++;
                return c;
            }
    return NULL;
}

void aio_put(struct aio_context *c) {
    if (--c->refs)
        return;
    file_put(c->ring);
    kfree(c);
}

/* Nobody finds it any more; who waits in it finds out. */
static void end(struct aio_context *c) {
    c->dead = true;
    list_remove(&c->link);
    requests -= c->wished;
    aio_polls_drop(c);
    wake_all(&c->waiting);
    aio_put(c);
}

void aio_exit(struct mm *mm) {
    while (mm->aio.next && !list_empty(&mm->aio))
        end(list_first(&mm->aio, struct aio_context, link));
}

static i64 make_ring(struct aio_context *c, u32 events) {
    u64 pages = (events + 3 + PER_PAGE - 1) / PER_PAGE;
    c->slots = pages * PER_PAGE - 1;
    c->ring = file_memory("/[aio] (deleted)", pages * PAGE_SIZE);
    if (IS_ERR(c->ring))
        return PTR_ERR(c->ring);
    struct ring_head head = {.slots = c->slots, .magic = RING_MAGIC, .compatible = 1, .size = sizeof(head)};
    i64 at = ring_move(c, 0, &head, sizeof(head), true)
                 ? mm_map_checked(0, pages * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, c->ring, 0) : -ENOMEM;
    if (at < 0)
        file_put(c->ring);
    c->id = at;
    return MIN(at, 0l);
}

i64 sys_io_setup(const u64 *a) {
    u32 events = a[0];
    u64 before;
    if (get_user(before, a[1]))
        return -EFAULT;
    if (before || !events || events > RING_BYTES_MAX / sizeof(struct aio_event))
        return -EINVAL;
    if (events > AIO_MAX - requests)
        return -EAGAIN;
    struct aio_context *c = kzalloc(sizeof(*c));
    i64 error = c ? make_ring(c, events) : -ENOMEM;
    if (error) {
        kfree(c);
        return error;
    }
    c->refs = 1;
    c->wished = events;
    requests += events;
    list_init(&c->polls);
    wait_queue_init(&c->waiting);
    if (!current->mm->aio.next)
        list_init(&current->mm->aio);
    list_append(&current->mm->aio, &c->link);
    if (!put_user(c->id, a[1]))
        return 0;
    mm_unmap(current->mm, c->id, ROUND_UP(slot_at(c->slots), PAGE_SIZE));
    end(c);
    return -EFAULT;
}

i64 sys_io_destroy(const u64 *a) {
    struct aio_context *c = aio_find(a[0]);
    if (!c)
        return -EINVAL;
    mm_unmap(current->mm, c->id, ROUND_UP(slot_at(c->slots), PAGE_SIZE));
    end(c);
    aio_put(c);
    return 0;
}

/* Hand over events that are there; how many, or -EFAULT when not even one. */
static i64 take(struct aio_context *c, i64 max, u64 to) {
    i64 done = 0;
    u32 head = ring_first(c);
    struct aio_event event;
    for (; done < max && head != c->tail; done++) {
        if (!ring_move(c, slot_at(head), &event, sizeof(event), false) || put_user(event, to + done * sizeof(event)))
            return done ? done : -EFAULT;
        head = (head + 1) % c->slots;
        ring_move(c, offsetof(struct ring_head, head), &head, sizeof(head), true);
    }
    return done;
}

static i64 wait_for(u64 id, i64 least, i64 max, u64 to, u64 deadline) {
    struct aio_context *c = aio_find(id);
    i64 done = 0, error = 0;
    if (!c)
        return -EINVAL;
    if (least < 0 || least > max)
        error = -EINVAL;
    while (!error) {
        i64 got = take(c, max - done, to + done * sizeof(struct aio_event));
        if (got < 0) {
            error = got;
            break;
        }
        done += got;
        if (done >= least || !deadline)
            break;
        if (c->dead)
            error = -EINVAL;
        else
            error = wait_on(&c->waiting, deadline);
        if (error == -ETIMEDOUT)
            deadline = error = 0; /* one last look */
    }
    aio_put(c);
    return done ? done : error;
}

/* A time that is no time has passed. */
static i64 read_timeout(u64 at, u64 *deadline) {
    struct timespec t;
    *deadline = NEVER;
    if (!at)
        return 0;
    if (get_user(t, at))
        return -EFAULT;
    i64 ns = t.sec >= (i64)(NEVER / SECOND_NS / 4) ? (i64)(NEVER / 4) : t.sec * SECOND_NS + t.nsec;
    *deadline = ns > 0 ? deadline_after(ns) : 0;
    return 0;
}

i64 sys_io_getevents(const u64 *a) {
    u64 deadline;
    i64 error = read_timeout(a[4], &deadline);
    return error ? error : wait_for(a[0], a[1], a[2], a[3], deadline);
}

i64 sys_io_pgetevents(const u64 *a) {
    struct {
        u64 mask, size;
    } with = {0};
    u64 deadline;
    i64 error = read_timeout(a[4], &deadline);
    if (!error && a[5] && get_user(with, a[5]))
        error = -EFAULT;
    if (!error && with.mask)
        error = set_temporary_mask(with.mask, with.size);
    if (error)
        return error;
    error = wait_for(a[0], a[1], a[2], a[3], deadline);
    return error == -EINTR ? -ERESTARTNOHAND : error;
}
