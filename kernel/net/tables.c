/* /proc/net: the sockets there are, as text. */
#include "fs/proc.h"
#include "lib.h"
#include "net/time_wait.h"
#include "net/unix.h"

#define TICK_NS 10000000UL /* of the clock that timers are told in */

static void hex(struct text *text, u64 value, u32 digits) {
    static const char of[] = "0123456789ABCDEF";
    char out[16];
    for (u32 i = 0; i < digits; i++)
        out[i] = of[value >> (4 * (digits - 1 - i)) & 15];
    text_bytes(text, out, digits);
}

/* An address as the words of memory it is kept in. */
static void write_endpoint(struct text *text, const struct endpoint *e, bool v4) {
    for (u32 i = v4 ? 12 : 0; i < sizeof(e->address); i += 4) {
        u32 word;
        memcpy(&word, e->address + i, sizeof(word));
        hex(text, word, 8);
    }
    text_add(text, ":");
    hex(text, e->port, 4);
    text_add(text, " ");
}

/* Bytes that wait; for a listener it is connections. */
static u64 waiting(struct inet_socket *i) {
    if (i->s.state == SOCKET_LISTENING)
        return i->s.backlog_count;
    return i->s.ops->waiting ? (u64)MAX(i->s.ops->waiting(&i->s), 0) : 0;
}

/* What stays of connections that are over. */
static void write_time_waits(struct text *text, u16 family, u32 line) {
    for (struct time_wait *w = time_wait_next(NULL); w; w = time_wait_next(w)) {
        if (w->family != family)
            continue;
        text_add(text, "%4u: ", line++);
        write_endpoint(text, &w->local, family == AF_INET);
        write_endpoint(text, &w->remote, family == AF_INET);
        hex(text, w->state, 2);
        text_add(text, " 00000000:00000000 03:");
        hex(text, (w->until - MIN(w->until, clock_monotonic())) / TICK_NS, 8);
        text_add(text, " 00000000 %5u %8u %u %u 0000000000000000\n", 0, 0, 0, 3);
    }
}

static void write_sockets(struct text *text, bool tcp, u16 family) {
    u32 line = 0, protocol = tcp ? IPPROTO_TCP : IPPROTO_UDP;
    for (struct inet_socket *i = port_next(NULL); i; i = port_next(i)) {
        u8 state = tcp ? tcp_state(i) : i->s.state == SOCKET_CONNECTED ? TCP_ESTABLISHED : TCP_CLOSED;
        if (i->s.protocol != protocol || i->s.family != family || (tcp && state == TCP_CLOSED))
            continue;
        text_add(text, tcp ? "%4u: " : "%5u: ", line++);
        write_endpoint(text, &i->local, family == AF_INET);
        write_endpoint(text, &i->remote, family == AF_INET);
        hex(text, state, 2);
        text_add(text, " 00000000:");
        hex(text, waiting(i), 8);
        text_add(text, " 00:00000000 00000000 %5u %8u %lu %u 0000000000000000", i->s.creds.uid, 0,
                 i->s.file ? i->s.file->inode->ino : 0, i->s.refs);
        text_add(text, tcp ? " 100 0 0 10 0\n" : " 0\n");
    }
    if (tcp)
        write_time_waits(text, family, line);
}

#define TCP_COLUMNS "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#define UDP_COLUMNS "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"

void proc_net_tcp(struct text *text, struct process *p) {
    text_add(text, "  sl  local_address rem_address   " TCP_COLUMNS);
    write_sockets(text, true, AF_INET);
}

void proc_net_tcp6(struct text *text, struct process *p) {
    text_add(text, "  sl  %-38s%-38s " TCP_COLUMNS, "local_address", "remote_address");
    write_sockets(text, true, AF_INET6);
}

void proc_net_udp(struct text *text, struct process *p) {
    text_add(text, "   sl  local_address rem_address   " UDP_COLUMNS);
    write_sockets(text, false, AF_INET);
}

void proc_net_udp6(struct text *text, struct process *p) {
    text_add(text, "   sl  %-38s%-38s " UDP_COLUMNS, "local_address", "remote_address");
    write_sockets(text, false, AF_INET6);
}

static void write_unix(struct unix_socket *u, void *argument) {
    struct text *text = argument;
    const char *path = u->name->address.un.path;
    i32 size = u->name->address.size - offsetof(struct sockaddr_un, path);
    text_add(text, "0000000000000000: %08x 00000000 ", u->s.refs);
    text_add(text, "%s %04x %02u %5lu ", u->s.state == SOCKET_LISTENING ? "00010000" : "00000000", u->s.type,
             u->s.state == SOCKET_CONNECTED ? 3 : 1, u->s.file ? u->s.file->inode->ino : 0);
    if (path[0])
        text_add(text, "%.*s\n", size, path);
    else
        text_add(text, "@%.*s\n", size - 1, path + 1);
}

/* Those that have a name: the others can be found through the processes that hold them. */
void proc_net_unix(struct text *text, struct process *p) {
    text_add(text, "Num       RefCount Protocol Flags    Type St Inode Path\n");
    unix_each(write_unix, text);
}

void proc_net_dev(struct text *text, struct process *p) {
    text_add(text, "Inter-|   Receive                                                |  Transmit\n");
    text_add(text, " face |bytes    packets errs drop fifo frame compressed multicast|"
                   "bytes    packets errs drop fifo colls carrier compressed\n");
    text_add(text, "    lo: %7u %7u    0    0    0     0          0         0 %8u %7u    0    0    0     0       0 "
                   "         0\n", 0, 0, 0, 0);
}
