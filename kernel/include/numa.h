/* Memory policies (set_mempolicy(2)) of a machine with one node: they are judged and kept as where there is
   a choice, and every page comes from node 0 (mm/numa.c). */
#pragma once
#include "types.h"

/* Of a thread, or of an area; all zeros: the default. */
struct memory_policy {
    u32 mode;  /* MPOL_* and its flags */
    u64 nodes; /* the first word of what it is for */
};

static inline bool same_policy(const struct memory_policy *a, const struct memory_policy *b) {
    return a->mode == b->mode && a->nodes == b->nodes;
}
