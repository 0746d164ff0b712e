/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's tables and code.  Nothing here may know what an exit leads
 * to.
 */
#include "vm/monitor.h"

#include "abi/hypercall.h"
#include "mem/pagetable.h"
#include "vm/x86.h"

#include <signal.h>
#include <string.h>

/* Descriptors, SDM vol. 3, 3.4.5: present, accessed, so never written. */
static const uint64_t gdt[] = {
	[SEL_KERNEL_CODE / 8] = 0x00af9b000000ffff,
	[SEL_KERNEL_DATA / 8] = 0x00cf93000000ffff,
	[0x20 / 8] =
	    0x00cffb000000ffff, /* 32-bit user code, for SYSRET's base */
	[SEL_USER_DATA / 8] = 0x00cff3000000ffff,
	[SEL_USER_CODE / 8] = 0x00affb000000ffff,
};

static const bool has_error[MONITOR_VECTORS] = {
#define TRAP(vector, mnemonic, error, ...) [vector] = error,
#include "abi/traps.def"
#undef TRAP
};

/* Fields of the 64-bit TSS, SDM vol. 3, figure 8-11. */
enum {
	TSS_RSP0 = 0x04,
	TSS_IST1 = 0x24,
	TSS_IOMAP_BASE = 0x66,
	TSS_IOMAP = 0x68,
};

static uint8_t *
page_of(uint8_t *pages, uint64_t va)
{
	return pages + (va - MONITOR_BASE);
}

static uint64_t
vcpu_page(unsigned id)
{
	return MONITOR_VCPUS + id * PAGE_4K;
}

/*
 * A gate, SDM vol. 3, 6.14.1: interrupt gate on stack IST1, because a trap can
 * arrive where the user's stack pointer is still in place.  INT3 and INTO are
 * for user code; any other INT n is its general protection fault.
 */
static void
write_gate(uint8_t *idt, unsigned vector)
{
	uint64_t stub = MONITOR_STUBS + vector * MONITOR_STUB_SIZE;
	uint64_t dpl = vector == 3 || vector == 4 ? 3 : 0;
	uint64_t gate[2] = {
		(stub & 0xffff) | SEL_KERNEL_CODE << 16 | UINT64_C(1) << 32 |
		    (0x8e | dpl << 5) << 40 | (stub >> 16 & 0xffff) << 48,
		stub >> 32,
	};

	memcpy(idt + vector * sizeof(gate), gate, sizeof(gate));
}

static void
write_stub(uint8_t *stubs, unsigned vector)
{
	static const uint8_t plain[] = {
		0xe7, PORT_TRAP, /* out %eax, $PORT_TRAP */
		0x48, 0xcf,      /* iretq */
	};
	static const uint8_t with_error[] = {
		0xe7,
		PORT_TRAP,
		0x48,
		0x83,
		0xc4,
		0x08, /* add $8, %rsp */
		0x48,
		0xcf,
	};
	uint8_t *stub = stubs + vector * MONITOR_STUB_SIZE;

	if (has_error[vector])
		memcpy(stub, with_error, sizeof(with_error));
	else
		memcpy(stub, plain, sizeof(plain));
}

/* The door: out %eax, $PORT_SYSCALL; the tail; and, 16 bytes on, a `syscall`
 * to try the processor with. */
#define DOOR_TRIAL 16

void
monitor_set_door(uint8_t *pages, enum door_tail tail)
{
	static const uint8_t tails[][3] = {
		[DOOR_UNKNOWN] = { 0x0f, 0x0b },      /* ud2 */
		[DOOR_SYSRET] = { 0x48, 0x0f, 0x07 }, /* sysretq */
		[DOOR_JUMP] = { 0xff, 0xe1 },         /* jmp *%rcx */
	};
	static const uint8_t head[] = { 0xe7, PORT_SYSCALL };
	static const uint8_t trial[] = { 0x0f, 0x05 };
	uint8_t *door = page_of(pages, MONITOR_DOOR);

	memcpy(door, head, sizeof(head));
	memcpy(door + sizeof(head), tails[tail], sizeof(tails[tail]));
	memcpy(door + DOOR_TRIAL, trial, sizeof(trial));
}

