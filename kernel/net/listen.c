/* Connections that wait to be accepted. */
#include "errno.h"
#include "net/socket.h"

/* One more than asked for, as everywhere. */
bool backlog_full(const struct socket *listener) { return listener->backlog_count > listener->backlog_max; }

void backlog_add(struct socket *listener, struct socket *child) {
    list_append(&listener->backlog, &child->backlog_link);
    listener->backlog_count++;
    poll_wake(&listener->head, POLLIN | POLLRDNORM);
}

struct socket *backlog_take(struct socket *listener, u64 deadline) {
    for (;;) {
        if (list_empty(&listener->backlog) && listener->ops->admit)
            listener->ops->admit(listener);
        if (!list_empty(&listener->backlog))
            break;
        if (listener->state != SOCKET_LISTENING || (listener->shut & SHUT_READ))
            return ERR_PTR(-EINVAL);
        i64 error = socket_wait(&listener->head.sleepers, deadline);
        if (error)
            return ERR_PTR(error);
    }
    struct socket *child = list_first(&listener->backlog, struct socket, backlog_link);
    list_remove(&child->backlog_link);
    listener->backlog_count--;
    wake_all(&listener->room);
    if (listener->ops->accepted)
        listener->ops->accepted(listener);
    return child;
}

void backlog_close(struct socket *listener) {
    while (!list_empty(&listener->backlog)) {
        struct socket *child = list_first(&listener->backlog, struct socket, backlog_link);
        list_remove(&child->backlog_link);
        listener->backlog_count--;
        if (child->peer)
            child->peer->error = ECONNRESET;
        child->closed = true;
        child->ops->close(child);
        socket_put(child);
    }
}
