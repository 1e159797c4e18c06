/*
 * The frame of the cases about pointers: a call is made again and again, each time with one pointer that
 * leads astray. Which pointers a call has stands in its arguments: a number is itself, a mark stands for
 * memory of the wanted kind, and for the pointers that are in that memory.
 *
 * First the pointer is wrong as a whole (KINDS), then the memory it leads to ends early, after 1, 2, 3 ...
 * bytes (SIZES): what the call says of each shows how many bytes it needs and what it does with fewer.
 */
#pragma once
#include "case.h"
#include <sys/socket.h>

#define CWD AT_FDCWD
enum { MARKS = 0x5a5a0000, ROOM = 2048, ARGUMENTS = 6, NESTED = 6 };

/* Kinds of memory; the numbers are indices into `marks`. */
#define BUF (MARKS + 0)     /* zeros */
#define NAME (MARKS + 1)    /* the name of a file that is there */
#define VEC (MARKS + 2)     /* one struct iovec */
#define LENGTH (MARKS + 3)  /* the number 16 */
#define MESSAGE (MARKS + 4) /* a struct msghdr, or mmsghdr, with a name, two pieces of data and room for control data */
#define TIMEOUT (MARKS + 5) /* zeros; without it the call would wait for ever */
#define WORDS (MARKS + 6)   /* two strings, as of a program */
#define MASK (MARKS + 7)    /* what the last argument of pselect6 is */
#define WAITERS (MARKS + 8) /* one struct futex_waitv */
#define CLONE (MARKS + 9)   /* struct clone_args with places for three numbers */
#define FRESH (MARKS + 10)  /* the name of a file that is not there */
#define ATTRIBUTE (MARKS + 11) /* the name of an extended attribute */
#define TABLE (MARKS + 12)  /* struct ifconf */
#define SCRIPT (MARKS + 13) /* the name of a file that may be executed, and cannot */
#define FILTER (MARKS + 14) /* struct sock_fprog that allows everything */
#define REQUESTS (MARKS + 15) /* pointer to a struct iocb that reads descriptor 100 */

static char *good, *closed, *read_only, *last_page;
static struct { char text[2048]; } *report;

static void put_pointer(char *at, int offset, const void *to) { memcpy(at + offset, &to, sizeof to); }
static void put_number(char *at, int offset, uint64_t number) { memcpy(at + offset, &number, sizeof number); }

static void make_name(char *at) { strcpy(at, "f"); }
static void make_script(char *at) { strcpy(at, "x"); }
static void make_fresh(char *at) { strcpy(at, "new"); }
static void make_attribute(char *at) { strcpy(at, "user.one"); }
static void make_length(char *at) { put_number(at, 0, 16); }

static void make_vector(char *at)
{
    put_pointer(at, 0, at + 512);
    put_number(at, 8, 48);
}

static void make_message(char *at)
{
    put_pointer(at, 0, at + 512); /* the name */
    put_number(at, 8, 16);
    put_pointer(at, 16, at + 128); /* the data */
    put_number(at, 24, 2);
    put_pointer(at, 32, at + 768); /* control data */
    put_number(at, 40, 64);
    put_pointer(at, 128, at + 1024);
    put_number(at, 136, 16);
    put_pointer(at, 144, at + 1536);
    put_number(at, 152, 16);
    put_number(at, 512, 1); /* AF_UNIX */
    put_number(at, 768, 64); /* for no layer that is here */
    put_number(at, 776, 77);
}

static void make_words(char *at)
{
    put_pointer(at, 0, at + 512);
    put_pointer(at, 8, at + 768);
    strcpy(at + 512, "one");
    strcpy(at + 768, "two");
}

static void make_mask(char *at)
{
    put_pointer(at, 0, at + 512);
    put_number(at, 8, 8);
}

static void make_waiters(char *at)
{
    put_number(at, 0, 1); /* the value is another */
    put_pointer(at, 8, at + 512);
    put_number(at, 16, 0x82); /* 32 bits, private */
}

