/* Ordered trees (treaps) keyed by a u64, linked through a member of the element. */
#pragma once
#include "types.h"

struct tree_node {
    struct tree_node *left, *right, *parent;
    u64 key;
    u32 priority;
};

struct tree {
    struct tree_node *root;
};

/* Insert by node->key, which the caller has set; equal keys are kept, later ones behind. */
void tree_insert(struct tree *tree, struct tree_node *node);
void tree_remove(struct tree *tree, struct tree_node *node);
/* A node with exactly this key, any of equals, or NULL. */
struct tree_node *tree_find(const struct tree *tree, u64 key);
/* The node with the greatest key <= key, or NULL. */
struct tree_node *tree_floor(const struct tree *tree, u64 key);
/* The node with the smallest key >= key, the first of equals, or NULL. */
struct tree_node *tree_ceil(const struct tree *tree, u64 key);
struct tree_node *tree_first(const struct tree *tree);
struct tree_node *tree_next(struct tree_node *node);
struct tree_node *tree_prev(struct tree_node *node);

#define tree_entry(ptr, type, member) container_of(ptr, type, member)
