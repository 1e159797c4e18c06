/* What the guest calls itself: uname(2), /proc/version, /proc/sys/kernel. */
#pragma once

/* New enough for every libc; the suffix says that it is not Linux. */
#define SYSTEM_RELEASE "6.1.0-nanvix"
#define SYSTEM_VERSION "#1 SMP nanvix"

const char *system_host_name(void);
const char *system_domain_name(void);
