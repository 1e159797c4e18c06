/* /proc: what programs read there. */
#include "pseudo_files.h"
#include <dirent.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/statfs.h>

CASE(self_links, "readlink")
{
    char text[4096] = "", number[16];
    T(readlink("/proc/self", text, 100) > 0);
    snprintf(number, sizeof number, "%d", getpid());
    IS(!strcmp(text, number));
    memset(text, 0, sizeof text);
    IS(readlink("/proc/self/exe", text, 4095) > 0 && strstr(text, "/pseudo_files"));
    memset(text, 0, sizeof text);
    IS(readlink("/proc/self/cwd", text, 4095) > 0 && strstr(text, "/self_links"));
    T(readlink("/proc/self/root", text, 4095));
    memset(text, 0, sizeof text);
    IS(readlink("/proc/thread-self", text, 4095) > 0 && strstr(text, "/task/"));
}

CASE(descriptor_links, "readlink open")
{
    char text[256] = "", path[32];
    int fd = file_with("f", "hello"), ends[2];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    IS(readlink(path, text, 255) > 0 && strstr(text, "/descriptor_links/f"));
    int again = T(open(path, O_RDONLY));
    T(read(again, text, 5));
    T(unlink("f"));
    memset(text, 0, sizeof text);
    IS(readlink(path, text, 255) > 0 && strstr(text, "/f (deleted)"));
    MUST(pipe(ends));
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    memset(text, 0, sizeof text);
    IS(readlink(path, text, 255) > 0 && !strncmp(text, "pipe:[", 6));
    T(readlink("/proc/self/fd/77", text, 255));
    T(open("/proc/self/fd/77", O_RDONLY));
    DIR *listing = opendir("/proc/self/fd");
    int count = 0;
    while (readdir(listing))
        count++;
    N(count);
    HAS("/proc/self/fdinfo/1", "flags:");
    HAS("/proc/self/fdinfo/1", "pos:");
}

CASE(status_and_stat, "open read")
{
    char *text;
    HAS("/proc/self/status", "Name:\tpseudo_files");
    HAS("/proc/self/status", "Uid:\t");
    HAS("/proc/self/status", "VmRSS:");
    HAS("/proc/self/status", "Threads:\t1");
    HAS("/proc/self/status", "SigBlk:");
    HAS("/proc/self/status", "CapEff:");
    text = text_of("/proc/self/stat");
    IS(text && atoi(text) == getpid() && strstr(text, "(pseudo_files) R "));
    text = text_of("/proc/self/statm");
    IS(text && atoi(text) > 0);
}

CASE(command_and_environment, "open read")
{
    char *text = text_of("/proc/self/cmdline");
    IS(text && strstr(text, "pseudo_files"));
    text = text_of("/proc/self/environ");
    IS(text != 0);
    text = text_of("/proc/self/comm");
    say("%s", text ? text : "");
    int fd = T(open("/proc/self/comm", O_WRONLY));
    T(write(fd, "renamed", 7));
    text = text_of("/proc/self/comm");
    say("%s", text ? text : "");
    fd = T(open("/proc/self/comm", O_WRONLY | O_TRUNC));
    T(write(fd, "a name that is too long\n", 24));
    text = text_of("/proc/self/comm");
    say("%s", text ? text : "");
    T(write(fd, (void *)8, 3));
    T(write(T(open("/proc/1/comm", O_WRONLY)), "x", 1));
    IS(has("/proc/self/status", "Name:\ta name that is "));
}

static void *rename_itself(void *unused)
{
    char path[64], *text;
    (void)unused;
    snprintf(path, sizeof path, "/proc/self/task/%ld/comm", (long)syscall(SYS_gettid));
    T(write(T(open(path, O_WRONLY)), "worker", 6));
    text = text_of(path);
    say("%s", text ? text : "");
    text = text_of("/proc/thread-self/stat");
    IS(text && strstr(text, " (worker) R "));
    text = text_of("/proc/thread-self/status");
    IS(text && strstr(text, "Name:\tworker\n") && strstr(text, "Threads:\t2\n"));
    text = text_of("/proc/self/comm");
    say("%s", text ? text : "");
    return 0;
}

CASE(names_of_threads, "open read write clone")
{
    pthread_t thread;
    pthread_create(&thread, 0, rename_itself, 0);
    pthread_join(thread, 0);
}

CASE(system_files, "open read")
{
    HAS("/proc/meminfo", "MemTotal:");
    HAS("/proc/meminfo", "MemAvailable:");
    HAS("/proc/meminfo", "Shmem:");
    HAS("/proc/cpuinfo", "processor\t: 0");
    HAS("/proc/cpuinfo", "flags\t");
    HAS("/proc/stat", "cpu ");
    HAS("/proc/stat", "btime ");
    HAS("/proc/vmstat", "nr_free_pages ");
    HAS("/proc/vmstat", "\npswpin ");
    OK(open("/proc/diskstats", O_RDONLY));
    HAS("/proc/version", "Linux version ");
    HAS("/proc/filesystems", "tmpfs");
    HAS("/proc/mounts", "proc");
    HAS("/proc/self/mountinfo", " / ");
    HAS("/proc/uptime", ".");
    HAS("/proc/loadavg", "/");
    HAS("/proc/self/cgroup", "");
    HAS("/proc/self/oom_score_adj", "");
}

