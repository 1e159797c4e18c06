/* Boot: read it as the table of contents of the kernel. */
#include "cpu.h"
#include "file.h"
#include "fpu.h"
#include "frame.h"
#include "hypercall.h"
#include "lib.h"
#include "privilege.h"
#include "trace.h"
#include "exec.h"

struct nv_boot_info boot;
volatile struct nv_control *control;

noreturn void kmain(paddr info) {
    memcpy(&boot, phys_to_virt(info), sizeof(boot));
    control = phys_to_virt(NV_CONTROL_PHYS);
    privilege_init();               /* the kernel's own address space */
    descriptors_init();             /* GDT, IDT, TSS, syscall MSRs */
    hc_begin(NV_OP_HELLO);          /* do we speak the same channel? */
    hc_arg(0, NV_ABI_VERSION);
    hc_ring();
    if (privilege_must_sink())
        privilege_sink();           /* go on in ring 3 */
    fpu_init();                     /* how much vector state there is */
    random_init();                  /* generator from the host's seed */
    frame_init();                   /* physical frames */
    fs_init();                      /* root, /dev, /proc, the boot manifest */
    trace_event(NV_TRACE_BOOT, 0, boot.memory_size, boot.free_start, boot.quirks);
    exec_first();                   /* the program the user named becomes process 1 */
}
