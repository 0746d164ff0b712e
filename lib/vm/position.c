/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking and comparing positions.  Nothing here may know how a vCPU came to
 * one.
 */
#include "vm/position.h"

#include "vm/context.h"
#include "vm/cpu.h"
#include "vm/x86.h"

#include <string.h>

/* Flags that are the machine's, and the one that an interruption may set. */
#define RFLAGS_OURS ((uint64_t)(RFLAGS_IOPL | RFLAGS_RF | RFLAGS_TF))

static void
take_general(struct vcpu *vcpu, uint64_t reg[HC_POSITION_REGISTERS])
{
	struct kvm_regs r;
	uint64_t *to = reg;

	vcpu_user_regs(vcpu, &r);
	*to++ = r.rax;
	*to++ = r.rcx;
	*to++ = r.rdx;
	*to++ = r.rbx;
	*to++ = r.rsp;
	*to++ = r.rbp;
	*to++ = r.rsi;
	*to++ = r.rdi;
	*to++ = r.r8;
	*to++ = r.r9;
	*to++ = r.r10;
	*to++ = r.r11;
	*to++ = r.r12;
	*to++ = r.r13;
	*to++ = r.r14;
	*to++ = r.r15;
	*to++ = r.rip;
	*to = r.rflags & ~RFLAGS_OURS;
}

static bool
take_bases(struct vcpu *vcpu, uint64_t reg[HC_POSITION_REGISTERS])
{
	struct kvm_sregs sregs;

	if (vcpu_sregs(vcpu, &sregs) < 0)
		return false;
	reg[HC_POSITION_FS_BASE] = sregs.fs.base;
	reg[HC_POSITION_GS_BASE] = sregs.gs.base;
	return true;
}

/* The vector registers as they count. */
static bool
take_area(struct vcpu *vcpu, uint8_t area[sizeof(struct kvm_xsave)])
{
	if (kvmcore_get_xsave(&vcpu->kvm, (struct kvm_xsave *)(void *)area) < 0)
		return false;
	cpu_xsave_settle(vcpu->machine, area);
	return true;
}

static void
take_vectors(const uint8_t *area, uint64_t reg[HC_POSITION_REGISTERS])
{
	unsigned i;

	for (i = HC_POSITION_XMM; i < HC_POSITION_REGISTERS; i++)
		memcpy(&reg[i],
		    area + CPU_XSAVE_SSE + (i - HC_POSITION_XMM) * 16UL,
		    sizeof(reg[i]));
}

/* Memory is the guest's, without what the debugger has planted. */
static void
hide_breaks(struct machine *m)
{
	pthread_mutex_lock(&m->lock);
	breaks_hide(&m->debug.breaks);
}

/* A lone instruction has no breakpoint (debug.h). */
static void
show_breaks(struct machine *m)
{
	struct debug *d = &m->debug;

	breaks_show(&d->breaks);
	if (d->on && d->stops.lone != STOPS_NONE)
		breaks_lift(&d->breaks, d->lifted);
	pthread_mutex_unlock(&m->lock);
}

/* The hash of memory and of the vector registers. */
static bool
take_hash(struct vcpu *vcpu, const uint8_t *area, uint64_t *hash)
{
	struct machine *m = vcpu->machine;
	uint32_t size = cpu_xsave_size(m);
	bool taken;

	if (size > sizeof(struct kvm_xsave))
		size = sizeof(struct kvm_xsave);
	hide_breaks(m);
	taken = m->guest.preemption->hash(&m->guest, area, size, hash);
	show_breaks(m);
	return taken;
}

static bool
take_word(const struct vcpu *vcpu, struct hc_witness *word)
{
	return gmem_read(&vcpu->machine->mem, &word->value, word->address,
		   sizeof(word->value)) == 0;
}

bool
position_look(struct vcpu *vcpu, struct hc_position *p)
{
	_Alignas(8) uint8_t area[sizeof(struct kvm_xsave)];

	p->words = 0;
	take_general(vcpu, p->reg);
	if (!take_bases(vcpu, p->reg) || !take_area(vcpu, area))
		return false;
	take_vectors(area, p->reg);
	return true;
}

bool
position_take(struct vcpu *vcpu, struct hc_position *p)
{
	_Alignas(8) uint8_t area[sizeof(struct kvm_xsave)];
	unsigned i, n = 0;

	take_general(vcpu, p->reg);
	for (i = 0; i < p->words; i++) {
		p->word[n] = p->word[i];
		n += take_word(vcpu, &p->word[n]);
	}
	p->words = n;
	if (!take_bases(vcpu, p->reg) || !take_area(vcpu, area))
		return false;
	take_vectors(area, p->reg);
	return take_hash(vcpu, area, &p->hash);
}

static bool
are_same_words(const struct vcpu *vcpu, const struct hc_position *p)
{
	struct hc_witness here;
	unsigned i;

	for (i = 0; i < p->words; i++) {
		here.address = p->word[i].address;
		if (!take_word(vcpu, &here) || here.value != p->word[i].value)
			return false;
	}
	return true;
}

/* The cheapest comparison comes first. */
bool
position_is_here(struct vcpu *vcpu, const struct hc_position *p)
{
	_Alignas(8) uint8_t area[sizeof(struct kvm_xsave)];
	uint64_t reg[HC_POSITION_REGISTERS], hash;

	take_general(vcpu, reg);
	if (memcmp(reg, p->reg, HC_POSITION_FS_BASE * sizeof(reg[0])) != 0 ||
	    !are_same_words(vcpu, p) || !take_bases(vcpu, reg) ||
	    !take_area(vcpu, area))
		return false;
	take_vectors(area, reg);
	return memcmp(reg, p->reg, sizeof(reg)) == 0 &&
	       take_hash(vcpu, area, &hash) && hash == p->hash;
}

uint32_t
position_differs(struct vcpu *vcpu, const struct hc_position *p)
{
	uint64_t reg[HC_POSITION_REGISTERS];
	uint32_t set = 0;
	unsigned i;

	take_general(vcpu, reg);
	for (i = 0; i < HC_POSITION_RIP; i++)
		if (reg[i] != p->reg[i])
			set |= UINT32_C(1) << i;
	return set;
}

void
position_add(struct hc_position *p, uint64_t address)
{
	unsigned i;

	address &= ~(uint64_t)(sizeof(uint64_t) - 1);
	for (i = 0; i < p->words; i++)
		if (p->word[i].address == address)
			return;
	if (p->words < HC_POSITION_WORDS)
		p->word[p->words++].address = address;
}
