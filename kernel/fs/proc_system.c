/* The files of /proc that describe the whole guest, and its root directory. */
#include "errno.h"
#include "file.h"
#include "fs/aio.h"
#include "fs/lease.h"
#include "fs/proc_table.h"
#include "fs/tmpfs.h"
#include "hypercall.h"
#include "lib.h"
#include "mqueue.h"
#include "proc.h"
#include "system.h"

#define NS 1000000000UL
#define TICK 10000000UL

static i64 link_self(struct process *p, i32 number, char *buf, u64 size) {
    return MIN(format(buf, size, "%d", current->process->pid), size);
}

static i64 link_thread_self(struct process *p, i32 number, char *buf, u64 size) {
    return MIN(format(buf, size, "%d/task/%d", current->process->pid, current->tid), size);
}

static i64 link_mounts(struct process *p, i32 number, char *buf, u64 size) {
    return MIN(format(buf, size, "self/mounts"), size);
}

static void write_meminfo(struct text *text, struct process *p) {
    u64 kb = PAGE_SIZE / 1024, total = frames_total() * kb, free = frames_free() * kb, cached = page_map_frames() * kb;
    u64 shared = tmpfs_frames() * kb; /* cached, but nowhere else to be had */
    text_add(text, "MemTotal:       %8lu kB\nMemFree:        %8lu kB\nMemAvailable:   %8lu kB\n", total, free,
             free + cached - shared);
    text_add(text, "Buffers:        %8u kB\nCached:         %8lu kB\nSwapCached:     %8u kB\n", 0, cached, 0);
    text_add(text, "Active:         %8lu kB\nInactive:       %8lu kB\n", total - free - cached, cached);
    text_add(text, "Shmem:          %8lu kB\nPageTables:     %8lu kB\n", shared, mm_tables() * kb);
    text_add(text, "SwapTotal:      %8u kB\nSwapFree:       %8u kB\n", 0, 0);
    text_add(text, "CommitLimit:    %8lu kB\nCommitted_AS:   %8lu kB\n", total / 2, mm_committed() / 1024);
    text_add(text, "HugePages_Total:   %5u\nHugepagesize:   %8u kB\n", 0, 2048);
}

/* What is counted here, of what Linux counts; nothing is ever swapped. */
static void write_vmstat(struct text *text, struct process *p) {
    text_add(text, "nr_free_pages %lu\nnr_page_table_pages %lu\n", frames_free(), mm_tables());
    text_add(text, "nr_file_pages %lu\nnr_shmem %lu\npswpin 0\npswpout 0\n", page_map_frames(), tmpfs_frames());
}

/* There are no disks. */
static void write_diskstats(struct text *text, struct process *p) {}

static void write_stat(struct text *text, struct process *p) {
    struct cpu_time used = all_cpu();
    u64 now = clock_monotonic(), busy = MIN(cpu_sum(used), now);
    for (int i = 0; i < 2; i++)
        text_add(text, "%s %lu 0 %lu %lu 0 0 0 0 0 0\n", i ? "cpu0" : "cpu ", used.user / TICK, used.system / TICK,
                 (now - busy) / TICK);
    text_add(text, "intr 0\nctxt 0\nbtime %lu\nprocesses %u\nprocs_running 1\nprocs_blocked 0\n",
             (clock_realtime() - now) / NS, task_count());
}

