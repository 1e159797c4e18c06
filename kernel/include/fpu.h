/* The x87 and vector state of programs. It lives in the CPU while its task runs; the kernel itself is
   built without floating point and never disturbs it. */
#pragma once
#include "types.h"

/* Bytes of an image: FXSAVE's 512, or what XSAVE needs where programs can reach wider registers. */
u32 fpu_size(void);
#define FPU_IMAGE_MAX 2752 /* FXSAVE area, header, AVX, AVX-512, PKRU, rounded to 64 */
/* What a signal frame has room for. Under BOOT_STEADY it is the same everywhere, so that handlers run
   at the same addresses on every backend. */
u32 fpu_frame_size(void);
void fpu_init(void);
void fpu_save(void *image);           /* 64-byte aligned */
void fpu_restore(const void *image);
/* The state a program starts with. */
void fpu_reset(void *image);
/* Make an image from user memory safe to restore: no bit in it may fault. */
void fpu_sanitise(void *image);