CASE(settings, "open read")
{
    char *text;
    text = text_of("/proc/sys/kernel/ostype");
    say("%s", text ? text : "");
    text = text_of("/proc/sys/kernel/pid_max");
    IS(text && atoi(text) > 1000);
    text = text_of("/proc/sys/vm/overcommit_memory");
    IS(text && *text >= '0' && *text <= '2');
    text = text_of("/proc/sys/vm/max_map_count");
    IS(text && atoi(text) > 1000);
    text = text_of("/proc/sys/net/core/somaxconn");
    IS(text && atoi(text) > 10);
    text = text_of("/proc/sys/fs/pipe-max-size");
    say("%s", text ? text : "");
    char first[64] = "";
    text = text_of("/proc/sys/kernel/random/uuid");
    IS(text && strlen(text) == 37 && text[14] == '4' && strchr("89ab", text[19]));
    strncpy(first, text ? text : "", 40);
    text = text_of("/proc/sys/kernel/random/uuid");
    IS(text && strcmp(text, first));
    text = text_of("/proc/sys/kernel/random/boot_id");
    strncpy(first, text ? text : "", 40);
    IS(strlen(first) == 37 && first[14] == '4');
    text = text_of("/proc/sys/kernel/random/boot_id");
    IS(text && !strcmp(text, first));
    text = text_of("/proc/sys/kernel/random/poolsize");
    say("%s", text ? text : "");
    text = text_of("/proc/sys/kernel/random/entropy_avail");
    IS(text && atoi(text) > 0);
    text = text_of("/proc/sys/kernel/ngroups_max");
    IS(text && atoi(text) >= 32);
    text = text_of("/proc/sys/kernel/cap_last_cap");
    say("%s", text ? text : "");
    text = text_of("/proc/sys/vm/mmap_min_addr");
    IS(text && atoi(text) > 0);
    T(access("/proc/sys/kernel/random/missing", F_OK));
}

CASE(processes_are_listed, "getdents64 fork")
{
    char path[32];
    int ends[2];
    MUST(pipe(ends));
    pid_t child = fork();
    if (!child) {
        char byte;
        close(ends[1]);
        (void)!read(ends[0], &byte, 1);
        _exit(0);
    }
    snprintf(path, sizeof path, "/proc/%d/stat", child);
    T(access(path, R_OK));
    DIR *listing = opendir("/proc");
    struct dirent *entry;
    int found = 0;
    while ((entry = readdir(listing)))
        found += atoi(entry->d_name) == child || atoi(entry->d_name) == getpid();
    N(found);
    close(ends[1]);
    until_asleep(child);
    T(access(path, R_OK));
    N(state_of(child));
    wait_for(child);
    T(access(path, R_OK));
    T(access("/proc/0", F_OK));
    T(access("/proc/7777777", F_OK));
}

CASE(proc_is_read_only, "open mkdir unlink")
{
    T(open("/proc/new", O_CREAT | O_RDWR, 0600));
    T(mkdir("/proc/new", 0755));
    T(unlink("/proc/version"));
    T(symlink("x", "/proc/new"));
    T(link("/proc/version", "/proc/new"));
    T(rename("/proc/version", "/proc/new"));
    T(rmdir("/proc/new"));
    T(mkdir("/proc/version", 0755));
    T(mkdir("/proc/self/new", 0755));
    T(open("/proc/sys/kernel/new", O_CREAT | O_RDWR, 0600));
    T(mkdir("/proc/sys/new", 0755));
    T(mkdir("/proc/self/fd/new", 0755));
    T(open("/proc/self/status", O_RDONLY | O_DIRECTORY));
    T(open("/proc/self", O_RDONLY | O_DIRECTORY));
}

CASE(threads_are_listed, "getdents64")
{
    DIR *listing = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;
    while ((entry = readdir(listing)))
        count += entry->d_name[0] != '.';
    N(count);
}

static void store(const char *path, const char *text)
{
    int fd = MUST(open(path, O_WRONLY));
    errno = 0;
    long size = write(fd, text, strlen(text));
    say("%s < %s: %ld %s", path, text, size, size < 0 ? error_name(errno) : "");
    close(fd);
}

static void say_text(const char *path)
{
    char *text = text_of(path);
    say("%s: %s", path, text ? text : "");
}

