/* What stays of TCP connections that are over: TIME_WAIT and its kin. */
#include "loopback.h"
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

/* A socket that tries to get this port; -1 where it does not. */
static int bind_to(int port, int reuse)
{
    struct sockaddr_in at = loopback(port);
    int fd = MUST(socket(AF_INET, SOCK_STREAM, 0));
    MUST(set_number(fd, SOL_SOCKET, SO_REUSEADDR, reuse));
    if (!bind(fd, (void *)&at, sizeof at))
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static void try_port(const char *when, int port)
{
    int plain = bind_to(port, 0), why = errno;
    if (plain >= 0)
        close(plain);
    int reusing = bind_to(port, 1), other = errno;
    if (reusing >= 0)
        close(reusing);
    say("%s: plain %s, reusing %s", when, plain < 0 ? error_name(why) : "ok", reusing < 0 ? error_name(other) : "ok");
}

enum { STATES = 16, FIN_WAIT1 = 4 };

/* How many of those with this local port are in each state of /proc/net/tcp. */
static void count_states(int port, unsigned count[STATES])
{
    char line[256];
    unsigned at, state;
    FILE *file = fopen("/proc/net/tcp", "r");
    memset(count, 0, STATES * sizeof *count);
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, " %*u: %*8x:%4x %*8x:%*4x %2x", &at, &state) == 2 && (int)at == port)
            count[state % STATES]++;
    if (file)
        fclose(file);
}

/* Once the other side has heard what there was to say. */
static void show_states(const char *when, int port)
{
    char seen[64] = "";
    unsigned count[STATES];
    count_states(port, count);
    for (int i = 0; i < 500 && count[FIN_WAIT1]; i++) {
        sleep_ms(1);
        count_states(port, count);
    }
    for (int i = 0; i < STATES; i++)
        if (count[i])
            sprintf(seen + strlen(seen), " %dx%d", count[i], i);
    say("%s:%s", when, seen);
}

static int listener, client, server, port;

static void connect_all(int reuse)
{
    struct sockaddr_in at = loopback(0);
    listener = MUST(socket(AF_INET, SOCK_STREAM, 0));
    MUST(set_number(listener, SOL_SOCKET, SO_REUSEADDR, reuse));
    MUST(bind(listener, (void *)&at, sizeof at));
    MUST(listen(listener, 5));
    port = port_of(listener);
    client = connected_to(listener, 0);
    server = MUST(accept(listener, 0, 0));
}

CASE(port_of_a_server_that_closed_first, "bind close setsockopt")
{
    for (int reuse = 0; reuse < 2; reuse++) {
        connect_all(reuse);
        show_states("connected", port);
        close(listener);
        try_port("connected", port);
        close(server);
        sleep_ms(2);
        show_states("server closed", port);
        try_port("server closed", port);
        close(client);
        sleep_ms(2);
        show_states("both closed", port);
        try_port("both closed", port);
    }
}

CASE(port_of_a_server_that_closed_last, "bind close")
{
    connect_all(0);
    int theirs = port_of(client);
    close(listener);
    close(client);
    sleep_ms(2);
    show_states("client closed, its", theirs);
    show_states("client closed, the server's", port);
    close(server);
    sleep_ms(2);
    show_states("both closed, the client's", theirs);
    show_states("both closed, the server's", port);
    try_port("the server's", port);
    try_port("the client's", theirs);
}

CASE(port_after_a_reset, "bind close setsockopt")
{
    connect_all(0);
    close(listener);
    MUST(setsockopt(server, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger)));
    close(server);
    sleep_ms(2);
    show_states("linger of 0", port);
    try_port("linger of 0", port);
    connect_all(0);
    close(listener);
    MUST(write(client, "x", 1));
    sleep_ms(2);
    close(server);
    sleep_ms(2);
    show_states("unread bytes", port);
    try_port("unread bytes", port);
    connect_all(0);
    close(listener);
    close(server);
    sleep_ms(2);
    T(send(client, "x", 1, MSG_NOSIGNAL));
    sleep_ms(2);
    show_states("bytes for a closed one", port);
    try_port("bytes for a closed one", port);
}

