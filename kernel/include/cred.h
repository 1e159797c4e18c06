/* Who a thread is and what it may do (credentials(7), capabilities(7)). Capabilities hold inside the guest
   and nowhere else: what the host grants does not depend on them. */
#pragma once
#include "types.h"

struct inode;
struct process;

#define CAP_CHOWN 0
#define CAP_DAC_OVERRIDE 1
#define CAP_DAC_READ_SEARCH 2
#define CAP_FOWNER 3
#define CAP_FSETID 4
#define CAP_KILL 5
#define CAP_SETGID 6
#define CAP_SETUID 7
#define CAP_SETPCAP 8
#define CAP_LINUX_IMMUTABLE 9
#define CAP_NET_BIND_SERVICE 10
#define CAP_NET_ADMIN 12
#define CAP_NET_RAW 13
#define CAP_IPC_LOCK 14
#define CAP_IPC_OWNER 15
#define CAP_SYS_CHROOT 18
#define CAP_SYS_PTRACE 19
#define CAP_SYS_ADMIN 21
#define CAP_SYS_NICE 23
#define CAP_SYS_RESOURCE 24
#define CAP_SYS_TIME 25
#define CAP_MKNOD 27
#define CAP_LEASE 28
#define CAP_MAC_OVERRIDE 32
#define CAP_WAKE_ALARM 35
#define CAP_CHECKPOINT_RESTORE 40
#define CAP_LAST CAP_CHECKPOINT_RESTORE
#define CAP_BIT(number) (1UL << (number))
#define CAP_ALL (CAP_BIT(CAP_LAST + 1) - 1)

/* securebits: each with its lock one bit above. */
#define SECBIT_NOROOT 0x01u
#define SECBIT_NO_SETUID_FIXUP 0x04u
#define SECBIT_KEEP_CAPS 0x10u
#define SECBIT_NO_CAP_AMBIENT_RAISE 0x40u
#define SECBITS 0x55u
#define SECBIT_LOCK(bits) ((bits) << 1)

#define NGROUPS_MAX 1000 /* they fit a heap object */

/* Supplementary groups, ascending. */
struct groups {
    u32 refs, count;
    u32 gid[];
};

/* Shared by all threads and processes that have the same; never changed while shared. */
struct cred {
    u32 refs;
    u32 ruid, euid, suid, fsuid; /* real, effective, saved, and for files */
    u32 rgid, egid, sgid, fsgid;
    u32 securebits;
    u64 effective, permitted, inheritable, bounding, ambient;
    struct groups *groups; /* NULL: none */
};

struct cred *cred_first(u32 uid, u32 gid); /* of the first process; NULL: no memory */
static inline struct cred *cred_get(struct cred *cred) {
    cred->refs++;
    return cred;
}
void cred_put(struct cred *cred);
/* A copy of the current thread's, to be changed and then committed; NULL: no memory. */
struct cred *cred_copy(void);
/* The current thread is this from now on; takes over the reference. */
void cred_commit(struct cred *cred);
/* What changes of user ids do to capabilities. */
void cred_follow_ids(struct cred *cred, const struct cred *old);
void cred_follow_fsuid(struct cred *cred, const struct cred *old);
/* The credentials that a program starts with; `file` may be set-user-ID. NULL: no memory. */
struct cred *cred_for_program(const struct inode *file);
/* The current thread's with its real ids in place of the effective ones; NULL where that is the same,
   ERR_PTR. */
struct cred *cred_of_real_user(void);
/* Has a program been started with more, or with others, than its user has (AT_SECURE)? */
bool cred_is_secure(const struct cred *cred);

bool cred_in_group(const struct cred *cred, u32 gid); /* as files see it */
void cred_groups_set(struct cred *cred, struct groups *groups); /* takes over the reference */

/* May the current thread look into another process, as ptrace(2) judges? By its ids for files, or by
   the real ones. */
bool may_inspect(const struct process *target, bool by_file);
/* Threads and zombies of a user, by real id. */
u32 tasks_of_user(u32 uid);

/* prctl(2) of capabilities (proc/capability.c). */
i64 prctl_capabilities(const u64 *a);
