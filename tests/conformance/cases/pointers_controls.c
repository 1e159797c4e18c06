/* Pointers that lead astray: ioctl, fcntl, prctl and their commands. */
#include "pointers.h"
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <termios.h>

enum { FD = 100, MASTER = 101, SLAVE = 102, READER = 103, WRITER = 104, SOCKET = 105 };

struct command {
    const char *name;
    unsigned number;
};

#define C(name) {#name, name}

/* Each command with a pointer to memory of this kind. */
static void controls(long call, int fd, const struct command *commands, int count, void (*before)(void), long argument)
{
    for (int i = 0; i < count; i++) {
        say("%s", commands[i].name);
        bad(call, 0, before, (const long[ARGUMENTS]){fd, commands[i].number, argument});
    }
}

#define CONTROLS(call, fd, before, argument, ...)                                       \
    do {                                                                                \
        static const struct command list_[] = {__VA_ARGS__};                            \
        controls(SYS_##call, fd, list_, sizeof list_ / sizeof *list_, before, argument); \
    } while (0)

static void begin_file(void) { MUST(dup2(file_with("f", "0123456789"), FD)); }

static void begin_terminal(void)
{
    char name[32];
    int number, unlocked = 0;
    pid_t child = MUST(fork()); /* the process of a case leads a group, so it cannot lead a session */
    if (child) {
        say_status("all of it", wait_for(child));
        _exit(0);
    }
    MUST(setsid());
    MUST(dup2(MUST(open("/dev/ptmx", O_RDWR | O_NOCTTY)), MASTER));
    MUST(ioctl(MASTER, TIOCSPTLCK, &unlocked));
    MUST(ioctl(MASTER, TIOCGPTN, &number));
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    MUST(dup2(MUST(open(name, O_RDWR)), SLAVE)); /* ours from now on */
    signal(SIGTTOU, SIG_IGN);
}

/* What a change of settings would spoil. */
static void settings_as_before(void)
{
    static struct termios kept;
    static int is_kept;
    if (!is_kept)
        is_kept = !tcgetattr(SLAVE, &kept);
    tcsetattr(SLAVE, TCSANOW, &kept);
}

CASE(ioctl_of_a_terminal, "ioctl")
{
    begin_terminal();
    settings_as_before();
    CONTROLS(ioctl, SLAVE, settings_as_before, BUF, C(TCGETS), C(TCSETS), C(TCSETSW), C(TCSETSF), {"TCGETS2", 0x802c542a},
             {"TCSETS2", 0x402c542b}, C(TIOCGWINSZ), C(TIOCSWINSZ), C(TIOCGPGRP), C(TIOCGSID), C(FIONREAD),
             C(TIOCOUTQ), C(TIOCGETD), C(FIONBIO), C(TIOCSTI));
}

CASE(ioctl_to_the_foreground, "ioctl")
{
    begin_terminal();
    CONTROLS(ioctl, SLAVE, 0, BUF, C(TIOCSPGRP));
}

CASE(ioctl_of_a_master, "ioctl")
{
    begin_terminal();
    settings_as_before();
    CONTROLS(ioctl, MASTER, settings_as_before, BUF, C(TIOCGPTN), C(TIOCSPTLCK), {"TIOCGPTLCK", 0x80045439}, C(TIOCPKT),
             {"TIOCGPKT", 0x80045438}, C(TIOCGWINSZ), C(TIOCSWINSZ), C(TCGETS), C(FIONREAD), C(TIOCOUTQ));
}

CASE(ioctl_of_a_file, "ioctl")
{
    begin_file();
    CONTROLS(ioctl, FD, 0, BUF, C(FIONREAD), C(FIONBIO), C(FIOASYNC), C(TCGETS), C(TIOCGWINSZ), C(TIOCGPGRP));
    CONTROLS(ioctl, -1, 0, BUF, C(FIONREAD), C(FIONBIO));
}

CASE(ioctl_of_a_pipe, "ioctl")
{
    int ends[2];
    MUST(pipe(ends));
    MUST(dup2(ends[0], READER));
    MUST(dup2(ends[1], WRITER));
    CONTROLS(ioctl, READER, 0, BUF, C(FIONREAD), C(FIONBIO), C(FIOASYNC), C(TCGETS));
}

CASE(ioctl_of_a_socket, "ioctl")
{
    MUST(dup2(MUST(socket(AF_INET, SOCK_DGRAM, 0)), SOCKET));
    CONTROLS(ioctl, SOCKET, 0, BUF, C(FIONREAD), C(TIOCOUTQ), C(FIONBIO), C(FIOASYNC), {"SIOCGIFNAME", 0x8910},
             {"SIOCGIFFLAGS", 0x8913}, {"SIOCGIFADDR", 0x8915}, {"SIOCGIFMTU", 0x8921}, {"SIOCGIFINDEX", 0x8933});
    CONTROLS(ioctl, SOCKET, 0, TABLE, {"SIOCGIFCONF", 0x8912});
    MUST(dup2(MUST(socket(AF_INET, SOCK_STREAM, 0)), SOCKET));
    CONTROLS(ioctl, SOCKET, 0, BUF, C(FIONREAD), {"SIOCATMARK", 0x8905});
}

CASE(ioctl_of_an_inotify, "ioctl")
{
    MUST(dup2(MUST(syscall(SYS_inotify_init1, 0)), FD));
    CONTROLS(ioctl, FD, 0, BUF, C(FIONREAD), C(FIONBIO));
}

CASE(fcntl_locks, "fcntl")
{
    begin_file();
    CONTROLS(fcntl, FD, 0, BUF, C(F_GETLK), C(F_SETLK), C(F_SETLKW), C(F_OFD_GETLK), C(F_OFD_SETLK), C(F_OFD_SETLKW));
    CONTROLS(fcntl, -1, 0, BUF, C(F_GETLK));
}

CASE(fcntl_owners, "fcntl")
{
    begin_file();
    CONTROLS(fcntl, FD, 0, BUF, {"F_GETOWN_EX", 16}, {"F_SETOWN_EX", 15}, {"F_GETOWNER_UIDS", 17});
}

CASE(fcntl_hints, "fcntl")
{
    begin_file();
    CONTROLS(fcntl, FD, 0, BUF, {"F_GET_RW_HINT", 1035}, {"F_SET_RW_HINT", 1036}, {"F_GET_FILE_RW_HINT", 1037},
             {"F_SET_FILE_RW_HINT", 1038});
}

static void process_controls(const struct command *commands, int count, long argument)
{
    for (int i = 0; i < count; i++) {
        say("%s", commands[i].name);
        BAD(prctl, commands[i].number, argument);
    }
}

CASE(prctl, "prctl")
{
    static const struct command get[] = {
        C(PR_GET_NAME), C(PR_GET_PDEATHSIG), C(PR_GET_CHILD_SUBREAPER), C(PR_GET_TSC), {"PR_GET_TID_ADDRESS", 40},
        {"PR_GET_ENDIAN", 19}, {"PR_GET_UNALIGN", 5},
    };
    static const struct command set[] = {C(PR_SET_NAME)};
    process_controls(get, sizeof get / sizeof *get, BUF);
    process_controls(set, sizeof set / sizeof *set, NAME);
    process_controls(set, sizeof set / sizeof *set, ATTRIBUTE);
}

CASE(arch_prctl, "arch_prctl")
{
    BAD(arch_prctl, 0x1003, BUF); /* ARCH_GET_FS */
    BAD(arch_prctl, 0x1004, BUF);
    BAD(arch_prctl, 0x1001, BUF); /* ARCH_SET_GS */
}