CASE(port_of_sockets_that_shut_down, "shutdown bind getsockopt")
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    connect_all(0);
    close(listener);
    T(shutdown(server, SHUT_WR));
    sleep_ms(2);
    show_states("server has said its last", port);
    show_states("and the client", port_of(client));
    T(shutdown(client, SHUT_WR));
    sleep_ms(2);
    show_states("both have", port);
    T(getsockopt(server, SOL_TCP, TCP_INFO, &info, &size));
    N(info.tcpi_state);
    T(getsockopt(client, SOL_TCP, TCP_INFO, &info, &size));
    N(info.tcpi_state);
    try_port("both have", port);
    close(server);
    close(client);
    sleep_ms(2);
    show_states("closed", port);
    try_port("closed", port);
}

CASE(calling_the_same_again, "connect bind")
{
    connect_all(1);
    struct sockaddr_in there = loopback(port);
    int ours = port_of(client);
    T(bind_to(ours, 0));
    close(client);
    sleep_ms(2);
    close(server);
    sleep_ms(2);
    show_states("client waits", ours);
    T(bind_to(ours, 0));
    struct sockaddr_in here = loopback(0);
    int first = MUST(socket(AF_INET, SOCK_STREAM, 0)), second = MUST(socket(AF_INET, SOCK_STREAM, 0));
    MUST(set_number(first, SOL_SOCKET, SO_REUSEADDR, 1));
    MUST(set_number(second, SOL_SOCKET, SO_REUSEADDR, 1));
    MUST(bind(first, (void *)&here, sizeof here));
    here = loopback(port_of(first));
    T(bind(second, (void *)&here, sizeof here));
    T(connect(first, (void *)&there, sizeof there));
    T(connect(second, (void *)&there, sizeof there));
    server = MUST(accept(listener, 0, 0));
    close(first);
    show_states("it has said its last", ntohs(here.sin_port));
    close(server);
    sleep_ms(2);
    show_states("it waits", ntohs(here.sin_port));
    T(connect(second, (void *)&there, sizeof there));
    server = MUST(accept(listener, 0, 0));
    show_states("connected anew", ntohs(here.sin_port));
    T(write(second, "x", 1));
    char byte = 0;
    T(read(server, &byte, 1));
}

CASE(calling_where_a_server_waits, "connect bind")
{
    connect_all(1);
    struct sockaddr_in here = loopback(0), there = loopback(port);
    int one = MUST(socket(AF_INET, SOCK_STREAM, 0));
    MUST(set_number(one, SOL_SOCKET, SO_REUSEADDR, 1));
    MUST(bind(one, (void *)&here, sizeof here));
    here = loopback(port_of(one));
    MUST(connect(one, (void *)&there, sizeof there));
    int end = MUST(accept(listener, 0, 0));
    close(end);
    sleep_ms(2);
    close(one);
    sleep_ms(2);
    show_states("the server's end waits", port);
    one = MUST(socket(AF_INET, SOCK_STREAM, 0));
    T(bind(one, (void *)&here, sizeof here));
    T(connect(one, (void *)&there, sizeof there));
    end = MUST(accept(listener, 0, 0));
    T(write(one, "x", 1));
    char byte = 0;
    T(read(end, &byte, 1));
}

CASE(bytes_not_taken_in, "ioctl")
{
    int value = -1;
    connect_all(0);
    T(ioctl(client, SIOCOUTQ, &value));
    N(value);
    T(ioctl(client, SIOCOUTQNSD, &value));
    N(value);
    T(ioctl(listener, SIOCOUTQ, &value));
    T(ioctl(listener, SIOCINQ, &value));
    MUST(write(client, "hello", 5));
    sleep_ms(2);
    T(ioctl(client, SIOCOUTQ, &value));
    N(value);
    T(ioctl(server, SIOCINQ, &value));
    N(value);
    MUST(fcntl(client, F_SETFL, O_NONBLOCK));
    static char block[65536];
    while (write(client, block, sizeof block) > 0)
        ;
    sleep_ms(2);
    T(ioctl(client, SIOCOUTQ, &value));
    IS(value > 0);
    T(ioctl(client, SIOCOUTQNSD, &value));
    IS(value > 0);
    int udp = bound(SOCK_DGRAM);
    T(ioctl(udp, SIOCOUTQ, &value));
    N(value);
    T(ioctl(udp, SIOCOUTQNSD, &value));
}
