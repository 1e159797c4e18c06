/* Small kernel objects: one free list per power of two, carved from frames. A frame's tag says
   which class its objects belong to, so kfree needs no size and objects carry no header. */
#include "heap.h"
#include "kstack.h"
#include "lib.h"

#define SMALLEST_SHIFT 5 /* 32 bytes */
#define CLASSES 8        /* 32 .. 4096 */

struct free_object {
    struct free_object *next;
};

static struct free_object *free_lists[CLASSES];

static u32 class_of(u64 size) {
    u32 class = 0;
    while ((1UL << (class + SMALLEST_SHIFT)) < size)
        class++;
    return class;
}

static bool carve(u32 class) {
    paddr frame = frame_alloc();
    if (!frame)
        return false;
    frame_set_tag(frame, class);
    char *page = phys_to_virt(frame);
    for (u64 at = 0, size = 1UL << (class + SMALLEST_SHIFT); at < PAGE_SIZE; at += size) {
        struct free_object *object = (struct free_object *)(page + at);
        object->next = free_lists[class];
        free_lists[class] = object;
    }
    return true;
}

void *kmalloc(u64 size) {
    if (size > PAGE_SIZE)
        return NULL;
    u32 class = class_of(size);
    if (!free_lists[class] && !carve(class))
        return NULL;
    struct free_object *object = free_lists[class];
    free_lists[class] = object->next;
    return object;
}

void *kzalloc(u64 size) {
    void *object = kmalloc(size);
    if (object)
        memset(object, 0, size);
    return object;
}

void kfree(void *object) {
    if (!object)
        return;
    paddr at = virt_to_phys(object);
    u32 class = frame_tag(ROUND_DOWN(at, PAGE_SIZE));
    if (class == CLASSES - 1) {
        frame_put(ROUND_DOWN(at, PAGE_SIZE));
        return;
    }
    struct free_object *entry = object;
    entry->next = free_lists[class];
    free_lists[class] = entry;
}
