/* Network interfaces, and the old ioctls that tell of them (netdevice(7)). */
#include "net/interface.h"
#include "errno.h"
#include "lib.h"
#include "net/host.h"
#include "uaccess.h"

#define SIOCGIFNAME 0x8910
#define SIOCGIFCONF 0x8912
#define SIOCGIFFLAGS 0x8913
#define SIOCGIFADDR 0x8915
#define SIOCGIFDSTADDR 0x8917
#define SIOCGIFBRDADDR 0x8919
#define SIOCGIFNETMASK 0x891b
#define SIOCGIFMETRIC 0x891d
#define SIOCGIFMTU 0x8921
#define SIOCGIFHWADDR 0x8927
#define SIOCGIFINDEX 0x8933
#define SIOCGIFTXQLEN 0x8942

#define IFF_UP_RUNNING 0x41
#define IFF_BROADCAST_MULTICAST 0x1002
#define IFF_LOOPBACK 0x8
#define ARPHRD_ETHER 1
#define ARPHRD_LOOPBACK 772
#define SCOPE_GLOBAL 0
#define SCOPE_HOST 254

struct ifreq {
    char name[16];
    union {
        struct sockaddr_in address;
        struct {
            u16 family;
            u8 bytes[6];
        } hardware;
        i32 number;
        i16 flags;
        u8 bytes[24];
    };
};

struct ifconf {
    i32 size, pad;
    u64 at;
};

u32 interfaces(struct interface *out) {
    struct endpoint e;
    out[0] = (struct interface){"lo", 1, IFF_LOOPBACK, ARPHRD_LOOPBACK, LOOPBACK_MTU, .scope = SCOPE_HOST};
    if (net_is_none())
        return 1;
    out[0] = (struct interface){
        "lo", 1, IFF_LOOPBACK | IFF_UP_RUNNING, ARPHRD_LOOPBACK, LOOPBACK_MTU,
        .v4 = {127, 0, 0, 1}, .v6 = {[15] = 1}, .prefix_v4 = 8, .prefix_v6 = 128, .scope = SCOPE_HOST,
    };
    if (!net_is_host())
        return 1;
    out[1] = (struct interface){
        "eth0", 2, IFF_UP_RUNNING | IFF_BROADCAST_MULTICAST, ARPHRD_ETHER, NV_NET_MTU,
        .hardware = {0x52, 0x54, 0, 0x12, 0x34, 0x56}, .prefix_v4 = 24, .prefix_v6 = 64, .scope = SCOPE_GLOBAL,
    };
    endpoint_guest(&e, true);
    memcpy(out[1].v4, e.address + 12, 4);
    endpoint_guest(&e, false);
    memcpy(out[1].v6, e.address, 16);
    return 2;
}

/* The i-th of those that have an IPv4 address, which is what is asked for here. */
static i64 list_interfaces(u64 argument) {
    struct interface all[INTERFACES_MAX];
    struct ifconf conf;
    u32 count = interfaces(all);
    i32 done = 0;
    if (get_user(conf, argument))
        return -EFAULT;
    for (u32 i = 0; i < count; i++) {
        struct ifreq r = {.address = {.family = AF_INET}};
        if (!all[i].prefix_v4 || (conf.at && conf.size - done < (i32)sizeof(r)))
            continue;
        memcpy(r.name, all[i].name, strlen(all[i].name));
        memcpy(r.address.address, all[i].v4, 4);
        if (conf.at && put_user(r, conf.at + done))
            return -EFAULT;
        done += sizeof(r);
    }
    conf.size = done;
    return put_user(conf, argument);
}

static i64 put_address(struct ifreq *r, const struct interface *of, u32 address) {
    if (!of->prefix_v4)
        return -EADDRNOTAVAIL;
    r->address = (struct sockaddr_in){.family = AF_INET};
    memcpy(r->address.address, &address, 4);
    return 0;
}

/* What an ioctl asks of one interface, into r. */
static i64 tell(u64 command, const struct interface *of, struct ifreq *r) {
    u32 v4, mask = of->prefix_v4 ? __builtin_bswap32(~0u << (32 - of->prefix_v4)) : 0;
    memcpy(&v4, of->v4, 4);
    memset(r->bytes, 0, sizeof(r->bytes));
    switch (command) {
    case SIOCGIFFLAGS:
        r->flags = of->flags;
        return 0;
    case SIOCGIFADDR:
        return put_address(r, of, v4);
    case SIOCGIFDSTADDR:
        return put_address(r, of, v4);
    case SIOCGIFBRDADDR:
        return put_address(r, of, of->flags & IFF_LOOPBACK ? 0 : v4 | ~mask);
    case SIOCGIFNETMASK:
        return put_address(r, of, mask);
    case SIOCGIFMETRIC:
        return 0;
    case SIOCGIFMTU:
        r->number = of->mtu;
        return 0;
    case SIOCGIFHWADDR:
        r->hardware.family = of->type;
        memcpy(r->hardware.bytes, of->hardware, sizeof(of->hardware));
        return 0;
    case SIOCGIFINDEX:
        r->number = of->index;
        return 0;
    case SIOCGIFTXQLEN:
        r->number = 1000;
        return 0;
    }
    return -ENOTTY;
}

i64 interface_ioctl(u64 command, u64 argument) {
    struct interface all[INTERFACES_MAX];
    struct ifreq r;
    u32 count = interfaces(all), i = 0;
    if (command == SIOCGIFCONF)
        return list_interfaces(argument);
    if (command < SIOCGIFNAME || command > SIOCGIFTXQLEN)
        return -ENOTTY;
    if (get_user(r, argument))
        return -EFAULT;
    r.name[sizeof(r.name) - 1] = 0;
    while (i < count && (command == SIOCGIFNAME ? r.number != all[i].index : strcmp(r.name, all[i].name)))
        i++;
    if (i == count)
        return -ENODEV;
    if (command == SIOCGIFNAME) {
        memset(r.name, 0, sizeof(r.name));
        memcpy(r.name, all[i].name, strlen(all[i].name));
        return put_user(r, argument);
    }
    i64 error = tell(command, &all[i], &r);
    return error ? error : put_user(r, argument);
}