static void
map(struct pagetable *pt, uint64_t va, uint64_t gpa, uint64_t size,
    uint64_t bits)
{
	pt_map(pt, va, gpa + (va - MONITOR_BASE), size, bits | PTE_PRESENT);
}

void
monitor_init(uint8_t *pages, uint64_t gpa, struct pagetable *pt)
{
	unsigned vector;

	memcpy(page_of(pages, MONITOR_GDT), gdt, sizeof(gdt));
	for (vector = 0; vector < MONITOR_VECTORS; vector++) {
		write_gate(page_of(pages, MONITOR_IDT), vector);
		write_stub(page_of(pages, MONITOR_STUBS), vector);
	}
	monitor_set_door(pages, DOOR_UNKNOWN);
	map(pt, MONITOR_GDT, gpa, PAGE_4K, PTE_NX);
	map(pt, MONITOR_IDT, gpa, PAGE_4K, PTE_NX);
	map(pt, MONITOR_STUBS, gpa, PAGE_4K, 0);
	map(pt, MONITOR_DOOR, gpa, PAGE_4K, PTE_USER);
	map(pt, MONITOR_VCPUS, gpa, MONITOR_MAX_VCPUS * PAGE_4K,
	    PTE_NX | PTE_WRITE);
}

/*
 * The I/O bitmap opens the two gates, for the 4-byte OUT of user code and of
 * a door entered in user mode (SDM vol. 1, 19.5.2: a bit for each byte of the
 * access), which leaves a few single bytes open between them.
 */
void
monitor_init_vcpu(uint8_t *pages, unsigned id)
{
	static const uint8_t iomap[] = { 0xff, 0xff, 0xe0, 0xff, 0xff };
	_Static_assert(PORT_HYPERCALL == 0x10 && PORT_SYSCALL == 0x11,
	    "the bitmap is open for bytes 0x10 to 0x14");
	uint8_t *tss = page_of(pages, vcpu_page(id));
	uint64_t stack = vcpu_page(id) + PAGE_4K;
	uint16_t iomap_base = TSS_IOMAP;

	memcpy(tss + TSS_RSP0, &stack, sizeof(stack));
	memcpy(tss + TSS_IST1, &stack, sizeof(stack));
	memcpy(tss + TSS_IOMAP_BASE, &iomap_base, sizeof(iomap_base));
	memcpy(tss + TSS_IOMAP, iomap, sizeof(iomap));
}

uint64_t
monitor_tss(unsigned id)
{
	return vcpu_page(id);
}

uint64_t
monitor_door_trial(void)
{
	return MONITOR_DOOR + DOOR_TRIAL;
}

bool
monitor_stub_vector(uint64_t rip, unsigned *vector)
{
	if (rip < MONITOR_STUBS || rip - MONITOR_STUBS >= PAGE_4K)
		return false;
	*vector = (unsigned)((rip - MONITOR_STUBS) / MONITOR_STUB_SIZE);
	return true;
}

bool
monitor_behind_stub(uint64_t rip)
{
	unsigned vector;

	return monitor_stub_vector(rip, &vector) &&
	       rip % MONITOR_STUB_SIZE != 0;
}

bool
monitor_in_door(uint64_t rip)
{
	return rip >= MONITOR_DOOR && rip - MONITOR_DOOR < PAGE_4K;
}

bool
monitor_has_error(unsigned vector)
{
	return has_error[vector];
}

struct trap_frame *
monitor_frame(
    uint8_t *pages, unsigned id, unsigned vector, uint64_t rsp, uint64_t *error)
{
	uint64_t top = vcpu_page(id) + PAGE_4K;
	uint64_t pushed = sizeof(struct trap_frame) +
			  (has_error[vector] ? 8 : 0);

	/* The stub's stack is always entered at its top (IST). */
	if (rsp != top - pushed)
		return NULL;
	*error = 0;
	if (has_error[vector])
		memcpy(error, page_of(pages, rsp), sizeof(*error));
	return (void *)page_of(pages, top - sizeof(struct trap_frame));
}
