/* The vDSO as built from kernel/vdso, on pages of its own: they are mapped into every program. */
    .section .rodata
    .balign 4096
    .globl  vdso_start
vdso_start:
    .incbin "vdso.so"
    .globl  vdso_end
vdso_end:
    .balign 4096
