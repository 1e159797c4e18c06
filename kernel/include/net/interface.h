/* The one network interface a guest has of its own: lo (net/interface.c). */
#pragma once
#include "types.h"

#define LOOPBACK_INDEX 1
#define LOOPBACK_MTU 65536

/* SIOCGIF*: what programs ask of interfaces; -ENOTTY for anything else. */
i64 interface_ioctl(u64 command, u64 argument);
