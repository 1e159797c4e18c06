/* Memory policy calls: mbind, get_mempolicy, set_mempolicy and what moves pages between nodes. */
#include "numa.h"
#include "errno.h"
#include "mm.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"
#include "zeros.h"

#define NODES_MAX 1024 /* bits that a node mask may have */
#define WORD_BITS 64UL
#define THE_NODE 1UL /* the mask of it */

enum { DEFAULT, PREFERRED, BIND, INTERLEAVE, LOCAL, PREFERRED_MANY, WEIGHTED_INTERLEAVE, MODES };
#define STATIC_NODES 0x8000u
#define RELATIVE_NODES 0x4000u
#define NUMA_BALANCING 0x2000u
#define MODE_FLAGS (STATIC_NODES | RELATIVE_NODES | NUMA_BALANCING)

#define F_NODE 1u
#define F_ADDR 2u
#define F_MEMS_ALLOWED 4u

#define MF_STRICT 1u
#define MF_MOVE 2u
#define MF_MOVE_ALL 4u

struct nodes {
    u64 first; /* word */
    bool any;
};

/* As Linux reads a mask of `count` - 1 bits: what is beyond NODES_MAX must be nothing. */
static i64 get_nodes(struct nodes *nodes, u64 at, u64 count) {
    u64 word;
    *nodes = (struct nodes){ 0 };
    if (!--count || !at)
        return 0;
    if (count > PAGE_SIZE * 8)
        return -EINVAL;
    while (count > NODES_MAX) {
        if (get_user(word, at + (count - 1) / WORD_BITS * sizeof(word)))
            return -EFAULT;
        if (word)
            return -EINVAL;
        count = MAX(count - WORD_BITS, NODES_MAX);
    }
    for (u64 i = 0; i * WORD_BITS < count; i++) {
        u64 left = count - i * WORD_BITS;
        if (get_user(word, at + i * sizeof(word)))
            return -EFAULT;
        if (left < WORD_BITS)
            word &= (1UL << left) - 1;
        nodes->any |= word != 0;
        nodes->first = i ? nodes->first : word;
    }
    return 0;
}

static i64 check_mode(u32 mode) {
    u32 kind = mode & ~MODE_FLAGS;
    if (kind >= MODES || (mode & (STATIC_NODES | RELATIVE_NODES)) == (STATIC_NODES | RELATIVE_NODES))
        return -EINVAL;
    return (mode & NUMA_BALANCING) && kind != BIND && kind != PREFERRED_MANY ? -EINVAL : 0;
}

/* A policy of a mode that has been checked. */
static i64 make_policy(struct memory_policy *policy, u32 mode, const struct nodes *nodes) {
    u32 kind = mode & ~MODE_FLAGS, fixed = mode & (STATIC_NODES | RELATIVE_NODES);
    *policy = (struct memory_policy){ 0 };
    if (kind == DEFAULT)
        return nodes->any ? -EINVAL : 0;
    if (kind == PREFERRED && !nodes->any) {
        kind = LOCAL;
    } else if (kind == LOCAL ? nodes->any : !nodes->any) {
        return -EINVAL;
    }
    if (kind == LOCAL) {
        policy->mode = LOCAL;
        return fixed ? -EINVAL : 0;
    }
    if (!(mode & RELATIVE_NODES) && !(nodes->first & THE_NODE))
        return -EINVAL;
    policy->mode = mode;
    policy->nodes = mode & MODE_FLAGS ? nodes->first : THE_NODE;
    return 0;
}

i64 sys_set_mempolicy(const u64 *a) {
    struct nodes nodes;
    struct memory_policy policy;
    i64 err = check_mode((u32)a[0]);
    if (!err)
        err = get_nodes(&nodes, a[1], a[2]);
    if (!err)
        err = make_policy(&policy, (u32)a[0], &nodes);
    if (!err)
        current->memory_policy = policy;
    return err;
}

/* One word of nodes, and zeros for the rest of what the caller has room for. */
static i64 put_nodes(u64 at, u64 count, u64 nodes) {
    u64 size = ROUND_UP(count - 1, WORD_BITS) / 8;
    if (size > sizeof(nodes)) {
        if (size > PAGE_SIZE)
            return -EINVAL;
        if (zero_user(at + sizeof(nodes), size - sizeof(nodes)))
            return -EFAULT;
        size = sizeof(nodes);
    }
    return copy_to_user(at, &nodes, size);
}

static i64 policy_of(struct memory_policy *policy, u64 addr, u32 flags) {
    *policy = current->memory_policy;
    if (!(flags & F_ADDR))
        return addr ? -EINVAL : 0;
    const struct area *area = addr < NV_USER_END ? area_find(current->mm, addr) : NULL;
    if (!area)
        return -EFAULT;
    *policy = area->policy;
    return 0;
}

