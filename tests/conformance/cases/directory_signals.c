/* F_NOTIFY: signals for what happens in a directory. */
#include "case.h"

static volatile int count, last_code, last_fd;
static volatile long last_band;

static void note(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    count++;
    last_code = info->si_code;
    last_fd = info->si_fd;
    last_band = info->si_band;
}

static int directory; /* "d", open */

static void prepare(int sig)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    MUST(sigaction(sig, &action, 0));
    MUST(mkdir("d", 0755));
    directory = MUST(open("d", O_RDONLY));
}

/* How often there was a signal since the last time. */
static void heard(const char *of)
{
    say("%s: %d", of, count);
    count = 0;
}

static void play(void)
{
    char byte;
    int fd = MUST(open("d/f", O_CREAT | O_RDWR, 0644));
    heard("created");
    MUST(write(fd, "x", 1));
    heard("written");
    MUST(pread(fd, &byte, 1, 0));
    heard("read");
    MUST(fchmod(fd, 0600));
    heard("changed mode");
    MUST(rename("d/f", "d/g"));
    heard("renamed");
    MUST(rename("d/g", "g"));
    heard("moved out");
    MUST(rename("g", "d/h"));
    heard("moved in");
    MUST(mkdir("d/e", 0755));
    heard("made a directory");
    MUST(chmod("d", 0700));
    heard("changed itself");
    MUST(unlink("d/h"));
    MUST(rmdir("d/e"));
    heard("removed two");
    close(fd);
}

CASE(directory_signals_of_each_kind, "fcntl openat rename unlink mkdir")
{
    static const unsigned kinds[] = {DN_ACCESS, DN_MODIFY, DN_CREATE, DN_DELETE, DN_RENAME, DN_ATTRIB};
    prepare(SIGIO);
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        say("kind %#x", kinds[i]);
        T(fcntl(directory, F_NOTIFY, kinds[i] | DN_MULTISHOT));
        play();
        T(fcntl(directory, F_NOTIFY, 0));
    }
    play();
}

CASE(directory_signals_once, "fcntl openat")
{
    prepare(SIGIO);
    T(fcntl(directory, F_NOTIFY, DN_CREATE | DN_DELETE | DN_RENAME));
    play();
    T(fcntl(directory, F_NOTIFY, DN_CREATE));
    T(fcntl(directory, F_NOTIFY, DN_DELETE));
    play();
    N(fcntl(directory, F_GETOWN) == getpid());
}

CASE(directory_signals_with_a_number, "fcntl")
{
    prepare(SIGRTMIN);
    T(fcntl(directory, F_SETSIG, SIGRTMIN));
    T(fcntl(directory, F_NOTIFY, DN_CREATE | DN_MULTISHOT));
    close(file_with("d/f", ""));
    heard("created");
    N(last_code);
    N(last_band);
    IS(last_fd == directory);
    int other = MUST(dup(directory));
    close(other);
    close(file_with("d/g", ""));
    heard("closed by one name");
    close(directory);
    close(file_with("d/h", ""));
    heard("closed");
}

CASE(directory_signals_refused, "fcntl")
{
    prepare(SIGIO);
    int file = file_with("f", ""), path = MUST(open("d", O_PATH));
    T(fcntl(file, F_NOTIFY, DN_CREATE));
    T(fcntl(file, F_NOTIFY, 0));
    T(fcntl(path, F_NOTIFY, DN_CREATE));
    T(fcntl(directory, F_NOTIFY, DN_MULTISHOT));
    T(fcntl(directory, F_NOTIFY, 0x40000000));
    CHILD(close(file_with("d/f", "")));
    heard("another process");
    T(fcntl(directory, F_NOTIFY, DN_CREATE));
    CHILD(close(file_with("d/g", "")));
    heard("another process");
}
