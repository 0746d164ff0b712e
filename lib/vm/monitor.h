/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor: the little supervisor code and data in a guest's address space
 * that turns exceptions and `syscall` into exits.  It must not know hypercalls
 * or what an exit leads to.
 *
 *	MONITOR_BASE	GDT		read-only
 *	+ 0x1000	IDT		read-only
 *	+ 0x2000	stubs		executable, 16 bytes a vector
 *	+ 0x3000	the syscall door	executable, also by user code
 *	+ 0x4000	one page a vCPU: its TSS, and the stack of its stubs
 *
 * All of it lies behind guest RAM in guest-physical memory, out of reach of
 * user mode.  The door is the exception: on a KVM without hardware
 * virtualization `syscall` arrives there still in user mode, so user code may
 * fetch from it, and may also jump to it, which gains it nothing.
 *
 * A stub is `out %eax, $PORT_TRAP`; dropping of the error code; `iretq`.
 * While a vCPU rests at that OUT, the frame of the interrupted code lies on
 * the stub's stack and can be read and changed; running on returns to it.
 */
#ifndef MONITOR_H
#define MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#define MONITOR_BASE  UINT64_C(0xffffffff80000000)
#define MONITOR_GDT   (MONITOR_BASE + 0x0000)
#define MONITOR_IDT   (MONITOR_BASE + 0x1000)
#define MONITOR_STUBS (MONITOR_BASE + 0x2000)
#define MONITOR_DOOR  (MONITOR_BASE + 0x3000)
#define MONITOR_VCPUS (MONITOR_BASE + 0x4000)

#define MONITOR_VECTORS   256U
#define MONITOR_STUB_SIZE 16U
/* With the four pages before them these fill one page table. */
#define MONITOR_MAX_VCPUS 508U
#define MONITOR_GDT_LIMIT 0x4fU
#define MONITOR_IDT_LIMIT 0xfffU
#define MONITOR_TSS_LIMIT 0x6cU /* 0x68 and five bytes of I/O bitmap */
#define MONITOR_PAGES     (4 + MONITOR_MAX_VCPUS)

struct pagetable;

/* What the processor pushes for an exception in 64-bit mode (SDM vol. 3,
 * 6.14.2), from the stack's lowest address; an error code lies below it. */
struct trap_frame {
	uint64_t rip;
	uint64_t cs;
	uint64_t rflags;
	uint64_t rsp;
	uint64_t ss;
};

/* How the syscall door returns; which is right depends on the KVM. */
enum door_tail {
	DOOR_UNKNOWN, /* nothing yet: an undefined instruction */
	DOOR_SYSRET,  /* `syscall` arrived in supervisor mode */
	DOOR_JUMP,    /* `syscall` arrived in user mode: jmp *%rcx */
};

/*
 * Write the monitor into `pages` (MONITOR_PAGES zeroed host pages), which are
 * guest-physical memory from `gpa` on, and map it.
 */
void monitor_init(uint8_t *pages, uint64_t gpa, struct pagetable *pt);

/* Write the TSS of vCPU `id`: it must be done before that vCPU runs. */
void monitor_init_vcpu(uint8_t *pages, unsigned id);

void monitor_set_door(uint8_t *pages, enum door_tail tail);

/* Where in the guest the TSS of vCPU `id` is. */
uint64_t monitor_tss(unsigned id);

/* The instruction in the door at which `syscall` can be tried. */
uint64_t monitor_door_trial(void);

/* Is `rip` that of the OUT of a stub (or just behind it)? Then of which. */
bool monitor_stub_vector(uint64_t rip, unsigned *vector);

/* Is it behind that OUT, on its way back? */
bool monitor_behind_stub(uint64_t rip);

bool monitor_in_door(uint64_t rip);

/* Does the processor push an error code for this vector? */
bool monitor_has_error(unsigned vector);

/*
 * The frame a stub of vCPU `id` finds at its `rsp`, error code (0 if none
 * was pushed) in *error; NULL if rsp is no such place.
 */
struct trap_frame *monitor_frame(uint8_t *pages, unsigned id, unsigned vector,
    uint64_t rsp, uint64_t *error);

#endif
