/* The strings of execve: copied out of the old address space into frames that become the new stack. */
#include "errno.h"
#include "exec.h"
#include "lib.h"
#include "uaccess.h"

#define STRING_MAX (128 * 1024) /* of one string, as Linux */
#define LENGTHS_PER_PAGE (PAGE_SIZE / sizeof(u32))

void strings_free(struct exec_strings *s) {
    while (s->page_count)
        frame_put(s->pages[--s->page_count]);
    while (s->length_page_count)
        frame_put(s->length_pages[--s->length_page_count]);
}

/* The rest of the last page: where the next bytes go, and how many fit. NULL when memory is out. */
static char *tail(struct exec_strings *s, u64 *room) {
    u64 used = s->size & PAGE_MASK;
    if (s->size >> NV_PAGE_SHIFT == s->page_count) {
        paddr frame = frame_alloc_zero();
        if (!frame)
            return NULL;
        s->pages[s->page_count++] = frame;
    }
    *room = PAGE_SIZE - used;
    return (char *)phys_to_virt(s->pages[s->page_count - 1]) + used;
}

static i64 add_length(struct exec_strings *s, u64 length) {
    u32 index = s->argc + s->envc, page = index / LENGTHS_PER_PAGE;
    if (page == LENGTH_PAGES)
        return -E2BIG;
    if (page == s->length_page_count) {
        paddr frame = frame_alloc();
        if (!frame)
            return -ENOMEM;
        s->length_pages[s->length_page_count++] = frame;
    }
    ((u32 *)phys_to_virt(s->length_pages[page]))[index % LENGTHS_PER_PAGE] = (u32)length;
    return 0;
}

u32 strings_length(const struct exec_strings *s, u32 index) {
    return ((u32 *)phys_to_virt(s->length_pages[index / LENGTHS_PER_PAGE]))[index % LENGTHS_PER_PAGE];
}

i64 strings_add(struct exec_strings *s, const char *string) {
    u64 left = strlen(string) + 1, length = left, room;
    while (left) {
        char *to = s->size < (u64)STRING_PAGES << NV_PAGE_SHIFT ? tail(s, &room) : NULL;
        if (!to)
            return s->page_count == STRING_PAGES ? -E2BIG : -ENOMEM;
        u64 part = MIN(room, left);
        memcpy(to, string, part);
        string += part;
        left -= part;
        s->size += part;
    }
    return add_length(s, length);
}

i64 strings_add_user(struct exec_strings *s, u64 string) {
    u64 length = 0, room;
    for (;;) {
        char *to = s->size < (u64)STRING_PAGES << NV_PAGE_SHIFT ? tail(s, &room) : NULL;
        if (!to)
            return s->page_count == STRING_PAGES ? -E2BIG : -ENOMEM;
        i64 got = copy_string_from_user(to, string + length, room);
        if (got == -EFAULT)
            return got;
        u64 part = got >= 0 ? (u64)got + 1 : room;
        s->size += part;
        length += part;
        if (length > STRING_MAX)
            return -E2BIG;
        if (got >= 0)
            return add_length(s, length);
    }
}
