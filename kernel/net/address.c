/* Addresses in and out of programs. */
#include "net/address.h"
#include "errno.h"
#include "uaccess.h"

i64 address_from_user(struct address *out, u64 from, u64 size) {
    if (size > ADDRESS_MAX)
        return -EINVAL;
    out->size = size;
    out->family = AF_UNSPEC;
    return size ? copy_from_user(out->bytes, from, size) : 0;
}

i64 address_to_user(const struct address *address, u64 to, u64 size_at) {
    i32 room, size = address->size;
    if (get_user(room, size_at))
        return -EFAULT;
    if (room < 0)
        return -EINVAL;
    if (copy_to_user(to, address->bytes, MIN(room, size)))
        return -EFAULT;
    return put_user(size, size_at);
}
