/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints that the guest tests.  Nothing here may know what a test says.
 */
#include "vm/sieve.h"

#include "vm/context.h"
#include "vm/machine.h"
#include "vm/trap.h"
#include "vm/x86.h"

#include <string.h>

/* The longest read of a test. */
#define READ_MAX 8U

_Static_assert(SIEVES_MAX *SIEVE_BODY == SHIM_SIEVE_BODIES * PAGE_4K,
    "bodies fill their pages");

static struct sieves *
sieves_of(struct vcpu *vcpu)
{
	return &vcpu->machine->debug.sieves;
}

/* Has each of those that are wanted there a test? */
static bool
is_tested(const struct machine *m, const struct sieve *s)
{
	const struct breakpoint *bp = breaks_at(&m->debug.breaks, s->address);

	return sieve_has_test(s) && bp && !bp->hard && !bp->inner &&
	       bp->soft == (s->test[SIEVE_BREAK].n > 0) &&
	       bp->trace == (s->test[SIEVE_TRACE].n > 0);
}

/* Code that the guest cannot write, nor others by a file. */
static bool
is_fixed(const struct machine *m, uint64_t address)
{
	const uint64_t shared = PTE_FILE | PTE_SHARED;
	uint64_t page;
	const uint64_t entry = pt_lookup(&m->mem.pt, address, &page);
	const uint64_t rights = pte_rights(entry);

	return address < m->mem.size && (rights & PTE_PRESENT) &&
	       !(rights & (PTE_WRITE | PTE_NX)) && (entry & shared) != shared;
}

/* No other breakpoint lies on the instructions. */
static bool
is_alone(const struct machine *m, const struct sieve_code *code)
{
	const struct breaks *b = &m->debug.breaks;
	uint64_t at;

	for (at = code->run.address + 1;
	     at < code->run.address + code->run.length; at++)
		if (breaks_at(b, at) || breaks_has(b, at))
			return false;
	return true;
}

/* No table is left for a page, twice if a table's end is there. */
#define ENTRY_TABLES 4U

static bool
map_bodies(struct machine *m)
{
	struct sieves *all = &m->debug.sieves;

	if (!all->mapped) {
		if (m->mem.pt.used + ENTRY_TABLES > m->mem.pt.limit)
			return false;
		shim_map_sieves(m->mem.size, &m->mem.pt);
		all->mapped = true;
	}
	return true;
}

/* The page of entries at `va`, which is mapped if it is not yet; NULL: there is
 * none. */
static uint8_t *
entry_page(struct machine *m, uint64_t va)
{
	struct sieves *all = &m->debug.sieves;
	unsigned i = 0;

	while (i < SHIM_SIEVE_ENTRIES && all->entry[i] != va && all->entry[i])
		i++;
	if (i == SHIM_SIEVE_ENTRIES)
		return NULL;
	if (!all->entry[i]) {
		if (m->mem.pt.used + ENTRY_TABLES > m->mem.pt.limit)
			return NULL;
		shim_map_sieve_entry(va, i, m->mem.size, &m->mem.pt);
		all->entry[i] = va;
	}
	return shim_sieve_entry(m->shim, i);
}

static bool
write_entry(struct machine *m, const struct sieve_code *code)
{
	unsigned i;

	if (!code->enters)
		return true;
	/* Above all of the guest's memory, and below the shim's last pages. */
	if (code->entry < SHIM_BASE || code->entry >= SHIM_SIEVES - PAGE_4K)
		return false;
	for (i = 0; i < MOVED_JUMP; i++) {
		const uint64_t at = code->entry + i;
		uint8_t *page = entry_page(m, at & ~PAGE_4K_MASK);

		if (!page)
			return false;
		page[at & PAGE_4K_MASK] = code->entry_jump[i];
	}
	return true;
}

static bool
make(struct machine *m, struct sieve *s)
{
	const unsigned i = (unsigned)(s - m->debug.sieves.sieve);
	const struct sieve_test *test[SIEVE_KINDS];
	unsigned kind, tests = 0;

	for (kind = 0; kind < SIEVE_KINDS; kind++)
		if (s->test[kind].n > 0)
			test[tests++] = &s->test[kind];
	return sievecode_make(&s->code, shim_sieve_body(m->shim, i),
	    SHIM_SIEVES + PAGE_4K + i * SIEVE_BODY, s->address, s->looked,
	    s->look, test, tests);
}

/* Is the code made, and still that of the guest's?  What cannot be made is not
 * tried again. */
