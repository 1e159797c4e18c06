/* Internet addresses: which of them lead where. */
#include "lib.h"
#include "net/host.h"

static const u8 mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};
static const u8 zeros[16];

bool endpoint_is_mapped(const struct endpoint *e) { return !memcmp(e->address, mapped_prefix, 12); }

bool endpoint_is_any(const struct endpoint *e) {
    return endpoint_is_mapped(e) ? !memcmp(e->address + 12, zeros, 4) : !memcmp(e->address, zeros, 16);
}

bool endpoint_is_local(const struct endpoint *e) {
    if (endpoint_is_mapped(e))
        return e->address[12] == 127;
    return !memcmp(e->address, zeros, 15) && e->address[15] == 1;
}

bool endpoint_is_own(const struct endpoint *e) {
    struct endpoint guest;
    if (endpoint_is_local(e))
        return true;
    endpoint_guest(&guest, endpoint_is_mapped(e));
    return net_is_host() && !memcmp(e->address, guest.address, 16);
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b) {
    return a->port == b->port && !memcmp(a->address, b->address, 16);
}

void endpoint_any(struct endpoint *e, bool v4) {
    memset(e->address, 0, 16);
    if (v4)
        memcpy(e->address, mapped_prefix, 12);
}

void endpoint_loopback(struct endpoint *e, bool v4) {
    endpoint_any(e, v4);
    e->address[15] = 1;
    if (v4)
        e->address[12] = 127;
}

void endpoint_guest(struct endpoint *e, bool v4) {
    u64 high = __builtin_bswap64(NV_NET_PREFIX_V6), low = __builtin_bswap64(NV_NET_GUEST_V6);
    endpoint_any(e, v4);
    if (v4) {
        u32 address = __builtin_bswap32(NV_NET_GUEST_V4);
        memcpy(e->address + 12, &address, 4);
    } else {
        memcpy(e->address, &high, 8);
        memcpy(e->address + 8, &low, 8);
    }
}

bool inet_covers(const struct inet_socket *bound, const struct endpoint *to) {
    bool v4 = endpoint_is_mapped(to), bound_v4 = endpoint_is_mapped(&bound->local);
    if (endpoint_is_any(&bound->local))
        return bound_v4 ? v4 : !v4 || !bound->v6_only;
    return !memcmp(bound->local.address, to->address, 16);
}
