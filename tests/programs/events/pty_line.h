/* What the programs about the line discipline share: a pair, and what its two ends read. */
#pragma once
#define _GNU_SOURCE
#include "say.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>

static int master, slave;
static struct termios usual;

static inline void open_pair(void)
{
    master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (master < 0 || grantpt(master) || unlockpt(master))
        die("posix_openpt");
    slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (slave < 0)
        die("open slave");
    tcgetattr(slave, &usual);
}

static inline void close_pair(void)
{
    close(slave);
    close(master);
}

/* A kernel may work on input behind the scenes; asking whether there is any waits for that. */
static inline void settle(void)
{
    struct pollfd p[2] = {{slave, POLLIN, 0}, {master, POLLIN, 0}};

    poll(p, 1, 0);
    poll(p + 1, 1, 0);
}

static inline void type(const char *keys)
{
    if (write(master, keys, strlen(keys)) != (long)strlen(keys))
        die("type");
    settle();
}

static inline void screen(void)
{
    char text[4096];
    settle();
    show("  screen", text, read(master, text, sizeof text));
}

static inline void reads(unsigned long most)
{
    char text[4096];
    show("  read", text, read(slave, text, most));
}

static inline void set(tcflag_t iflag, tcflag_t oflag, tcflag_t lflag)
{
    struct termios t = usual;
    t.c_iflag = iflag;
    t.c_oflag = oflag;
    t.c_lflag = lflag;
    if (tcsetattr(slave, TCSANOW, &t))
        die("tcsetattr");
}