/* Nobody may make himself less likely to die when memory is out, but the privileged. */
CASE(out_of_memory_scores, "open read write")
{
    static const char *const values[] = {"300", " 0x12c \n", "0454", "1000", "1001", "-1001", "-1", "x", "", "9x",
                                         "99999999999", "300\n", "+300", "0000000000000300", "300                 x"};
    static const char *const old_values[] = {"15", "16", "5", "-18", "8", "-17", "9"};
    struct stat info;
    if (!fork()) {
        if (!geteuid())
            MUST(syscall(SYS_setresuid, 5, 5, 5));
        MUST(prctl(PR_SET_DUMPABLE, 1));
        for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
            store("/proc/self/oom_score_adj", values[i]);
            say_text("/proc/self/oom_score_adj");
        }
        say_text("/proc/self/oom_adj");
        T(atoi(text_of("/proc/self/oom_score")) > 800);
        for (unsigned i = 0; i < sizeof old_values / sizeof *old_values; i++) {
            store("/proc/self/oom_adj", old_values[i]);
            say_text("/proc/self/oom_score_adj");
        }
        store("/proc/self/oom_score_adj", "777");
        CHILD(say_text("/proc/self/oom_score_adj"); store("/proc/self/oom_score_adj", "888"));
        say_text("/proc/self/oom_score_adj");
        say_text("/proc/thread-self/oom_score_adj");
        _exit(0);
    }
    wait(0);
    T(stat("/proc/self/oom_score_adj", &info));
    say("%o", info.st_mode);
    T(stat("/proc/self/oom_adj", &info));
    say("%o", info.st_mode);
}

static long number_in(const char *path)
{
    char *text = text_of(path);
    return text ? atol(text) : -1;
}

/* /sys says of the processor what programs size their pools and buffers by. */
CASE(processors_and_caches, "open read getdents64 statfs")
{
    static const char *const files[] = {"level", "size", "number_of_sets", "ways_of_associativity", "coherency_line_size",
                                        "physical_line_partition"};
    struct statfs info;
    struct stat about;
    char path[128];
    T(statfs("/sys", &info));
    say("%lx", (long)info.f_type);
    HAS("/proc/mounts", "sysfs /sys sysfs ");
    HAS("/sys/devices/system/cpu/online", "0");
    HAS("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0");
    N(number_in("/sys/devices/system/cpu/cpu0/topology/core_id"));
    N(number_in("/sys/devices/system/cpu/cpu0/topology/physical_package_id"));
    T(open("/sys/devices/system/cpu/cpu99999", O_RDONLY));
    T(stat("/sys/devices/system/cpu/online", &about));
    say("%o", about.st_mode);
    T(stat("/sys/devices/system/cpu/cpu0", &about));
    say("%o", about.st_mode);
    T(mkdir("/sys/devices/system/cpu/cpu0", 0755));
    int consistent = 1;
    for (int i = 0; i < 4; i++) { /* a processor may keep its caches to itself */
        long value[6];
        for (int j = 0; j < 6; j++) {
            snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", i, files[j]);
            value[j] = access(path, R_OK) ? 0 : number_in(path);
        }
        consistent &= value[1] * 1024 == value[2] * value[3] * value[4] * value[5];
    }
    N(consistent);
    HAS("/proc/self/status", "Mems_allowed:\t");
}

/* How many numbers a setting is made of; what they are is the host's. */
static void count_numbers(const char *path)
{
    char *text = text_of(path), *end;
    int count = 0;
    for (; text; text = end, count++) {
        long long number = strtoll(text, &end, 10);
        if (end == text || number < 0)
            break;
    }
    if (text)
        say("%s: %d", path, count);
}

CASE(settings_of_sockets_and_watches, "open read timerfd_create")
{
    static const char *const names[] = {
        "core/rmem_default", "core/rmem_max", "core/somaxconn", "core/wmem_default", "core/wmem_max",
        "ipv4/ip_default_ttl", "ipv4/ip_forward", "ipv4/ip_local_port_range", "ipv4/ip_unprivileged_port_start",
        "ipv4/tcp_fin_timeout", "ipv4/tcp_keepalive_intvl", "ipv4/tcp_keepalive_probes", "ipv4/tcp_keepalive_time",
        "ipv4/tcp_max_tw_buckets", "ipv4/tcp_rmem", "ipv4/tcp_tw_reuse", "ipv4/tcp_wmem", "ipv6/bindv6only",
        "unix/max_dgram_qlen", "../fs/aio-max-nr", "../fs/aio-nr", "../fs/inotify/max_queued_events",
        "../fs/inotify/max_user_instances", "../fs/inotify/max_user_watches", "../fs/lease-break-time",
        "../fs/leases-enable",
    };
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/sys/net/%s", names[i]);
        count_numbers(path);
    }
    char *text = text_of("/proc/sys/net/ipv4/tcp_congestion_control");
    IS(text && strlen(text) > 2 && strlen(text) < 17);
    T(syscall(SYS_timerfd_create, CLOCK_TAI, 0));
}
