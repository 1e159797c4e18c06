/* /proc/sys/net and /proc/sys/fs/inotify: what sockets and watches can be, as numbers to read. */
#include "fs/notify.h"
#include "fs/proc_table.h"
#include "hypercall.h"
#include "net/time_wait.h"

NUMBER(write_buffer, BUFFER_DEFAULT)
NUMBER(write_buffer_max, BUFFER_MAX)
NUMBER(write_backlog, SOMAXCONN)
NUMBER(write_hops, 64)
NUMBER(write_privileged, PRIVILEGED_PORTS)
NUMBER(write_fin_timeout, 60) /* seconds, as the next three */
NUMBER(write_keep_time, 7200)
NUMBER(write_keep_interval, 75)
NUMBER(write_keep_probes, 9)
NUMBER(write_time_waits, TIME_WAITS_MAX)
NUMBER(write_reuse, 2) /* on loopback */
NUMBER(write_zero, 0)
NUMBER(write_dgram_queue, UNIX_DGRAM_QUEUE)
NUMBER(write_instances, boot.max_files) /* as many as there may be files */
NUMBER(write_queued, INOTIFY_QUEUE_MAX)
NUMBER(write_watches, INOTIFY_WATCHES_MAX)

static void write_ports(struct text *text, struct process *p) { text_add(text, "%u\t%u\n", FIRST_PORT, LAST_PORT); }
static void write_congestion(struct text *text, struct process *p) { text_add(text, TCP_CONGESTION_NAME "\n"); }

/* The least, what it is at first, the most. */
static void write_receive(struct text *text, struct process *p) {
    text_add(text, "%u\t%u\t%u\n", RECEIVE_BUFFER_MIN, TCP_RECEIVE_BUFFER, 2 * BUFFER_MAX);
}
static void write_send(struct text *text, struct process *p) {
    text_add(text, "%u\t%u\t%u\n", SEND_BUFFER_MIN, TCP_SEND_BUFFER, 2 * BUFFER_MAX);
}

static const struct proc_node core_entries[] = {
    FILE_ENTRY("rmem_default", write_buffer), FILE_ENTRY("rmem_max", write_buffer_max),
    FILE_ENTRY("somaxconn", write_backlog), FILE_ENTRY("wmem_default", write_buffer),
    FILE_ENTRY("wmem_max", write_buffer_max), {0},
};
static const struct proc_node ipv4_entries[] = {
    FILE_ENTRY("ip_default_ttl", write_hops), FILE_ENTRY("ip_forward", write_zero),
    FILE_ENTRY("ip_local_port_range", write_ports), FILE_ENTRY("ip_unprivileged_port_start", write_privileged),
    FILE_ENTRY("tcp_available_congestion_control", write_congestion),
    FILE_ENTRY("tcp_congestion_control", write_congestion), FILE_ENTRY("tcp_fin_timeout", write_fin_timeout),
    FILE_ENTRY("tcp_keepalive_intvl", write_keep_interval), FILE_ENTRY("tcp_keepalive_probes", write_keep_probes),
    FILE_ENTRY("tcp_keepalive_time", write_keep_time), FILE_ENTRY("tcp_max_tw_buckets", write_time_waits),
    FILE_ENTRY("tcp_rmem", write_receive), FILE_ENTRY("tcp_tw_reuse", write_reuse),
    FILE_ENTRY("tcp_wmem", write_send), {0},
};
static const struct proc_node ipv6_entries[] = {FILE_ENTRY("bindv6only", write_zero), {0}};
static const struct proc_node unix_entries[] = {FILE_ENTRY("max_dgram_qlen", write_dgram_queue), {0}};

const struct proc_node proc_sys_net_entries[] = {
    DIR_ENTRY("core", core_entries), DIR_ENTRY("ipv4", ipv4_entries), DIR_ENTRY("ipv6", ipv6_entries),
    DIR_ENTRY("unix", unix_entries), {0},
};
const struct proc_node proc_sys_inotify_entries[] = {
    FILE_ENTRY("max_queued_events", write_queued), FILE_ENTRY("max_user_instances", write_instances),
    FILE_ENTRY("max_user_watches", write_watches), {0},
};
