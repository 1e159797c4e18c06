/* Queued signals, counted for each user: RLIMIT_SIGPENDING bounds what all processes of one have. */
#include "user.h"
#include "frame.h"
#include "tree.h"

/* There while something counts for the user. */
struct user {
    struct tree_node by_uid; /* key = uid */
    u64 signals;
};

static struct tree users;

static struct user *find(u32 uid) {
    struct tree_node *node = tree_find(&users, uid);
    return node ? tree_entry(node, struct user, by_uid) : NULL;
}

struct user *user_queue_signal(u32 uid, u64 limit) {
    struct user *user = find(uid);
    if ((user ? user->signals : 0) >= limit)
        return NULL;
    if (!user) {
        user = kzalloc(sizeof(*user));
        if (!user)
            return NULL;
        user->by_uid.key = uid;
        tree_insert(&users, &user->by_uid);
    }
    user->signals++;
    return user;
}

void user_signal_taken(struct user *user) {
    if (!user || --user->signals)
        return;
    tree_remove(&users, &user->by_uid);
    kfree(user);
}

u64 user_signals(u32 uid) {
    const struct user *user = find(uid);
    return user ? user->signals : 0;
}