static void make_clone(char *at)
{
    put_number(at, 0, 0x00001000 | 0x00100000 | 0x01000000); /* PIDFD, PARENT_SETTID, CHILD_SETTID */
    put_pointer(at, 8, at + 512);
    put_pointer(at, 16, at + 768);
    put_pointer(at, 24, at + 1024);
    put_number(at, 32, SIGCHLD);
}

static void make_table(char *at)
{
    put_number(at, 0, 40);
    put_pointer(at, 8, at + 512);
}

static void make_filter(char *at)
{
    put_number(at, 0, 1);
    put_pointer(at, 8, at + 512);
    put_number(at, 512, 0x7fff000000000006); /* return SECCOMP_RET_ALLOW */
}

static void make_requests(char *at)
{
    put_pointer(at, 0, at + 512);
    put_number(at, 532, 100);
    put_pointer(at, 536, at + 1024);
    put_number(at, 544, 16);
}

/* How each kind is made, and where in it there are pointers. */
static const struct {
    void (*make)(char *at);
    int pointers, at[NESTED];
} marks[] = {
    {0}, {make_name}, {make_vector, 1, {0}}, {make_length}, {make_message, 5, {0, 16, 32, 128, 144}}, {0},
    {make_words, 2, {0, 8}}, {make_mask, 1, {0}}, {make_waiters, 1, {8}}, {make_clone, 3, {8, 16, 24}},
    {make_fresh}, {make_attribute}, {make_table, 1, {8}}, {make_script}, {make_filter, 1, {8}},
    {make_requests, 2, {0, 536}},
};

static int marked(long argument)
{
    return argument >= MARKS && argument < MARKS + (long)(sizeof marks / sizeof *marks);
}

enum { NOTHING, LOW, KERNEL, NOT_CANONICAL, HIGHEST, NO_ACCESS, READ_ONLY, END_OF_SPACE, KINDS };

static long wrong_address(int kind)
{
    switch (kind) {
    case LOW:
        return 8;
    case KERNEL:
        return (long)0xffff888000001000;
    case NOT_CANONICAL:
        return (long)0x8000000000001000;
    case HIGHEST:
        return -1;
    case NO_ACCESS:
        return (long)closed;
    case READ_ONLY:
        return (long)read_only;
    case END_OF_SPACE:
        return 0x7fffffffefff;
    }
    return 0;
}

/* All sizes up to 16; then where structures end, and one byte less. */
static const short SIZES[] = {
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19, 20, 23, 24, 27, 28, 31, 32, 35, 36, 39, 40, 43, 44, 47,
    48, 51, 52, 55, 56, 59, 60, 63, 64, 71, 72, 79, 80, 87, 88, 95, 96, 103, 104, 111, 112, 119, 120, 127, 128, 135,
    136, 143, 144, 199, 200, 207, 208, 255, 256, 389, 390,
};

