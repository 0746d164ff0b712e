/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rounds of string instructions.  Nothing here may know why they are made.
 */
#include "vm/rounds.h"

#include "image/insn.h"
#include "vm/context.h"
#include "vm/machine.h"
#include "vm/x86.h"

#include <string.h>

/* Bit 0 of an opcode is its operand's size. */
#define OPCODE_MOVS 0xa4
#define OPCODE_CMPS 0xa6
#define OPCODE_STOS 0xaa
#define OPCODE_LODS 0xac
#define OPCODE_SCAS 0xae

/* So many rounds are compared at once, of so many bytes at most. */
#define CHUNK_ROUNDS 512U
#define ROUND_MAX    8U

/* A string instruction, and what its rounds touch. */
struct string {
	const struct breaks *breaks;
	struct insn insn;
	struct kvm_regs regs;
};

/* Does what it compares end it? */
static bool
compares(const struct string *s)
{
	const uint8_t opcode = s->insn.opcode & 0xfe;

	return opcode == OPCODE_CMPS || opcode == OPCODE_SCAS;
}

static bool
is_repeated(const struct string *s)
{
	const struct insn *insn = &s->insn;
	const uint8_t opcode = insn->opcode & 0xfe;
	const unsigned repeats = insn->prefixes & (INSN_REP | INSN_REPNE);

	return insn_is_string(insn) && insn->kind == INSN_PLAIN &&
	       insn->map == INSN_MAP_ONE && insn->segment == INSN_FLAT &&
	       !(insn->prefixes & INSN_ADDR32) &&
	       (repeats == INSN_REP ||
		   (repeats == INSN_REPNE && compares(s))) &&
	       (compares(s) || opcode == OPCODE_MOVS || opcode == OPCODE_STOS ||
		   opcode == OPCODE_LODS);
}

/* Where rounds `from` to `from + n` begin to touch memory. */
static uint64_t
address(const struct string *s, const struct insn_access *access, uint64_t from,
    uint64_t n)
{
	const uint64_t at = access->base == INSN_RSI ? s->regs.rsi
						     : s->regs.rdi;

	return s->regs.rflags & RFLAGS_DF ? at - (from + n - 1) * access->size
					  : at + from * access->size;
}

/* Can these rounds be made without a fault? */
static bool
is_open(const struct string *s, uint64_t from, uint64_t n)
{
	const struct gmem *mem = s->breaks->mem;
	unsigned i;

	for (i = 0; i < s->insn.accesses; i++) {
		const struct insn_access *a = &s->insn.access[i];

		if (n > mem->size ||
		    gmem_span(mem, address(s, a, from, n), n * a->size,
			a->flags & INSN_WRITE ? GMEM_WRITE : GMEM_READ) !=
			n * a->size)
			return false;
	}
	return true;
}

/* Both operands of these rounds, in order of their addresses. */
static void
fetch(const struct string *s, uint64_t from, uint64_t n,
    uint8_t side[][CHUNK_ROUNDS * ROUND_MAX])
{
	const uint32_t size = s->insn.access[0].size;
	unsigned i;

	for (i = 0; i < s->insn.accesses; i++)
		(void)breaks_read(s->breaks,
		    address(s, &s->insn.access[i], from, n), side[i], n * size);
	for (; i < 2 && n > 0; n--)
		memcpy(side[i] + (n - 1) * size, &s->regs.rax, size);
}

/* How many of these rounds it makes, which may end it. */
static uint64_t
compare(const struct string *s, uint64_t from, uint64_t n, bool *ended)
{
	const uint32_t size = s->insn.access[0].size;
	const bool down = s->regs.rflags & RFLAGS_DF;
	const bool equal = s->insn.prefixes & INSN_REP;
	uint8_t side[2][CHUNK_ROUNDS * ROUND_MAX];
	uint64_t i, at;

	fetch(s, from, n, side);
	for (i = 0; i < n && !*ended; i++) {
		at = (down ? n - 1 - i : i) * size;
		*ended = equal != !memcmp(side[0] + at, side[1] + at, size);
	}
	return i;
}

/* Rounds up to the one that ends it, or is not open. */
static uint64_t
compare_all(const struct string *s, uint64_t most, bool *ended)
{
	uint64_t from = 0, n;

	while (from < most && !*ended) {
		n = most - from < CHUNK_ROUNDS ? most - from : CHUNK_ROUNDS;
		if (!is_open(s, from, n))
			n = 1;
		if (!is_open(s, from, n))
			break;
		from += compare(s, from, n, ended);
	}
	return from;
}

/* The vCPU rests at it, and nobody is to see each of its rounds. */
static bool
look(struct string *s, struct vcpu *vcpu)
{
	const struct breaks *b = &vcpu->machine->debug.breaks;
	uint8_t code[INSN_LENGTH_MAX];
	size_t n;

	s->breaks = b;
	vcpu_user_regs(vcpu, &s->regs);
	n = breaks_read(b, s->regs.rip, code, sizeof(code));
	return insn_decode(&s->insn, code, n) == INSN_OK && is_repeated(s) &&
	       b->watches == 0 && !breaks_at(b, s->regs.rip) &&
	       !breaks_has(b, s->regs.rip) && vcpu->plant.state == PLANT_IDLE;
}

bool
rounds_look(struct rounds *r, struct vcpu *vcpu, uint64_t most)
{
	struct string s;
	uint64_t left;
	bool ended = false;

	if (!look(&s, vcpu))
		return false;
	left = s.regs.rcx < most ? s.regs.rcx : most;
	if (compares(&s))
		left = compare_all(&s, left, &ended);
	else if (!is_open(&s, 0, left))
		return false;
	*r = (struct rounds){
		.rip = s.regs.rip,
		.next = s.regs.rip + s.insn.length,
		.left = left,
		.count = s.regs.rcx,
		.rflags = s.regs.rflags,
		.all = ended || left == s.regs.rcx,
	};
	return true;
}

void
rounds_begin(struct rounds *r, struct vcpu *vcpu)
{
	struct kvm_regs regs;

	r->made = r->left - 2;
	vcpu_user_regs(vcpu, &regs);
	regs.rcx = r->made;
	vcpu_set_user_regs(vcpu, &regs);
}

void
rounds_end(const struct rounds *r, struct vcpu *vcpu)
{
	struct kvm_regs regs;

	vcpu_user_regs(vcpu, &regs);
	regs.rcx += r->count - r->made;
	regs.rip = r->rip;
	regs.rflags = (regs.rflags & ~(uint64_t)RFLAGS_STATUS) |
		      (r->rflags & RFLAGS_STATUS);
	vcpu_set_user_regs(vcpu, &regs);
}
