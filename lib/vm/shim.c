/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shim's tables and code.  Nothing here may know what an exit leads to.
 */
#include "vm/shim.h"

#include "abi/hypercall.h"
#include "mem/pagetable.h"
#include "vm/x86.h"

#include <string.h>

/* Descriptors, SDM vol. 3, 3.4.5: present, and accessed, so that no processor
 * writes to them. */
static const uint64_t gdt[] = {
	[SEL_KERNEL_CODE / 8] = 0x00af9b000000ffff,
	[SEL_KERNEL_DATA / 8] = 0x00cf93000000ffff,
	[0x20 / 8] =
	    0x00cffb000000ffff, /* 32-bit user code, for SYSRET's base */
	[SEL_USER_DATA / 8] = 0x00cff3000000ffff,
	[SEL_USER_CODE / 8] = 0x00affb000000ffff,
};

static const bool has_error[SHIM_VECTORS] = {
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
	return pages + (va - SHIM_BASE);
}

static uint64_t
vcpu_page(unsigned id)
{
	return SHIM_VCPUS + id * PAGE_4K;
}

/*
 * A gate, SDM vol. 3, 6.14.1: an interrupt gate on stack IST1, because a trap
 * can arrive while rsp is still the user's.  INT3 and INTO are for user code;
 * any other INT n raises #GP.
 */
static void
write_gate(uint8_t *idt, unsigned vector)
{
	uint64_t stub = SHIM_STUBS + vector * SHIM_STUB_SIZE;
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
		OPCODE_OUT_EAX, PORT_TRAP, /* out %eax, $PORT_TRAP */
		0x48, 0xcf,                /* iretq */
	};
	static const uint8_t with_error[] = {
		OPCODE_OUT_EAX,
		PORT_TRAP,
		0x48,
		0x83,
		0xc4,
		0x08, /* add $8, %rsp */
		0x48,
		0xcf,
	};
	uint8_t *stub = stubs + vector * SHIM_STUB_SIZE;

	if (has_error[vector])
		memcpy(stub, with_error, sizeof(with_error));
	else
		memcpy(stub, plain, sizeof(plain));
}

/* The door is `out %eax, $PORT_SYSCALL` and the tail; 16 bytes on lies a
 * `syscall` to try the processor with. */
#define DOOR_TRIAL 16

uint8_t *
shim_copies(uint8_t *pages)
{
	return page_of(pages, SHIM_COPIES);
}

/* They follow those of the vCPUs. */
#define WINDOW_AT   ((5 + SHIM_MAX_VCPUS) * PAGE_4K)
#define WINDOW_CODE (SHIM_WINDOW_CODE * PAGE_4K)

uint8_t *
shim_window(uint8_t *pages)
{
	return pages + WINDOW_AT;
}

void
shim_map_window(uint64_t va, uint64_t gpa, struct pagetable *pt)
{
	const uint64_t bits = PTE_PRESENT | PTE_USER;

	pt_map(pt, va, gpa + WINDOW_AT, WINDOW_CODE, bits);
	pt_map(pt, va + WINDOW_CODE, gpa + WINDOW_AT + WINDOW_CODE, PAGE_4K,
	    bits | PTE_WRITE | PTE_NX);
}

void
shim_unmap_window(uint64_t va, struct pagetable *pt)
{
	pt_map(pt, va, 0, SHIM_WINDOW_PAGES * PAGE_4K, 0);
}

/* They follow that: data, bodies, entries. */
#define SIEVES_AT  (WINDOW_AT + SHIM_WINDOW_PAGES * PAGE_4K)
#define BODIES_AT  (SIEVES_AT + PAGE_4K)
#define ENTRIES_AT (BODIES_AT + SHIM_SIEVE_BODIES * PAGE_4K)

uint8_t *
shim_sieve_pages(uint8_t *pages)
{
	return pages + SIEVES_AT;
}

uint8_t *
shim_sieve_body(uint8_t *pages, unsigned i)
{
	return pages + BODIES_AT +
	       i * (SHIM_SIEVE_BODIES * PAGE_4K / SHIM_SIEVES_MAX);
}

uint8_t *
shim_sieve_entry(uint8_t *pages, unsigned i)
{
	return pages + ENTRIES_AT + i * PAGE_4K;
}

void
shim_map_sieves(uint64_t gpa, struct pagetable *pt)
{
	const uint64_t bits = PTE_PRESENT | PTE_USER;

	pt_map(pt, SHIM_SIEVES, gpa + SIEVES_AT, PAGE_4K, bits | PTE_NX);
	pt_map(pt, SHIM_SIEVES + PAGE_4K, gpa + BODIES_AT,
	    SHIM_SIEVE_BODIES * PAGE_4K, bits);
}