i64 sys_get_mempolicy(const u64 *a) {
    u64 addr = a[3], nodes = THE_NODE;
    u32 flags = (u32)a[4];
    i32 mode = 0;
    struct memory_policy policy;
    if ((a[1] && !a[2]) || a[4] & ~(u64)(F_NODE | F_ADDR | F_MEMS_ALLOWED))
        return -EINVAL;
    if (flags & F_MEMS_ALLOWED) {
        if (flags != F_MEMS_ALLOWED)
            return -EINVAL;
    } else {
        i64 err = policy_of(&policy, addr, flags);
        if (err)
            return err;
        u32 kind = policy.mode & ~MODE_FLAGS;
        mode = (i32)policy.mode;
        nodes = policy.nodes;
        if (flags & F_NODE) {
            mode = 0;
            if (!(flags & F_ADDR) && kind != INTERLEAVE && kind != WEIGHTED_INTERLEAVE)
                return -EINVAL;
            if ((flags & F_ADDR) && !mm_resolve(current->mm, addr, 0))
                return -EFAULT;
        }
    }
    if (a[0] && put_user(mode, a[0]))
        return -EFAULT;
    return a[1] ? put_nodes(a[1], a[2], nodes) : 0;
}

static i64 set_policy(struct mm *mm, u64 from, u64 end, const struct memory_policy *policy) {
    while (from < end) {
        i64 err = area_split(mm, from, end);
        if (err)
            return err;
        struct area *area = area_find(mm, from);
        from = area->end;
        area->policy = *policy;
        area_merge(mm, area);
    }
    return 0;
}

i64 sys_mbind(const u64 *a) {
    u64 from = a[0], end = from + ROUND_UP(a[1], PAGE_SIZE);
    u32 flags = (u32)a[5];
    struct nodes nodes;
    struct memory_policy policy;
    i64 err = check_mode((u32)a[2]);
    if (!err)
        err = get_nodes(&nodes, a[3], a[4]);
    if (err)
        return err;
    if (flags & ~(MF_STRICT | MF_MOVE | MF_MOVE_ALL))
        return -EINVAL;
    if ((flags & MF_MOVE_ALL) && !capable(CAP_SYS_NICE))
        return -EPERM;
    if ((from & PAGE_MASK) || end < from)
        return -EINVAL;
    if (end == from)
        return 0;
    err = make_policy(&policy, (u32)a[2], &nodes);
    if (err)
        return err;
    return end > NV_USER_END || mm_has_hole(current->mm, from, end) ? -EFAULT
                                                                  : set_policy(current->mm, from, end, &policy);
}

/* The home node: of several, where to begin. There is one, so it is judged and nothing follows from it. */
i64 sys_set_mempolicy_home_node(const u64 *a) {
    u64 from = a[0], end = from + ROUND_UP(a[1], PAGE_SIZE);
    if ((from & PAGE_MASK) || a[3] || a[2] || end < from)
        return -EINVAL;
    i64 result = end == from ? 0 : -ENOENT;
    for (struct area *area = area_first_from(current->mm, from); area && area->node.key < end;
         area = area_next(area)) {
        u32 kind = area->policy.mode & ~MODE_FLAGS;
        if (!area->policy.mode)
            continue;
        if (kind != BIND && kind != PREFERRED_MANY)
            return -EOPNOTSUPP;
        result = 0;
    }
    return result;
}

/* The address space of another process that the caller may look into, or his own. */
static struct mm *mm_of(i32 pid) {
    const struct task *task = pid ? task_find(pid) : current;
    if (!task)
        return ERR_PTR(-ESRCH);
    if (!may_inspect(task->process, false))
        return ERR_PTR(-EPERM);
    return task->mm ? task->mm : ERR_PTR(-EINVAL);
}

i64 sys_migrate_pages(const u64 *a) {
    struct nodes from, to;
    i64 err = get_nodes(&from, a[2], a[1]);
    if (!err)
        err = get_nodes(&to, a[3], a[1]);
    if (err)
        return err;
    const struct mm *mm = mm_of((i32)a[0]);
    if (IS_ERR(mm))
        return PTR_ERR(mm);
    if ((to.any && to.first != THE_NODE) && !capable(CAP_SYS_NICE))
        return -EPERM;
    return to.first & THE_NODE ? 0 : -EINVAL;
}

/* Where a page is, or why it is nowhere. */
static i32 node_of(struct mm *mm, u64 addr) {
    const struct area *area = addr < NV_USER_END ? area_find(mm, addr) : NULL;
    if (!area)
        return -EFAULT;
    if (!mm_is_resident(mm, area, ROUND_DOWN(addr, PAGE_SIZE)))
        return -ENOENT;
    const u64 *pte = pte_find(mm->root, addr);
    return pte && is_zero_frame(*pte) ? -EFAULT : 0; /* the page of zeros is on no node */
}

i64 sys_move_pages(const u64 *a) {
    u32 flags = (u32)a[5];
    if (flags & ~(MF_MOVE | MF_MOVE_ALL))
        return -EINVAL;
    if ((flags & MF_MOVE_ALL) && !capable(CAP_SYS_NICE))
        return -EPERM;
    struct mm *mm = mm_of((i32)a[0]);
    if (IS_ERR(mm))
        return PTR_ERR(mm);
    for (u64 i = 0; i < a[1]; i++) {
        u64 addr;
        i32 node = 0;
        if (get_user(addr, a[2] + i * sizeof(addr)) || (a[3] && get_user(node, a[3] + i * sizeof(node))))
            return -EFAULT;
        if (node)
            return -ENODEV;
        node = node_of(mm, addr);
        if (put_user(node, a[4] + i * sizeof(node)))
            return -EFAULT;
        if (signal_interrupts(current))
            return -EINTR;
    }
    return 0;
}