static bool
is_made(struct machine *m, struct sieve *s)
{
	uint8_t code[MOVED_LOOK];
	const size_t n = breaks_read(
	    &m->debug.breaks, s->address, code, sizeof(code));

	if (s->made && n == s->look && memcmp(code, s->looked, n) == 0)
		return s->code.run.length > 0;
	memcpy(s->looked, code, n);
	s->look = n;
	s->made = true;
	if (!make(m, s))
		s->code = (struct sieve_code){ 0 };
	return s->code.run.length > 0;
}

static bool
is_servable(struct machine *m, struct sieve *s)
{
	return is_tested(m, s) && map_bodies(m) && is_fixed(m, s->address) &&
	       is_made(m, s) &&
	       is_fixed(m, s->address + s->code.run.length - 1) &&
	       is_alone(m, &s->code) && write_entry(m, &s->code);
}

/* Is there nothing that would see the tests' accesses, or a jump? */
static bool
is_free(const struct machine *m)
{
	const struct debug *d = &m->debug;
	unsigned i;

	if (d->breaks.watches > 0 || m->guest.recorded || m->guest.replay)
		return false;
	for (i = 0; i < m->vcpus; i++) {
		const struct vcpu *vcpu = &m->vcpu[i];

		if (thread_lives(vcpu) && (vcpu->debug.want == WANT_STEP ||
					      vcpu->debug.want == WANT_RANGE))
			return false;
	}
	return true;
}

static void
note_page(uint8_t *pages, uint64_t address)
{
	const uint64_t page = address / PAGE_4K % SHIM_SIEVE_PAGES;

	pages[page / 8] |= (uint8_t)(1U << page % 8);
}

/* Tests must not read what is planted. */
static void
note_pages(struct machine *m)
{
	const struct breakset *set = &m->debug.breaks.set;
	uint8_t *pages = shim_sieve_pages(m->shim);
	unsigned i;

	memset(pages, 0, SHIM_SIEVE_PAGES / 8);
	for (i = 0; i < set->count; i++) {
		note_page(pages, set->list[i].addr - (READ_MAX - 1));
		note_page(pages, set->list[i].addr + MOVED_JUMP - 1);
	}
}

/* While the first byte is the INT3, any thread may come. */
static bool
plant(struct machine *m, struct sieve *s)
{
	struct gmem *mem = &m->mem;

	if (gmem_copy(s->under, mem->base + s->address, MOVED_JUMP) !=
		MOVED_JUMP ||
	    s->under[0] != OPCODE_INT3 ||
	    !gmem_poke(mem, s->address + 1, s->code.jump + 1, MOVED_JUMP - 1))
		return false;
	return gmem_poke(mem, s->address, s->code.jump, 1);
}

void
sieves_plant(struct machine *m)
{
	struct sieves *all = &m->debug.sieves;
	const bool lets = is_free(m);
	struct sieve *s;

	if (all->planted || all->count == 0)
		return;
	all->lasts = 0;
	for (s = all->sieve; s < all->sieve + SIEVES_MAX; s++) {
		if (!sieve_has_test(s))
			continue;
		s->planted = lets && is_servable(m, s) && plant(m, s);
		all->planted |= s->planted;
		all->last[all->lasts].address = s->address;
		all->last[all->lasts++].planted = s->planted;
	}
	if (all->planted)
		note_pages(m);
}

/* A byte that is another by now was written by the guest, and stays. */
static void
lift(struct machine *m, struct sieve *s)
{
	uint8_t byte;
	unsigned i;

	for (i = 0; i < MOVED_JUMP; i++) {
		const uint64_t at = s->address + i;

		if (gmem_copy(&byte, m->mem.base + at, 1) == 1 &&
		    byte == s->code.jump[i])
			(void)gmem_poke(&m->mem, at, &s->under[i], 1);
	}
	s->planted = false;
}

void
sieves_lift(struct machine *m)
{
	struct sieves *all = &m->debug.sieves;
	unsigned i;

	for (i = 0; all->planted && i < SIEVES_MAX; i++)
		if (all->sieve[i].planted)
			lift(m, &all->sieve[i]);
	all->planted = false;
}

/* The guest may write there from now on, or has mapped something else. */
void
sieves_follow(struct machine *m)
{
	struct sieves *all = &m->debug.sieves;
	unsigned i;

	for (i = 0; all->planted && i < SIEVES_MAX; i++) {
		struct sieve *s = &all->sieve[i];

		if (s->planted &&
		    (!is_fixed(m, s->address) ||
			!is_fixed(m, s->address + s->code.run.length - 1)))
			lift(m, s);
	}
}

