/* The x87 and vector state of programs. It lives in the CPU while its task runs; the kernel itself is
   built without floating point and never disturbs it. */
#pragma once
#include "types.h"

/* Bytes of an image: FXSAVE's 512, or what XSAVE needs where programs can reach wider registers. */
u32 fpu_size(void);
#define FXSAVE_SIZE 512
#define FPU_IMAGE_MAX 2752 /* FXSAVE area, header, AVX, AVX-512, PKRU, rounded to 64 */
void fpu_init(void);
/* The machine goes on on another CPU: bring the images of all tasks into its layout. `wide`: registers of
   the running one hold what x87 and SSE do not. NV_MOVED, or why it cannot be. */
u32 fpu_adapt(bool wide);
void fpu_save(void *image);           /* 64-byte aligned */
void fpu_restore(const void *image);
/* What the x87 or vector exception the running program has raised was: FPE_*, or 0. */
i32 fpu_error_code(bool vector);
/* The state a program starts with. */
void fpu_reset(void *image);

/* For ptrace(2): an image as programs see it, of fpu_state_size bytes (0: there is only what FXSAVE holds,
   as under BOOT_STEADY, where all CPUs are alike), and
   what one has made of it or of its first FXSAVE_SIZE bytes; false, and nothing is changed, where that is none. */
u32 fpu_state_size(void);
void fpu_show(void *to, const void *image);
bool fpu_change(void *image, const void *from);
bool fpu_change_all(void *image, const void *from);

/* The state in a signal frame. What one has room for: under BOOT_STEADY the same everywhere, so that
   handlers run at the same addresses on every backend. */
u32 fpu_frame_size(void);
#define FPU_FRAME_MAX (FPU_IMAGE_MAX + 64)
/* Fill a buffer of FPU_FRAME_MAX bytes, as aligned as an image; how much of it goes to the frame. */
u32 fpu_frame_save(void *buffer);
/* How much of a frame there is to read, by its first FXSAVE_SIZE bytes: those, or at most FPU_IMAGE_MAX. */
u32 fpu_frame_extent(const void *buffer);
/* Load what was read, made safe to restore: no bit in it may fault. False where it holds registers of
   another CPU that this one does not have. */
bool fpu_frame_load(void *buffer);
