/* Code that a program makes and changes: what is executed is always what was written last. */
#include "case.h"

enum { FUNCTIONS = 4, APART = 64, ROUNDS = 40 };

/* mov $value, %eax; ret */
static void emit(unsigned char *at, unsigned value)
{
    unsigned char code[] = {0xb8, value, value >> 8, value >> 16, value >> 24, 0xc3};
    memcpy(at, code, sizeof code);
}

static void emit_all(unsigned char *page, unsigned value)
{
    for (int i = 0; i < FUNCTIONS; i++)
        emit(page + i * APART, value + i);
}

/* How many of the functions do not do what was last written for them. */
static int wrong(const unsigned char *page, unsigned value)
{
    int count = 0;
    for (int i = 0; i < FUNCTIONS; i++)
        count += ((unsigned (*)(void))(page + i * APART))() != value + i;
    return count;
}

static unsigned char *map(void *at, int protection, int flags, int fd)
{
    unsigned char *page = mmap(at, PAGE, protection, flags, fd, 0);
    if (page == MAP_FAILED)
        say("no mapping: %s", error_name(errno));
    return page;
}

CASE(written_in_place, "mmap")
{
    unsigned char *page = map(0, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    int count = 0;
    for (int i = 0; i < ROUNDS; i++) {
        emit_all(page, i * 1000);
        count += wrong(page, i * 1000);
        page[PAGE - 1] = (unsigned char)i;
        emit(page + APART, i);
        count += ((unsigned (*)(void))(page + APART))() != (unsigned)i;
    }
    say("%d wrong", count);
}

CASE(writable_or_executable, "mprotect")
{
    unsigned char *page = map(0, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    int count = 0;
    for (int i = 0; i < ROUNDS; i++) {
        mprotect(page, PAGE, PROT_READ | PROT_WRITE);
        emit_all(page, i * 1000);
        mprotect(page, PAGE, PROT_READ | PROT_EXEC);
        count += wrong(page, i * 1000);
    }
    say("%d wrong", count);
}

CASE(many_pages, "mprotect")
{
    enum { PAGES = 24 };
    unsigned char *pages = mmap(0, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int count = 0;
    for (int i = 0; i < 4; i++) {
        mprotect(pages, PAGES * PAGE, PROT_READ | PROT_WRITE);
        for (int page = 0; page < PAGES; page += i + 1)
            emit_all(pages + page * PAGE, page * 1000 + i);
        mprotect(pages, PAGES * PAGE, PROT_READ | PROT_EXEC);
        for (int page = 0; page < PAGES; page += i + 1)
            count += wrong(pages + page * PAGE, page * 1000 + i);
    }
    say("%d wrong", count);
}

CASE(written_at_another_address, "mmap memfd_create")
{
    int fd = memfd_create("code", 0), count = 0;
    ftruncate(fd, PAGE);
    unsigned char *data = map(0, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
    unsigned char *code = map(0, PROT_READ | PROT_EXEC, MAP_SHARED, fd);
    for (int i = 0; i < ROUNDS; i++) {
        emit_all(data, i * 1000);
        count += wrong(code, i * 1000);
        emit(data + 2 * APART, i);
        emit(data + APART, i);
        count += ((unsigned (*)(void))(code + APART))() != (unsigned)i;
    }
    say("%d wrong", count);
    mprotect(data, PAGE, PROT_READ | PROT_EXEC);
    say("%d wrong at the other", wrong(data, (ROUNDS - 1) * 1000) - 2);
    mprotect(code, PAGE, PROT_READ | PROT_WRITE);
    emit_all(code, 7);
    say("%d wrong the other way round", wrong(data, 7));
}

CASE(mapped_anew, "mmap munmap")
{
    unsigned char *place = map(0, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    int count = 0;
    for (int i = 0; i < ROUNDS; i++) {
        int status = 0;
        munmap(place, PAGE);
        map(place, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1);
        emit_all(place, i * 1000);
        mprotect(place, PAGE, PROT_READ | PROT_EXEC);
        count += wrong(place, i * 1000);
        if (!fork()) {
            mprotect(place, PAGE, PROT_READ | PROT_WRITE);
            emit_all(place, i);
            mprotect(place, PAGE, PROT_READ | PROT_EXEC);
            _exit(wrong(place, i));
        }
        wait(&status);
        count += WEXITSTATUS(status) + wrong(place, i * 1000);
    }
    say("%d wrong", count);
}

CASE(written_by_calls, "read pwrite64")
{
    int fd = memfd_create("code", 0), count = 0;
    unsigned char made[PAGE] = {0};
    write(fd, made, PAGE);
    unsigned char *shared = map(0, PROT_READ | PROT_EXEC, MAP_SHARED, fd);
    unsigned char *private = map(0, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    for (int i = 0; i < ROUNDS; i++) {
        emit_all(made, i * 1000);
        pwrite(fd, made, i % 2 ? PAGE : FUNCTIONS * APART, 0);
        count += wrong(shared, i * 1000);
        pread(fd, private, i % 3 ? PAGE : FUNCTIONS * APART, 0);
        count += wrong(private, i * 1000);
    }
    say("%d wrong", count);
}

CASE(written_by_another_process, "mmap fork")
{
    int fd = memfd_create("code", 0), go[2], done[2], count = 0;
    char byte = 0;
    ftruncate(fd, PAGE);
    pipe(go);
    pipe(done);
    if (!fork()) {
        unsigned char *data = map(0, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
        for (int i = 0; i < ROUNDS && read(go[0], &byte, 1) == 1; i++) {
            emit_all(data, i * 1000);
            write(done[1], &byte, 1);
        }
        _exit(0);
    }
    unsigned char *code = map(0, PROT_READ | PROT_EXEC, MAP_SHARED, fd);
    for (int i = 0; i < ROUNDS; i++) {
        write(go[1], &byte, 1);
        read(done[0], &byte, 1);
        count += wrong(code, i * 1000);
    }
    wait(0);
    say("%d wrong", count);
}