static void prepare(void)
{
    if (good)
        return;
    last_page = MUST(mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    MUST(munmap(last_page + PAGE, PAGE));
    closed = MUST(mmap(0, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    read_only = MUST(mmap(0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    good = MUST(mmap(0, ARGUMENTS * ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    report = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    close(MUST(open("x", O_CREAT | O_WRONLY, 0755)));
    signal(SIGPIPE, SIG_IGN);
}

struct attempt {
    long number;
    const long *given;
    void (*before)(void); /* makes things as they were */
    int counts;           /* the value is told, not only that it is none of an error */
    int argument;         /* which pointer is wrong: an argument, */
    int nested;           /* or one in the memory it leads to, by its offset; -1 */
};

/* The arguments in `a`, all good; where the pointer is that this is about. */
static long *make_arguments(const struct attempt *t, long a[ARGUMENTS])
{
    for (int i = 0; i < ARGUMENTS; i++) {
        a[i] = t->given[i];
        if (!marked(a[i]))
            continue;
        char *at = good + i * ROOM;
        memset(at, 0, ROOM);
        if (marks[a[i] - MARKS].make)
            marks[a[i] - MARKS].make(at);
        a[i] = (long)at;
    }
    return t->nested < 0 ? &a[t->argument] : (long *)(good + t->argument * ROOM + t->nested);
}

static void outcome(const struct attempt *t, const long a[ARGUMENTS], char *text, int size)
{
    if (t->before)
        t->before();
    errno = 0;
    long value = syscall(t->number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (!value && (t->number == SYS_clone || t->number == SYS_clone3))
        _exit(0); /* the new process */
    if (value == -1)
        snprintf(text, size, "%s", error_name(errno));
    else if (t->counts)
        snprintf(text, size, "%ld", value);
    else
        snprintf(text, size, "ok");
}

static void add(const char *text)
{
    size_t used = strlen(report->text), size = strlen(text);
    if (used + size < sizeof report->text)
        memcpy(report->text + used, text, size + 1);
}

static void try_kinds(const struct attempt *t)
{
    long a[ARGUMENTS];
    char text[32] = " ";
    MUST(mprotect(read_only, PAGE, PROT_READ | PROT_WRITE));
    memcpy(read_only, (void *)*make_arguments(t, a), 512);
    MUST(mprotect(read_only, PAGE, PROT_READ));
    for (int kind = 0; kind < KINDS; kind++) {
        if (kind == NOTHING && t->given[t->argument] == TIMEOUT)
            continue;
        *make_arguments(t, a) = wrong_address(kind);
        outcome(t, a, text + 1, sizeof text - 1);
        add(text);
    }
}

/* Runs of sizes with the same outcome; or whose outcome is the size. */
static void try_sizes(const struct attempt *t)
{
    char run[64] = "", text[32], own[8];
    int same = 0, sized = 0;
    long a[ARGUMENTS];
    for (unsigned i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        int size = SIZES[i];
        long *pointer = make_arguments(t, a);
        char *at = last_page + PAGE - size;
        memcpy(at, (void *)*pointer, size);
        *pointer = (long)at;
        outcome(t, a, text, sizeof text);
        snprintf(own, sizeof own, "%d", size);
        int is_own = t->counts && !strcmp(text, own);
        same = same && !strcmp(text, run);
        sized = sized && is_own;
        if (same || sized)
            continue;
        char start[96];
        snprintf(start, sizeof start, "%s%d: %s", i ? ", " : " | ", size, text);
        add(start);
        snprintf(run, sizeof run, "%s", text);
        same = 1;
        sized = is_own;
    }
}

/* In a process of its own, so that none can spoil the next. */
static void try_pointer(const struct attempt *t)
{
    report->text[0] = 0;
    pid_t child = MUST(fork());
    if (!child) {
        try_kinds(t);
        try_sizes(t);
        _exit(0);
    }
    int status = wait_for(child);
    if (t->nested < 0)
        say("argument %d:%s", t->argument, report->text);
    else
        say("argument %d, pointer at %d:%s", t->argument, t->nested, report->text);
    if (status)
        say_status("child", status);
}

static void bad(long number, int counts, void (*before)(void), const long given[ARGUMENTS])
{
    prepare();
    for (int i = 0; i < ARGUMENTS; i++) {
        if (!marked(given[i]))
            continue;
        struct attempt t = {number, given, before, counts, i, -1};
        try_pointer(&t);
        for (int j = 0; j < marks[given[i] - MARKS].pointers; j++) {
            t.nested = marks[given[i] - MARKS].at[j];
            try_pointer(&t);
        }
    }
}

/* BAD(call, arguments...); AFTER says what makes things as they were before each call, and COUNT tells
   what the call returns. */
#define AFTER(before, call, ...) bad(SYS_##call, 0, before, (const long[ARGUMENTS]){__VA_ARGS__})
#define BAD(call, ...) AFTER(0, call, __VA_ARGS__)
#define COUNT(before, call, ...) bad(SYS_##call, 1, before, (const long[ARGUMENTS]){__VA_ARGS__})
