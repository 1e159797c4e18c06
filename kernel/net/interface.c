/* The interface lo, as the old ioctls tell of it (netdevice(7)). */
#include "net/interface.h"
#include "errno.h"
#include "lib.h"
#include "linux/socket.h"
#include "uaccess.h"

#define SIOCGIFNAME 0x8910
#define SIOCGIFCONF 0x8912
#define SIOCGIFFLAGS 0x8913
#define SIOCGIFADDR 0x8915
#define SIOCGIFNETMASK 0x891b
#define SIOCGIFMTU 0x8921
#define SIOCGIFHWADDR 0x8927
#define SIOCGIFINDEX 0x8933
#define FLAGS_UP_LOOPBACK_RUNNING 0x49
#define ARPHRD_LOOPBACK 772

struct ifreq {
    char name[16];
    union {
        struct sockaddr_in address;
        i32 number;
        u16 family;
        u8 bytes[24];
    };
};

struct ifconf {
    i32 size, pad;
    u64 at;
};

static i64 list_interfaces(u64 argument) {
    struct ifconf conf;
    struct ifreq lo = {.name = "lo", .address = {.family = AF_INET, .address = {127, 0, 0, 1}}};
    if (get_user(conf, argument))
        return -EFAULT;
    if (conf.at && conf.size >= (i32)sizeof(lo) && put_user(lo, conf.at))
        return -EFAULT;
    conf.size = !conf.at || conf.size >= (i32)sizeof(lo) ? sizeof(lo) : 0;
    return put_user(conf, argument);
}

i64 interface_ioctl(u64 command, u64 argument) {
    struct ifreq r;
    if (command == SIOCGIFCONF)
        return list_interfaces(argument);
    if (command < SIOCGIFNAME || command > SIOCGIFINDEX)
        return -ENOTTY;
    if (get_user(r, argument))
        return -EFAULT;
    if (command == SIOCGIFNAME) {
        if (r.number != LOOPBACK_INDEX)
            return -ENODEV;
        memcpy(r.name, "lo", 3);
        return put_user(r, argument);
    }
    if (strncmp(r.name, "lo", sizeof(r.name)))
        return -ENODEV;
    memset(r.bytes, 0, sizeof(r.bytes));
    switch (command) {
    case SIOCGIFFLAGS:
        r.number = FLAGS_UP_LOOPBACK_RUNNING;
        break;
    case SIOCGIFADDR:
        r.address = (struct sockaddr_in){.family = AF_INET, .address = {127, 0, 0, 1}};
        break;
    case SIOCGIFNETMASK:
        r.address = (struct sockaddr_in){.family = AF_INET, .address = {255, 0, 0, 0}};
        break;
    case SIOCGIFMTU:
        r.number = LOOPBACK_MTU;
        break;
    case SIOCGIFHWADDR:
        r.family = ARPHRD_LOOPBACK;
        break;
    case SIOCGIFINDEX:
        r.number = LOOPBACK_INDEX;
        break;
    default:
        return -ENOTTY;
    }
    return put_user(r, argument);
}