void
shim_map_sieve_entry(
    uint64_t va, unsigned i, uint64_t gpa, struct pagetable *pt)
{
	pt_map(pt, va, gpa + ENTRIES_AT + i * PAGE_4K, PAGE_4K,
	    PTE_PRESENT | PTE_USER);
}

void
shim_set_door(uint8_t *pages, enum door_tail tail)
{
	static const uint8_t tails[][3] = {
		[DOOR_UNKNOWN] = { 0x0f, 0x0b },      /* ud2 */
		[DOOR_SYSRET] = { 0x48, 0x0f, 0x07 }, /* sysretq */
		[DOOR_JUMP] = { 0xff, 0xe1 },         /* jmp *%rcx */
	};
	static const uint8_t head[] = { OPCODE_OUT_EAX, PORT_SYSCALL };
	static const uint8_t trial[] = { HYPERCALL_SYSCALL };
	uint8_t *door = page_of(pages, SHIM_DOOR);

	memcpy(door, head, sizeof(head));
	memcpy(door + sizeof(head), tails[tail], sizeof(tails[tail]));
	memcpy(door + DOOR_TRIAL, trial, sizeof(trial));
}

static void
map(struct pagetable *pt, uint64_t va, uint64_t gpa, uint64_t size,
    uint64_t bits)
{
	pt_map(pt, va, gpa + (va - SHIM_BASE), size, bits | PTE_PRESENT);
}

void
shim_init(uint8_t *pages, uint64_t gpa, struct pagetable *pt)
{
	unsigned vector;

	memcpy(page_of(pages, SHIM_GDT), gdt, sizeof(gdt));
	for (vector = 0; vector < SHIM_VECTORS; vector++) {
		write_gate(page_of(pages, SHIM_IDT), vector);
		write_stub(page_of(pages, SHIM_STUBS), vector);
	}
	shim_set_door(pages, DOOR_UNKNOWN);
	map(pt, SHIM_GDT, gpa, PAGE_4K, PTE_NX);
	map(pt, SHIM_IDT, gpa, PAGE_4K, PTE_NX);
	map(pt, SHIM_STUBS, gpa, PAGE_4K, 0);
	map(pt, SHIM_DOOR, gpa, PAGE_4K, PTE_USER);
	map(pt, SHIM_COPIES, gpa, PAGE_4K, PTE_USER);
	map(pt, SHIM_VCPUS, gpa, SHIM_MAX_VCPUS * PAGE_4K, PTE_NX | PTE_WRITE);
}

/*
 * The I/O bitmap opens the two gates, for the 4-byte OUT of user code and of a
 * door entered in user mode.  An access needs a bit for each of its bytes (SDM
 * vol. 1, 19.5.2), so a few single bytes between the gates are open also.
 */
void
shim_init_vcpu(uint8_t *pages, unsigned id)
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
shim_tss(unsigned id)
{
	return vcpu_page(id);
}

uint64_t
shim_door_trial(void)
{
	return SHIM_DOOR + DOOR_TRIAL;
}

bool
shim_stub_vector(uint64_t rip, unsigned *vector)
{
	if (rip < SHIM_STUBS || rip - SHIM_STUBS >= PAGE_4K)
		return false;
	*vector = (unsigned)((rip - SHIM_STUBS) / SHIM_STUB_SIZE);
	return true;
}

bool
shim_past_stub(uint64_t rip)
{
	unsigned vector;

	return shim_stub_vector(rip, &vector) && rip % SHIM_STUB_SIZE != 0;
}

bool
shim_in_door(uint64_t rip)
{
	return rip >= SHIM_DOOR && rip - SHIM_DOOR < PAGE_4K;
}

bool
shim_is_entered(uint64_t rip)
{
	unsigned vector;

	return shim_in_door(rip) || shim_stub_vector(rip, &vector);
}

bool
shim_has_error(unsigned vector)
{
	return has_error[vector];
}

struct trap_frame *
shim_frame(
    uint8_t *pages, unsigned id, unsigned vector, uint64_t rsp, uint64_t *error)
{
	uint64_t top = vcpu_page(id) + PAGE_4K;
	uint64_t pushed = sizeof(struct trap_frame) +
			  (has_error[vector] ? 8 : 0);

	/* IST: a stub starts at the top of its stack. */
	if (rsp != top - pushed)
		return NULL;
	*error = 0;
	if (has_error[vector])
		memcpy(error, page_of(pages, rsp), sizeof(*error));
	return (void *)page_of(pages, top - sizeof(struct trap_frame));
}