static void write_cpuinfo(struct text *text, struct process *p) {
    char vendor[13];
    u32 a = 0, b, c, d;
    __asm__("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
    memcpy(vendor, &b, 4);
    memcpy(vendor + 4, &d, 4);
    memcpy(vendor + 8, &c, 4);
    vendor[12] = 0;
    text_add(text, "processor\t: 0\nvendor_id\t: %s\ncpu family\t: 6\nmodel\t\t: 26\n", vendor);
    text_add(text, "model name\t: nanvix virtual CPU (x86-64-v2)\nstepping\t: 0\ncpu MHz\t\t: 1000.000\n");
    text_add(text, "cache size\t: 4096 KB\nphysical id\t: 0\nsiblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\n");
    text_add(text, "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: 13\nwp\t\t: yes\n");
    text_add(text, "flags\t\t: fpu tsc msr pae cx8 sep pge cmov pat clflush mmx fxsr sse sse2 syscall nx lm "
                   "constant_tsc rep_good nopl cpuid pni ssse3 cx16 sse4_1 sse4_2 popcnt hypervisor lahf_lm\n");
    text_add(text, "bogomips\t: 2000.00\nclflush size\t: 64\ncache_alignment\t: 64\n");
    text_add(text, "address sizes\t: 40 bits physical, 48 bits virtual\n\n");
}

static void write_filesystems(struct text *text, struct process *p) {
    text_add(text, "nodev\tproc\nnodev\ttmpfs\nnodev\tmqueue\nnodev\thost\n");
}

static void write_uptime(struct text *text, struct process *p) {
    u64 now = clock_monotonic(), idle = now - MIN(cpu_sum(all_cpu()), now);
    text_add(text, "%lu.%02lu %lu.%02lu\n", now / NS, now % NS / TICK, idle / NS, idle % NS / TICK);
}

static void write_loadavg(struct text *text, struct process *p) {
    text_add(text, "0.00 0.00 0.00 1/%u %d\n", task_count(), current->process->pid);
}

static void write_version(struct text *text, struct process *p) {
    text_add(text, "Linux version " SYSTEM_RELEASE " (nanvix) #1\n");
}

static void write_hostname(struct text *text, struct process *p) { text_add(text, "%s\n", system_host_name()); }

static void write_domain(struct text *text, struct process *p) { text_add(text, "%s\n", system_domain_name()); }

/* Files that always say the same. */
#define CONSTANT(function, words) \
    static void function(struct text *text, struct process *p) { text_add(text, words "\n"); }
CONSTANT(write_zero, "0")
CONSTANT(write_one, "1")
CONSTANT(write_osrelease, SYSTEM_RELEASE)
CONSTANT(write_ostype, "Linux")
CONSTANT(write_pid_max, "32768")
CONSTANT(write_map_count, "65530")
CONSTANT(write_randomize, "0")
CONSTANT(write_pipe_max, "1048576")
CONSTANT(write_cap_last_cap, "40")
CONSTANT(write_entropy, "256") /* bits, of as many */
CONSTANT(write_reseed, "60")   /* seconds */
CONSTANT(write_suid_dumpable, "0")
CONSTANT(write_rt_period, "1000000") /* us */
CONSTANT(write_rt_runtime, "950000")
CONSTANT(write_rr_slice, "100") /* ms */
CONSTANT(write_actions_avail, "kill_process kill_thread trap errno user_notif trace log allow")
CONSTANT(write_actions_logged, "")
CONSTANT(write_system_version, SYSTEM_VERSION)
CONSTANT(write_core_pattern, "core")
CONSTANT(write_min_addr, "65536")
CONSTANT(write_overcommit_ratio, "50")

/* Random, of version 4 (RFC 9562). */
static void add_uuid(struct text *text, u64 high, u64 low) {
    text_add(text, "%08lx-%04lx-4%03lx-%04lx-%012lx\n", high >> 32, high >> 16 & 0xffff, high & 0xfff,
             0x8000 | (low >> 48 & 0x3fff), low & 0xffffffffffffUL);
}

static void write_uuid(struct text *text, struct process *p) { add_uuid(text, random_u64(), random_u64()); }

static void write_boot_id(struct text *text, struct process *p) {
    static u64 id[2];
    while (!id[0])
        id[0] = random_u64(), id[1] = random_u64();
    add_uuid(text, id[0], id[1]);
}

NUMBER(write_ngroups_max, NGROUPS_MAX)

NUMBER(write_file_max, boot.max_files)
NUMBER(write_threads_max, boot.max_tasks)
NUMBER(write_aio, aio_requests())
NUMBER(write_aio_max, AIO_MAX)
NUMBER(write_lease_time, lease_break_seconds)
static i64 set_lease_time(struct process *p, i32 number, struct io *io) {
    i64 value, size = proc_take_number(io, &value);
    if (size >= 0)
        lease_break_seconds = MIN(MAX(value, 0l), 0x7fffffffl);
    return size;
}
NUMBER(write_mq_capacity, MQ_CAPACITY_DEFAULT)
NUMBER(write_mq_size, MQ_SIZE_DEFAULT)
NUMBER(write_mq_queues, MQ_QUEUES_MAX)

static const struct proc_node random_entries[] = {
    FILE_ENTRY("boot_id", write_boot_id), FILE_ENTRY("entropy_avail", write_entropy),
    FILE_ENTRY("poolsize", write_entropy), FILE_ENTRY("urandom_min_reseed_secs", write_reseed),
    FILE_ENTRY("uuid", write_uuid), FILE_ENTRY("write_wakeup_threshold", write_entropy), {0},
};
static const struct proc_node seccomp_entries[] = {
    FILE_ENTRY("actions_avail", write_actions_avail), FILE_ENTRY("actions_logged", write_actions_logged), {0},
};
static const struct proc_node kernel_entries[] = {
    FILE_ENTRY("cap_last_cap", write_cap_last_cap), FILE_ENTRY("core_pattern", write_core_pattern),
    FILE_ENTRY("domainname", write_domain), FILE_ENTRY("hostname", write_hostname),
    FILE_ENTRY("ngroups_max", write_ngroups_max), FILE_ENTRY("osrelease", write_osrelease),
    FILE_ENTRY("ostype", write_ostype),
    FILE_ENTRY("pid_max", write_pid_max), DIR_ENTRY("random", random_entries),
    FILE_ENTRY("randomize_va_space", write_randomize), FILE_ENTRY("sched_rr_timeslice_ms", write_rr_slice),
    FILE_ENTRY("sched_rt_period_us", write_rt_period), FILE_ENTRY("sched_rt_runtime_us", write_rt_runtime),
    DIR_ENTRY("seccomp", seccomp_entries), FILE_ENTRY("threads-max", write_threads_max),
    FILE_ENTRY("version", write_system_version), {0},
};
static const struct proc_node vm_entries[] = {
    FILE_ENTRY("max_map_count", write_map_count), FILE_ENTRY("mmap_min_addr", write_min_addr),
    FILE_ENTRY("overcommit_memory", write_zero), FILE_ENTRY("overcommit_ratio", write_overcommit_ratio),
    FILE_ENTRY("swappiness", write_zero), {0},
};
static const struct proc_node mqueue_entries[] = {
    FILE_ENTRY("msg_default", write_mq_capacity), FILE_ENTRY("msg_max", write_mq_capacity),
    FILE_ENTRY("msgsize_default", write_mq_size), FILE_ENTRY("msgsize_max", write_mq_size),
    FILE_ENTRY("queues_max", write_mq_queues), {0},
};
static const struct proc_node fs_entries[] = {
    FILE_ENTRY("aio-max-nr", write_aio_max), FILE_ENTRY("aio-nr", write_aio), FILE_ENTRY("file-max", write_file_max),
    {.name = "lease-break-time", .mode = S_IFREG | 0644, .write = write_lease_time, .store = set_lease_time},
    DIR_ENTRY("inotify", proc_sys_inotify_entries), FILE_ENTRY("leases-enable", write_one),
    DIR_ENTRY("mqueue", mqueue_entries), FILE_ENTRY("nr_open", write_file_max),
    FILE_ENTRY("pipe-max-size", write_pipe_max), FILE_ENTRY("suid_dumpable", write_suid_dumpable), {0},
};
const struct proc_node proc_net_entries[] = {
    FILE_ENTRY("dev", proc_net_dev), FILE_ENTRY("tcp", proc_net_tcp), FILE_ENTRY("tcp6", proc_net_tcp6),
    FILE_ENTRY("udp", proc_net_udp), FILE_ENTRY("udp6", proc_net_udp6), FILE_ENTRY("unix", proc_net_unix), {0},
};
static const struct proc_node sys_entries[] = {
    DIR_ENTRY("fs", fs_entries), DIR_ENTRY("kernel", kernel_entries), DIR_ENTRY("net", proc_sys_net_entries),
    DIR_ENTRY("vm", vm_entries), {0},
};
static const struct proc_node root_entries[] = {
    FILE_ENTRY("cpuinfo", write_cpuinfo), FILE_ENTRY("diskstats", write_diskstats),
    FILE_ENTRY("filesystems", write_filesystems), FILE_ENTRY("vmstat", write_vmstat),
    FILE_ENTRY("loadavg", write_loadavg), FILE_ENTRY("meminfo", write_meminfo),
    {.name = "mounts", .mode = S_IFLNK | 0777, .link = link_mounts},
    {.name = "self", .mode = S_IFLNK | 0777, .link = link_self},
    DIR_ENTRY("net", proc_net_entries), FILE_ENTRY("stat", write_stat), DIR_ENTRY("sys", sys_entries),
    {.name = "thread-self", .mode = S_IFLNK | 0777, .link = link_thread_self},
    FILE_ENTRY("uptime", write_uptime), FILE_ENTRY("version", write_version), {0},
};

/* Processes by pid; a directory nobody can enter is not listed. */
static i32 next_process(struct process *ignored, i32 from) {
    i32 best = -1;
    struct process *p;
    list_for_each(p, &all_processes, all)
        if (p->pid >= from && (best < 0 || p->pid < best))
            best = p->pid;
    return best;
}

const struct proc_node proc_root = {
    .mode = DIR_MODE, .entries = root_entries, .next = next_process, .numbered = &proc_process,
};
