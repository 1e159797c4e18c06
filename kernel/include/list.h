/* Circular doubly linked lists, linked through a member of the element. */
#pragma once
#include "types.h"

struct list {
    struct list *next, *prev;
};

#define LIST_INIT(name) { &(name), &(name) }

static inline void list_init(struct list *l) { l->next = l->prev = l; }
static inline bool list_empty(const struct list *l) { return l->next == l; }

static inline void list_insert_between(struct list *n, struct list *prev, struct list *next) {
    n->prev = prev;
    n->next = next;
    prev->next = n;
    next->prev = n;
}

/* At the front of the list headed by `head`. */
static inline void list_push(struct list *head, struct list *n) { list_insert_between(n, head, head->next); }
/* At its end. */
static inline void list_append(struct list *head, struct list *n) { list_insert_between(n, head->prev, head); }

/* Unlink; safe to repeat, the element then heads an empty list of its own. */
static inline void list_remove(struct list *n) {
    n->prev->next = n->next;
    n->next->prev = n->prev;
    list_init(n);
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)
#define list_for_each(pos, head, member)                                             \
    for (pos = list_entry((head)->next, __typeof__(*pos), member); &pos->member != (head); \
         pos = list_entry(pos->member.next, __typeof__(*pos), member))
/* As list_for_each; `pos` may be unlinked in the body. */
#define list_for_each_safe(pos, tmp, head, member)                                   \
    for (pos = list_entry((head)->next, __typeof__(*pos), member),                   \
        tmp = list_entry(pos->member.next, __typeof__(*pos), member);                \
         &pos->member != (head);                                                     \
         pos = tmp, tmp = list_entry(tmp->member.next, __typeof__(*tmp), member))
