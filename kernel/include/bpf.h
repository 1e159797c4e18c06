/* Programs of classic BPF over struct seccomp_data (proc/bpf.c). */
#pragma once
#include "frame.h"
#include "linux/seccomp.h"

#define BPF_PER_PAGE (PAGE_SIZE / sizeof(struct sock_filter))
#define BPF_PAGES (BPF_MAXINSNS / BPF_PER_PAGE)

struct bpf_program {
    u32 length;
    struct sock_filter *pages[BPF_PAGES];
};

/* Read and check a program of 1..BPF_MAXINSNS instructions: every jump leads forward and stays inside,
   every load is of a word that is there, the end is a return. 0, -EINVAL, -EFAULT or -ENOMEM. */
i64 bpf_load(struct bpf_program *program, u64 at, u32 length);
void bpf_free(struct bpf_program *program);
/* What a checked program returns; within as many steps as it has instructions. */
u32 bpf_run(const struct bpf_program *program, const struct seccomp_data *data);
