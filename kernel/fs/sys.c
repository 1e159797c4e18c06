/* /sys: the one processor, its caches, and the one memory node. */
#include "fs/proc.h"
#include "lib.h"
#include "mm.h"

#define DIR (S_IFDIR | 0755)
#define TEXT (S_IFREG | 0444)

struct registers {
    u32 a, b, c, d;
};

static struct registers cpuid(u32 leaf, u32 index) {
    struct registers r = {.a = leaf, .c = index};
    __asm__("cpuid" : "+a"(r.a), "=b"(r.b), "+c"(r.c), "=d"(r.d));
    return r;
}

/* The caches as the processor names them: Intel's way, or AMD's with the same fields; type 0: no such. */
static struct registers cache_of(i32 number) {
    static const u32 leaves[][2] = {{0, 4}, {0x80000000, 0x8000001d}};
    struct registers r = {0};
    for (u32 i = 0; i < ARRAY_LEN(leaves) && !(r.a & 31); i++)
        if (cpuid(leaves[i][0], 0).a >= leaves[i][1])
            r = cpuid(leaves[i][1], (u32)number - 1);
    return r;
}

static bool cache_there(i32 number) { return cache_of(number).a & 31; }
static u32 line_size(i32 number) { return (cache_of(number).b & 0xfff) + 1; }
static u32 partitions(i32 number) { return (cache_of(number).b >> 12 & 0x3ff) + 1; }
static u32 ways(i32 number) { return (cache_of(number).b >> 22) + 1; }
static u32 sets(i32 number) { return cache_of(number).c + 1; }

#define CACHE_FILE(function, format, value)                                                          \
    static void function(struct text *text, struct process *p, i32 number) { text_add(text, format "\n", value); }
CACHE_FILE(write_level, "%u", cache_of(number).a >> 5 & 7)
CACHE_FILE(write_line_size, "%u", line_size(number))
CACHE_FILE(write_partition, "%u", partitions(number))
CACHE_FILE(write_ways, "%u", ways(number))
CACHE_FILE(write_sets, "%u", sets(number))
CACHE_FILE(write_size, "%luK", (u64)sets(number) * ways(number) * partitions(number) * line_size(number) / 1024)

static void write_type(struct text *text, struct process *p, i32 number) {
    static const char *const types[] = {"", "Data", "Instruction", "Unified"};
    u32 type = cache_of(number).a & 31;
    text_add(text, "%s\n", type < ARRAY_LEN(types) ? types[type] : "");
}

static void write_zero(struct text *text, struct process *p) { text_add(text, "0\n"); }
static void write_one(struct text *text, struct process *p) { text_add(text, "1\n"); }
static void write_none(struct text *text, struct process *p) { text_add(text, "\n"); }
static void write_distance(struct text *text, struct process *p) { text_add(text, "10\n"); }

static void write_node_memory(struct text *text, struct process *p) {
    u64 kb = PAGE_SIZE / 1024, total = frames_total() * kb, free = frames_free() * kb;
    text_add(text, "Node 0 MemTotal:       %8lu kB\nNode 0 MemFree:        %8lu kB\n", total, free);
    text_add(text, "Node 0 MemUsed:        %8lu kB\n", total - free);
}

#define FILE_ENTRY(n, w) {.name = n, .mode = TEXT, .write = w}
#define CACHE_ENTRY(n, w) {.name = n, .mode = TEXT, .write_numbered = w}
#define DIR_ENTRY(n, e) {.name = n, .mode = DIR, .entries = e}
#define INDEX(n, of) {.name = n, .mode = DIR, .entries = cache_entries, .number = of, .there = cache_there}

static const struct proc_node cache_entries[] = {
    CACHE_ENTRY("coherency_line_size", write_line_size), CACHE_ENTRY("level", write_level),
    CACHE_ENTRY("number_of_sets", write_sets), CACHE_ENTRY("physical_line_partition", write_partition),
    FILE_ENTRY("shared_cpu_list", write_zero), FILE_ENTRY("shared_cpu_map", write_one),
    CACHE_ENTRY("size", write_size), CACHE_ENTRY("type", write_type), CACHE_ENTRY("ways_of_associativity", write_ways),
    {0},
};
static const struct proc_node caches[] = {
    INDEX("index0", 1), INDEX("index1", 2), INDEX("index2", 3), INDEX("index3", 4), {0},
};
static const struct proc_node topology[] = {
    FILE_ENTRY("core_cpus", write_one), FILE_ENTRY("core_cpus_list", write_zero), FILE_ENTRY("core_id", write_zero),
    FILE_ENTRY("core_siblings", write_one), FILE_ENTRY("core_siblings_list", write_zero),
    FILE_ENTRY("die_id", write_zero), FILE_ENTRY("package_cpus", write_one),
    FILE_ENTRY("package_cpus_list", write_zero), FILE_ENTRY("physical_package_id", write_zero),
    FILE_ENTRY("thread_siblings", write_one), FILE_ENTRY("thread_siblings_list", write_zero), {0},
};
static const struct proc_node cpu0[] = {DIR_ENTRY("cache", caches), DIR_ENTRY("topology", topology), {0}};
static const struct proc_node cpus[] = {
    DIR_ENTRY("cpu0", cpu0), FILE_ENTRY("kernel_max", write_zero), FILE_ENTRY("offline", write_none),
    FILE_ENTRY("online", write_zero), FILE_ENTRY("possible", write_zero), FILE_ENTRY("present", write_zero), {0},
};
static const struct proc_node node0[] = {
    FILE_ENTRY("cpulist", write_zero), FILE_ENTRY("cpumap", write_one), FILE_ENTRY("distance", write_distance),
    FILE_ENTRY("meminfo", write_node_memory), {0},
};
static const struct proc_node nodes[] = {
    FILE_ENTRY("has_cpu", write_zero), FILE_ENTRY("has_memory", write_zero),
    FILE_ENTRY("has_normal_memory", write_zero), DIR_ENTRY("node0", node0), FILE_ENTRY("online", write_zero),
    FILE_ENTRY("possible", write_zero), {0},
};
static const struct proc_node system[] = {DIR_ENTRY("cpu", cpus), DIR_ENTRY("node", nodes), {0}};
static const struct proc_node devices[] = {DIR_ENTRY("system", system), {0}};
static const struct proc_node top[] = {DIR_ENTRY("devices", devices), {0}};

const struct proc_node sys_root = {.mode = S_IFDIR | 0555, .entries = top};
