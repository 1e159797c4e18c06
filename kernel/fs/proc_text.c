/* Text that grows page by page, for what /proc generates. */
#include "fs/proc.h"
#include "lib.h"

#define LINE 512
#define TEXT_MAX (4UL << 20)

void text_bytes(struct text *text, const void *bytes, u64 size) {
    const char *from = bytes;
    while (size && !text->failed) {
        u64 at = text->size % PAGE_SIZE, part = MIN(size, PAGE_SIZE - at);
        if (!at) {
            paddr frame = text->size < TEXT_MAX ? frame_alloc() : 0;
            if (!frame || !page_map_insert(&text->pages, text->size / PAGE_SIZE, frame)) {
                if (frame)
                    frame_put(frame);
                text->failed = true;
                return;
            }
        }
        u64 *entry = page_map_find(&text->pages, text->size / PAGE_SIZE);
        memcpy((char *)phys_to_virt(ENTRY_FRAME(*entry)) + at, from, part);
        text->size += part;
        from += part;
        size -= part;
    }
}

void text_add(struct text *text, const char *fmt, ...) {
    static char line[LINE];
    __builtin_va_list args;
    __builtin_va_start(args, fmt);
    u64 size = vformat(line, sizeof(line), fmt, args);
    __builtin_va_end(args);
    text_bytes(text, line, MIN(size, sizeof(line) - 1));
}

void text_free(struct text *text) {
    page_map_drop(&text->pages, 0, ~0UL);
    text->size = 0;
    text->failed = false;
}
