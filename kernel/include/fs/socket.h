/* Connected pairs of stream sockets (fs/socket_pair.c). */
#pragma once
#include "fs/open.h"
#include "fs/ring.h"

struct socket {
    struct ring in;      /* what the peer has sent */
    struct poll_head head;
    struct socket *peer; /* NULL: closed */
    bool read_shut, write_shut;
    i32 pid;             /* of who made the pair */
    u32 uid, gid;
};

struct socket *file_socket(struct file *file); /* NULL: not a socket */
/* `flags` are MSG_*. Bytes or negative errno. */
i64 socket_receive(struct file *file, struct io *io, u32 flags);
i64 socket_send(struct file *file, struct io *io, u32 flags);
i64 socket_shutdown(struct socket *socket, i32 how);
/* Two connected sockets; 0 or negative errno. */
i64 socket_pair(u32 flags, struct file **ends);
