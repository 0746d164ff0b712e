/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shim: the little supervisor code and data in a guest's address space
 * that turns exceptions and `syscall` into exits.  It must not know hypercalls
 * or what an exit leads to.
 *
 *	SHIM_BASE	GDT		read-only
 *	+ 0x1000	IDT		read-only
 *	+ 0x2000	stubs		executable, 16 bytes a vector
 *	+ 0x3000	the syscall door	executable, also by user code
 *	+ 0x4000	copies of instructions, open to user code (copies.h)
 *	+ 0x5000	one page a vCPU: its TSS, and the stack of its stubs
 *	SHIM_SIEVES	data and code of breakpoints that are tested (sieve.h)
 *	elsewhere	the window of a trampoline: window.h; entries of sieves
 *
 * All of it lies after guest RAM in guest-physical memory, out of reach of user
 * mode, but for the copies, which hold nothing that the guest does not, and the
 * door: on a KVM without hardware virtualization `syscall` arrives there still
 * in user mode, so user code may execute it, and may also jump to it, which
 * gains it nothing.
 *
 * A stub is `out %eax, $PORT_TRAP`; `add $8, %rsp` if there is an error code;
 * `iretq`.  While a vCPU rests at that OUT, the frame of the interrupted code
 * lies on the stub's stack and can be read and changed; the next entry returns
 * to that code.
 */
#ifndef SHIM_H
#define SHIM_H

#include <stdbool.h>
#include <stdint.h>

#define SHIM_BASE   UINT64_C(0xffffffff80000000)
#define SHIM_GDT    (SHIM_BASE + 0x0000)
#define SHIM_IDT    (SHIM_BASE + 0x1000)
#define SHIM_STUBS  (SHIM_BASE + 0x2000)
#define SHIM_DOOR   (SHIM_BASE + 0x3000)
#define SHIM_COPIES (SHIM_BASE + 0x4000)
#define SHIM_VCPUS  (SHIM_BASE + 0x5000)
#define SHIM_SIEVES UINT64_C(0xfffffffffff10000)

#define SHIM_VECTORS   256U
#define SHIM_STUB_SIZE 16U
/* With the five pages before them they lie in one page table. */
#define SHIM_MAX_VCPUS 505U
#define SHIM_GDT_LIMIT 0x4fU
#define SHIM_IDT_LIMIT 0xfffU
#define SHIM_TSS_LIMIT 0x6cU /* 0x68 and five bytes of I/O bitmap */

/* The pages of sieves: their data, bodies, two to a page, and entries. */
#define SHIM_SIEVES_MAX    32U
#define SHIM_SIEVE_BODIES  16U
#define SHIM_SIEVE_ENTRIES 16U
#define SHIM_SIEVE_PAGES   4096U /* bits of the data: pages not to be read */

/* The pages of a window: for code, and after them one for data. */
#define SHIM_WINDOW_CODE  2U
#define SHIM_WINDOW_PAGES (SHIM_WINDOW_CODE + 1)
#define SHIM_PAGES                                                        \
	(5 + SHIM_MAX_VCPUS + SHIM_WINDOW_PAGES + 1 + SHIM_SIEVE_BODIES + \
	    SHIM_SIEVE_ENTRIES)

/* The first pages, from the GDT to the door, which shim_init() fills. */
#define SHIM_FILLED 4U

/* A window may lie in the last bytes of the address space, at any of them. */
#define SHIM_WINDOWS (UINT64_C(820) << 20)

/* The page tables that all of it takes, and windows there. */
#define SHIM_TABLES (3 + 1 + (unsigned)(SHIM_WINDOWS / PAGE_2M) + 1)

struct pagetable;

/* The frame that the processor pushes for an exception in 64-bit mode (SDM vol.
 * 3, 6.14.2), from the lowest address on; an error code lies below it. */
struct trap_frame {
	uint64_t rip;
	uint64_t cs;
	uint64_t rflags;
	uint64_t rsp;
	uint64_t ss;
};

/* How the door returns; which way is right depends on the KVM. */
enum door_tail {
	DOOR_UNKNOWN, /* not learned yet: an undefined instruction */
	DOOR_SYSRET,  /* `syscall` arrived in supervisor mode */
	DOOR_JUMP,    /* `syscall` arrived in user mode: jmp *%rcx */
};

/*
 * Write the shim into `pages`, SHIM_PAGES zeroed host pages that are
 * guest-physical memory from `gpa` on, and map it.
 */
void shim_init(uint8_t *pages, uint64_t gpa, struct pagetable *pt);

/* Write the TSS of vCPU `id`, before that vCPU runs. */
void shim_init_vcpu(uint8_t *pages, unsigned id);

/* The page of copies. */
uint8_t *shim_copies(uint8_t *pages);

/* The pages of the window. */
uint8_t *shim_window(uint8_t *pages);

/* Map them at `va`, where nothing is mapped; unmap them.  `gpa` is that of
 * shim_init(). */
void shim_map_window(uint64_t va, uint64_t gpa, struct pagetable *pt);
void shim_unmap_window(uint64_t va, struct pagetable *pt);

/*
 * The pages of sieves: the table of pages, the body of sieve `i`, and page `i`
 * of entries, which is mapped at `va` once and for all.  Map data and bodies.
 */
uint8_t *shim_sieve_pages(uint8_t *pages);
uint8_t *shim_sieve_body(uint8_t *pages, unsigned i);
uint8_t *shim_sieve_entry(uint8_t *pages, unsigned i);
void shim_map_sieves(uint64_t gpa, struct pagetable *pt);
void shim_map_sieve_entry(
    uint64_t va, unsigned i, uint64_t gpa, struct pagetable *pt);

void shim_set_door(uint8_t *pages, enum door_tail tail);

/* The guest address of the TSS of vCPU `id`. */
uint64_t shim_tss(unsigned id);

/* The guest address of the `syscall` to try the processor with. */
uint64_t shim_door_trial(void);

/* Is `rip` in a stub?  Then *vector is the stub's. */
bool shim_stub_vector(uint64_t rip, unsigned *vector);

/* Is `rip` after the OUT of a stub, on its way back? */
bool shim_past_stub(uint64_t rip);

bool shim_in_door(uint64_t rip);

/* Is `rip` in the door or in a stub? */
bool shim_is_entered(uint64_t rip);

/* Does the processor push an error code for this vector? */
bool shim_has_error(unsigned vector);

/*
 * The frame of vCPU `id` that is in the stub of `vector` with this rsp, its
 * error code or 0 in *error; NULL if rsp is not where such a stub starts.
 */
struct trap_frame *shim_frame(uint8_t *pages, unsigned id, unsigned vector,
    uint64_t rsp, uint64_t *error);

#endif
