/* Treaps: search trees by key, heaps by a hash of the node's address-independent insertion number,
   so that a run is deterministic. Rotations keep parent links, which makes next and prev loops. */
#include "tree.h"

static u32 next_priority(void) {
    static u32 counter;
    u32 x = ++counter * 0x9e3779b1u;
    return x ^ x >> 15;
}

static void replace_child(struct tree *tree, struct tree_node *parent, struct tree_node *old,
                          struct tree_node *new) {
    if (!parent)
        tree->root = new;
    else if (parent->left == old)
        parent->left = new;
    else
        parent->right = new;
    if (new)
        new->parent = parent;
}

/* Lift `node` above its parent. */
static void rotate_up(struct tree *tree, struct tree_node *node) {
    struct tree_node *parent = node->parent;
    replace_child(tree, parent->parent, parent, node);
    if (parent->left == node) {
        parent->left = node->right;
        if (node->right)
            node->right->parent = parent;
        node->right = parent;
    } else {
        parent->right = node->left;
        if (node->left)
            node->left->parent = parent;
        node->left = parent;
    }
    parent->parent = node;
}

void tree_insert(struct tree *tree, struct tree_node *node) {
    struct tree_node **link = &tree->root, *parent = NULL;
    while (*link) {
        parent = *link;
        link = node->key < parent->key ? &parent->left : &parent->right;
    }
    node->left = node->right = NULL;
    node->parent = parent;
    node->priority = next_priority();
    *link = node;
    while (node->parent && node->parent->priority < node->priority)
        rotate_up(tree, node);
}

void tree_remove(struct tree *tree, struct tree_node *node) {
    while (node->left && node->right)
        rotate_up(tree, node->left->priority > node->right->priority ? node->left : node->right);
    replace_child(tree, node->parent, node, node->left ? node->left : node->right);
    node->left = node->right = node->parent = NULL;
}

struct tree_node *tree_find(const struct tree *tree, u64 key) {
    struct tree_node *node = tree->root;
    while (node && node->key != key)
        node = key < node->key ? node->left : node->right;
    return node;
}

struct tree_node *tree_floor(const struct tree *tree, u64 key) {
    struct tree_node *node = tree->root, *best = NULL;
    while (node) {
        if (node->key <= key) {
            best = node;
            node = node->right;
        } else {
            node = node->left;
        }
    }
    return best;
}

struct tree_node *tree_ceil(const struct tree *tree, u64 key) {
    struct tree_node *node = tree->root, *best = NULL;
    while (node) {
        if (node->key >= key) {
            best = node;
            node = node->left;
        } else {
            node = node->right;
        }
    }
    return best;
}

struct tree_node *tree_first(const struct tree *tree) {
    struct tree_node *node = tree->root;
    while (node && node->left)
        node = node->left;
    return node;
}

struct tree_node *tree_next(struct tree_node *node) {
    if (node->right) {
        for (node = node->right; node->left;)
            node = node->left;
        return node;
    }
    while (node->parent && node->parent->right == node)
        node = node->parent;
    return node->parent;
}

struct tree_node *tree_prev(struct tree_node *node) {
    if (node->left) {
        for (node = node->left; node->right;)
            node = node->right;
        return node;
    }
    while (node->parent && node->parent->left == node)
        node = node->parent;
    return node->parent;
}
