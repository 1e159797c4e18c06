/* What the machine says about itself: uname, sysinfo, host name, random bytes. */
#include "errno.h"
#include "file.h"
#include "frame.h"
#include "fs/tmpfs.h"
#include "hypercall.h"
#include "lib.h"
#include "proc.h"
#include "syscall.h"
#include "system.h"
#include "uaccess.h"

#define UTS_LEN 65
#define HOST_NAME_MAX 64
#define SECOND_NS 1000000000UL

struct utsname {
    char sysname[UTS_LEN], nodename[UTS_LEN], release[UTS_LEN], version[UTS_LEN], machine[UTS_LEN],
        domain[UTS_LEN];
};

static char host_name[UTS_LEN], domain_name[UTS_LEN] = "(none)";

static void set_string(char *to, const char *from) { memcpy(to, from, MIN(strlen(from), UTS_LEN - 1)); }

const char *system_host_name(void) {
    if (!host_name[0])
        set_string(host_name, boot_program.hostname ? boot_program.hostname : "nanvix");
    return host_name;
}

i64 sys_uname(const u64 *a) {
    struct utsname uts = { .sysname = "Linux" };
    set_string(uts.nodename, system_host_name());
    set_string(uts.release, SYSTEM_RELEASE);
    set_string(uts.version, SYSTEM_VERSION);
    set_string(uts.machine, "x86_64");
    set_string(uts.domain, domain_name);
    return put_user(uts, a[0]);
}

const char *system_domain_name(void) { return domain_name; }

static i64 set_name(char *to, const u64 *a) {
    char name[UTS_LEN] = { 0 };
    if (!capable(CAP_SYS_ADMIN))
        return -EPERM;
    if (a[1] > HOST_NAME_MAX)
        return -EINVAL;
    if (copy_from_user(name, a[0], a[1]))
        return -EFAULT;
    memcpy(to, name, sizeof(name));
    return 0;
}

i64 sys_sethostname(const u64 *a) { return set_name(host_name, a); }
i64 sys_setdomainname(const u64 *a) { return set_name(domain_name, a); }

struct sysinfo {
    i64 uptime;
    u64 loads[3];
    u64 total, free, shared, buffer, swap_total, swap_free;
    u16 procs, pad;
    u64 high_total, high_free;
    u32 unit;
};
_Static_assert(sizeof(struct sysinfo) == 112, "struct sysinfo");

i64 sys_sysinfo(const u64 *a) {
    struct sysinfo info = {
        .uptime = (i64)(clock_monotonic() / SECOND_NS),
        .total = frames_total() * PAGE_SIZE,
        .free = frames_free() * PAGE_SIZE,
        .shared = tmpfs_frames() * PAGE_SIZE,
        .procs = (u16)task_count(),
        .unit = 1,
    };
    return put_user(info, a[0]);
}

#define GRND_NONBLOCK 1
#define GRND_RANDOM 2
#define GRND_INSECURE 4
#define RANDOM_MAX 0x1ffffffUL /* bytes per call, as Linux */

/* The host writes straight into the user's pages. */
i64 sys_getrandom(const u64 *a) {
    struct segments runs;
    u64 size = MIN(a[1], RANDOM_MAX), done = 0;
    if (a[2] & ~(u64)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE) ||
        (a[2] & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
        return -EINVAL;
    while (done < size && !(done && signal_interrupts(current))) {
        runs.count = 0;
        i64 got = user_segments(&runs, a[0] + done, size - done, true);
        if (got < 0)
            return done ? (i64)done : got;
        hc_begin(NV_OP_ENTROPY);
        hc_out_segments(&runs);
        i64 err = hc_ring();
        if (err < 0)
            return done ? (i64)done : -EIO;
        done += (u64)got;
    }
    return (i64)done;
}
