/* The bytes that wait in a stream socket. A mark tells which of them came with something: a read
   may begin before a mark but ends with it, so that nobody mixes up what belongs to what. */
#include "net/stream.h"
#include "errno.h"
#include "frame.h"
#include "lib.h"

#define MARKS_MAX 256
#define SLOTS_MIN 4

struct mark {
    struct list link;
    u64 from, to; /* positions */
    struct control control;
};

static u32 slots_for(u64 bytes) {
    u32 slots = SLOTS_MIN;
    while (slots < RING_SLOTS_MAX && slots * PAGE_SIZE < bytes)
        slots *= 2;
    return slots;
}

bool stream_open(struct stream *s, u64 bytes) {
    u32 slots = slots_for(bytes);
    if (!ring_init(&s->ring, RING_WHOLE))
        return false;
    if (slots != s->ring.slots && ring_resize(&s->ring, slots) < 0) {
        ring_free(&s->ring);
        return false;
    }
    s->open = true;
    return true;
}

void stream_resize(struct stream *s, u64 bytes) {
    u32 slots = slots_for(bytes);
    if (slots != s->ring.slots)
        ring_resize(&s->ring, slots);
}

static void mark_free(struct stream *s, struct mark *mark) {
    list_remove(&mark->link);
    s->mark_count--;
    if (mark->control.rights)
        rights_land(mark->control.rights);
    control_drop(&mark->control);
    kfree(mark);
}

void stream_close(struct stream *s) {
    while (!list_empty(&s->marks))
        mark_free(s, list_first(&s->marks, struct mark, link));
    if (s->open)
        ring_free(&s->ring);
    s->open = false;
    s->urgent = URGENT_NONE;
    s->holes = 0;
}

bool stream_room(const struct stream *s, u64 n, bool marked) {
    return ring_takes(&s->ring, n) && (!marked || s->mark_count < MARKS_MAX);
}

static struct mark *last_mark(const struct stream *s) {
    return list_empty(&s->marks) ? NULL : list_entry(s->marks.prev, struct mark, link);
}

i64 stream_put(struct stream *s, struct io *io, struct control *control) {
    bool marked = control && (control->rights || control->has_creds);
    u64 at = s->taken + s->ring.size;
    struct mark *last = last_mark(s), *mark = NULL;
    bool joins = marked && !control->rights && last && last->to == at && !last->control.rights &&
                 creds_equal(&last->control, control);
    if (marked && !joins) {
        mark = kmalloc(sizeof(*mark));
        i64 error = !mark ? -ENOMEM : control->rights ? rights_launch(control->rights) : 0;
        if (error) {
            kfree(mark);
            return error;
        }
    }
    i64 moved = ring_write(&s->ring, io);
    if (moved <= 0) {
        if (mark && control->rights)
            rights_land(control->rights);
        kfree(mark);
        return moved;
    }
    if (joins)
        last->to += moved;
    if (mark) {
        *mark = (struct mark){.from = at, .to = at + moved, .control = *control};
        control->rights = NULL;
        list_append(&s->marks, &mark->link);
        s->mark_count++;
    }
    return moved;
}

/* Copy waiting bytes behind `skip`, leaving them where they are. */
static i64 look(struct ring *r, struct io *io, u64 skip) {
    static struct segments runs;
    struct io before = *io;
    runs.count = 0;
    for (u32 i = 0; i < r->count && runs.count < ARRAY_LEN(runs.at); i++) {
        struct ring_slot *slot = &r->slot[(r->first + i) & (r->slots - 1)];
        u64 part = MIN(skip, slot->size);
        if (slot->size > part)
            segments_add(&runs, slot->frame + slot->start + part, slot->size - part);
        skip -= part;
    }
    u64 there = segments_size(&runs);
    i64 moved = io_put_runs(io, &runs);
    return moved < (i64)MIN(there, before.left) && io_reach(&before, there, true) < MIN(there, before.left) ? -EFAULT : moved;
}

/* The first mark that ends behind a position. */
static struct mark *mark_behind(const struct stream *s, u64 at) {
    struct mark *mark;
    list_for_each(mark, &s->marks, link)
        if (mark->to > at)
            return mark;
    return NULL;
}

/* Let go of what has been read past. Its bytes may outlast the rights that came with them. */
static void forget_marks(struct stream *s) {
    while (!list_empty(&s->marks) && list_first(&s->marks, struct mark, link)->to <= s->taken)
        mark_free(s, list_first(&s->marks, struct mark, link));
}

static void moved_on(struct stream *s) {
    if (s->urgent != URGENT_NONE && s->taken > s->urgent_at)
        s->urgent = URGENT_NONE;
    while (s->holes && s->hole[0] < s->taken)
        memmove(s->hole, s->hole + 1, --s->holes * sizeof(s->hole[0]));
}

void stream_skip_one(struct stream *s) {
    ring_drop(&s->ring, 1);
    s->taken++;
    moved_on(s);
    forget_marks(s);
}

bool stream_at_hole(const struct stream *s, u64 skip) {
    for (u32 i = 0; i < s->holes; i++)
        if (s->hole[i] == s->taken + skip)
            return true;
    return false;
}

i64 stream_take(struct stream *s, struct io *io, u64 skip, bool peek, struct control *control) {
    u64 at = s->taken + skip, whole = io->left, limit = MIN(whole, s->ring.size - skip);
    struct mark *mark = mark_behind(s, at);
    if (mark && mark->from > at) { /* first what came without anything */
        limit = MIN(limit, mark->from - at);
        mark = NULL;
    } else if (mark) {
        limit = MIN(limit, mark->to - at);
    }
    if (s->urgent != URGENT_NONE && s->urgent_at > at)
        limit = MIN(limit, s->urgent_at - at);
    for (u32 i = 0; i < s->holes; i++)
        if (s->hole[i] > at)
            limit = MIN(limit, s->hole[i] - at);
    if (limit) {
        io->left = limit;
        i64 moved = peek ? look(&s->ring, io, skip) : ring_read(&s->ring, io);
        io->left += whole - limit;
        io_advance(io, 0);
        if (moved <= 0)
            return moved;
        s->taken += peek ? 0 : moved;
        moved_on(s);
        limit = moved;
    }
    if (mark && limit) {
        control->has_creds = mark->control.has_creds;
        control->creds = mark->control.creds;
        if (mark->control.rights && peek) {
            control->rights = rights_copy(mark->control.rights);
        } else if (mark->control.rights) {
            control->rights = mark->control.rights;
            mark->control.rights = NULL;
            rights_land(control->rights);
        }
    }
    forget_marks(s);
    return limit;
}

void stream_each(struct stream *s, void (*visit)(struct control *control)) {
    struct mark *mark;
    list_for_each(mark, &s->marks, link)
        visit(&mark->control);
}