/* Has KVM left the guest for the INT3? */
static bool
is_exit_of_int3(const struct vcpu *vcpu, uint64_t rip)
{
	const struct kvm_run *run = vcpu->kvm.run;

	return run->exit_reason == KVM_EXIT_DEBUG &&
	       run->debug.arch.exception == VECTOR_BP &&
	       run->debug.arch.pc == rip;
}

/* Show the INT3 as the breakpoint's. */
static bool
shows_hit(struct vcpu *vcpu, const struct sieve_code *code, uint64_t rip)
{
	const uint64_t holds = code->run.base + code->holds;

	if (vcpu->flight.frame && rip == holds + 1) {
		vcpu_set_user_rip(vcpu, code->run.address + 1);
		return true;
	}
	if (vcpu->flight.frame || rip != holds || !is_exit_of_int3(vcpu, rip))
		return false;
	vcpu->kvm.run->debug.arch.pc = code->run.address;
	vcpu_set_user_rip(vcpu, code->run.address);
	return true;
}

static uint64_t
user_rsp(struct vcpu *vcpu)
{
	return vcpu->flight.frame ? vcpu->flight.frame->rsp
				  : vcpu_regs(vcpu)->rsp;
}

static void
get_registers(struct vcpu *vcpu, struct sieve_registers *r)
{
	const struct kvm_regs *regs = vcpu_regs(vcpu);
	const uint64_t at = user_rsp(vcpu) + (uint64_t)(int64_t)SIEVE_FLAGS;

	*r = (struct sieve_registers){
		.rip = vcpu_user_rip(vcpu),
		.rax = regs->rax,
		.rcx = regs->rcx,
		.rdx = regs->rdx,
		.rflags = vcpu_user_rflags(vcpu),
	};
	/* A thread that cannot write there is at the first instruction. */
	(void)gmem_read(&vcpu->machine->mem, r->stack, at, sizeof(r->stack));
}

static void
set_registers(struct vcpu *vcpu, const struct sieve_registers *r)
{
	struct kvm_regs *regs = vcpu_regs(vcpu);

	regs->rax = r->rax;
	regs->rcx = r->rcx;
	regs->rdx = r->rdx;
	vcpu_set_user_rip(vcpu, r->rip);
	vcpu_set_user_rflags(vcpu, r->rflags);
	vcpu_changed(vcpu);
}

bool
sieve_awaits(struct vcpu *vcpu)
{
	const uint64_t rip = vcpu_user_rip(vcpu);
	const struct sieve *s = sieve_at(sieves_of(vcpu), rip);

	if (vcpu->flight.frame)
		return false;
	if (!s)
		return sieve_over(sieves_of(vcpu), rip - 1) != NULL;
	return vcpu->kvm.run->s.regs.events.exception.injected ||
	       rip == s->code.run.base + s->code.holds + 1;
}

void
sieve_leave(struct vcpu *vcpu)
{
	const uint64_t rip = vcpu_user_rip(vcpu);
	const struct sieve *s = sieve_at(sieves_of(vcpu), rip);
	struct sieve_registers r;

	vcpu->debug.untested = false;
	if (!s || shows_hit(vcpu, &s->code, rip) || sieve_awaits(vcpu))
		return;
	get_registers(vcpu, &r);
	vcpu->debug.untested = sievecode_leave(&s->code, &r);
	set_registers(vcpu, &r);
	if (rip == s->code.run.base + s->code.run.at)
		vcpu->debug.left = s->address;
}

/* A jump of the guest's has led into the middle of the code that is replaced,
 * and so to an INT3: the instruction there is still to be made. */
static bool
takes_middle(struct vcpu *vcpu)
{
	const struct breaks *b = &vcpu->machine->debug.breaks;
	const uint64_t rip = vcpu_user_rip(vcpu);
	const uint64_t int3 = vcpu->flight.frame ? rip - 1 : rip;
	const struct sieve *s = sieve_over(sieves_of(vcpu), int3);
	uint8_t byte;

	if (!s || breaks_at(b, int3))
		return false;
	/* It was lifted meanwhile, unless the INT3 is the guest's. */
	if (!s->planted && breaks_read(b, int3, &byte, 1) == 1 &&
	    byte == OPCODE_INT3)
		return false;
	vcpu_set_user_rip(
	    vcpu, s->planted ? moved_place(&s->code.run, int3) : int3);
	return true;
}

bool
sieve_is_hit(struct vcpu *vcpu)
{
	const bool hit = vcpu->debug.untested &&
			 breaks_at(
			     &vcpu->machine->debug.breaks, vcpu_user_rip(vcpu));

	vcpu->debug.untested = false;
	return hit;
}

bool
sieve_takes(struct vcpu *vcpu)
{
	return vcpu->flight.trap.vector == VECTOR_BP && takes_middle(vcpu);
}
