/* /dev: what programs find there. */
#include "case.h"

CASE(dev_null_and_zero, "read write")
{
    char text[8] = "abcdefg";
    int null = T(open("/dev/null", O_RDWR)), zero = T(open("/dev/zero", O_RDWR));
    T(read(null, text, 8));
    T(write(null, text, 8));
    T(read(zero, text, 4));
    IS(!text[0] && !text[3] && text[4] == 'e');
    T(write(zero, text, 8));
    T(lseek(null, 100, SEEK_SET));
    T(lseek(zero, 0, SEEK_END));
    T(ftruncate(null, 0));
    T(read(zero, (void *)8, 8));
    T(write(null, (void *)8, 8));
}

CASE(dev_full, "read write")
{
    char text[4] = "abc";
    int full = T(open("/dev/full", O_RDWR));
    T(write(full, text, 3));
    T(read(full, text, 3));
    N(text[0]);
}

CASE(dev_random, "read write open")
{
    unsigned char a[32] = {0}, b[32] = {0};
    int random = T(open("/dev/urandom", O_RDWR));
    T(read(random, a, 32));
    T(read(random, b, 32));
    IS(memcmp(a, b, 32));
    T(read(open("/dev/random", O_RDONLY), a, 16));
    T(write(random, a, 4));
}

CASE(dev_links, "readlink open")
{
    char text[64] = "";
    T(readlink("/dev/fd", text, 63));
    say("%s", text);
    memset(text, 0, sizeof text);
    T(readlink("/dev/stdin", text, 63));
    say("%s", text);
    T(access("/dev/shm", W_OK));
    int fd = file_with("f", "again");
    char path[32];
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    T(read(open(path, O_RDONLY), text, 5));
}

CASE(shared_memory_objects, "open mmap unlink")
{
    char name[64];
    snprintf(name, sizeof name, "/dev/shm/case-%d", getpid());
    int fd = T(open(name, O_CREAT | O_EXCL | O_RDWR, 0600));
    T(ftruncate(fd, PAGE));
    char *at = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    CHILD(strcpy(at, "shared"));
    say("%s", at);
    T(unlink(name));
}
