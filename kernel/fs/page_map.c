/* The page map of an inode: a tree with 64 children per node, whose entries are frames with a dirty
   bit. */
#include "fs/pages.h"
#include "lib.h"

#define BITS 6
#define FANOUT (1UL << BITS)
#define MAX_HEIGHT 9 /* 54 bits of page index */

struct node {
    u64 slot[FANOUT]; /* nodes, or entries at the lowest level; 0 = nothing */
};

static u64 frames; /* in all maps */

static bool covers(const struct page_map *map, u64 index) {
    return map->height && (map->height * BITS >= 64 || index >> (map->height * BITS) == 0);
}

u64 *page_map_find(const struct page_map *map, u64 index) {
    if (!covers(map, index))
        return NULL;
    struct node *node = map->root;
    for (u32 level = map->height - 1; level; level--) {
        node = (struct node *)node->slot[(index >> (level * BITS)) % FANOUT];
        if (!node)
            return NULL;
    }
    u64 *entry = &node->slot[index % FANOUT];
    return *entry ? entry : NULL;
}

bool page_map_insert(struct page_map *map, u64 index, paddr frame) {
    while (!covers(map, index)) {
        if (map->height == MAX_HEIGHT)
            return false;
        struct node *top = kzalloc(sizeof(*top));
        if (!top)
            return false;
        top->slot[0] = (u64)map->root;
        map->root = top;
        map->height++;
    }
    struct node *node = map->root;
    for (u32 level = map->height - 1; level; level--) {
        u64 *slot = &node->slot[(index >> (level * BITS)) % FANOUT];
        if (!*slot) {
            struct node *fresh = kzalloc(sizeof(*fresh));
            if (!fresh)
                return false;
            *slot = (u64)fresh;
        }
        node = (struct node *)*slot;
    }
    node->slot[index % FANOUT] = frame;
    map->count++;
    frames++;
    return true;
}

u64 *page_map_next(const struct page_map *map, u64 *index) {
    while (covers(map, *index)) {
        struct node *node = map->root;
        u32 level = map->height - 1;
        for (; level; level--) {
            struct node *below = (struct node *)node->slot[(*index >> (level * BITS)) % FANOUT];
            if (!below)
                break;
            node = below;
        }
        if (!level) {
            do {
                if (node->slot[*index % FANOUT])
                    return &node->slot[*index % FANOUT];
            } while (++*index % FANOUT);
        } else { /* nothing below this slot: on to the next one */
            *index = ((*index >> (level * BITS)) + 1) << (level * BITS);
        }
        if (!*index)
            return NULL;
    }
    return NULL;
}

static void free_nodes(struct node *node, u32 level) {
    /* As deep as the tree is high, which is MAX_HEIGHT at most. */
    for (u64 i = 0; level && i < FANOUT; i++)
        if (node->slot[i])
            free_nodes((struct node *)node->slot[i], level - 1);
    kfree(node);
}

void page_map_drop_entry(struct page_map *map, u64 *entry) {
    if (*entry & PAGE_DIRTY)
        map->dirty--;
    paddr frame = ENTRY_FRAME(*entry);
    *entry = 0;
    map->count--;
    frames--;
    frame_put(frame);
}

u64 page_map_drop(struct page_map *map, u64 from, u64 to) {
    u64 before = map->count;
    for (u64 *entry; map->count && (entry = page_map_next(map, &from)) && from < to; from++)
        page_map_drop_entry(map, entry);
    u64 dropped = before - map->count;
    if (!map->count && map->root) {
        free_nodes(map->root, map->height - 1);
        *map = (struct page_map){0};
    }
    return dropped;
}

u64 page_map_frames(void) { return frames; }
