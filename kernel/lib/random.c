/* The kernel's generator: xoshiro256** (Blackman and Vigna) over the host's 256-bit seed. It serves
   AT_RANDOM and tree priorities; getrandom(2) asks the host. */
#include "hypercall.h"
#include "lib.h"

static u64 state[4];

static u64 rotate(u64 x, int k) { return x << k | x >> (64 - k); }

void random_init(void) { memcpy(state, boot.seed, sizeof(state)); }

u64 random_u64(void) {
    u64 result = rotate(state[1] * 5, 7) * 9, t = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= t;
    state[3] = rotate(state[3], 45);
    return result;
}
