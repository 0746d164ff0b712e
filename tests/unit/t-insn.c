/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the decoder of instructions, on encodings checked by hand with the
 * manuals.  t-objdump compares the decoder with objdump on many more.
 */
#include "image/insn.h"

#include "tap.h"

/* Each register holds a value of its own. */
#define RAX UINT64_C(0x10005)
#define RCX UINT64_C(0x20000)
#define RDX UINT64_C(0x30000)
#define RBX UINT64_C(0x40000)
#define RSP UINT64_C(0x50000)
#define RBP UINT64_C(0x60000)
#define RSI UINT64_C(0x70000)
#define RDI UINT64_C(0x80000)
#define R12 UINT64_C(0xd0000)
#define R15 ((uint64_t)-100)
#define RIP UINT64_C(0x400000)
#define FS  UINT64_C(0x7f0000000000)
#define GS  UINT64_C(0x6e0000000000)

static const struct insn_registers registers = {
	.gpr = { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, 0x90000, 0xa0000,
	    0xb0000, 0xc0000, R12, 0xe0000, 0xf0000, R15 },
	.rip = RIP,
	.fs_base = FS,
	.gs_base = GS,
};

#define R     INSN_READ
#define W     INSN_WRITE
#define RW    (INSN_READ | INSN_WRITE)
#define M     INSN_MASKED
#define OPEN  INSN_OPEN_ENDED
#define SHOWN (R | W | M | OPEN)

static const struct example {
	const char *text, *bytes;
	enum insn_kind kind;
	struct {
		unsigned flags;
		uint32_t size;
		uint64_t addr;
	} access[INSN_ACCESSES];
} examples[] = {
	/* ModRM, SIB, displacements, segments, address size. */
	{ "mov (%rbx),%rax", "48 8b 03", 0, { { R, 8, RBX } } },
	{ "mov %al,-1(%rbp)", "88 45 ff", 0, { { W, 1, RBP - 1 } } },
	{ "mov 0x10(%rsp,%r12,4),%ecx", "42 8b 4c a4 10", 0,
	    { { R, 4, RSP + 0x10 + 4 * R12 } } },
	{ "mov (%rsp),%eax", "8b 04 24", 0, { { R, 4, RSP } } },
	{ "mov (%r12),%eax", "41 8b 04 24", 0, { { R, 4, R12 } } },
	{ "mov 0(%r13),%eax", "41 8b 45 00", 0, { { R, 4, 0xe0000 } } },
	{ "mov 0x10(,%rbx,8),%ax", "66 8b 04 dd 10 00 00 00", 0,
	    { { R, 2, 0x10 + 8 * RBX } } },
	{ "mov 0x12345678(%rip),%rax", "48 8b 05 78 56 34 12", 0,
	    { { R, 8, RIP + 7 + 0x12345678 } } },
	{ "cmpl $5,0x10(%rip)", "83 3d 10 00 00 00 05", 0,
	    { { R, 4, RIP + 7 + 0x10 } } },
	{ "mov -0x20000(%eax),%eax", "67 8b 80 00 00 fe ff", 0,
	    { { R, 4, 0xffff0005 } } },
	{ "mov %fs:0x28,%rax", "64 48 8b 04 25 28 00 00 00", 0,
	    { { R, 8, FS + 0x28 } } },
	{ "mov %gs:(%rax),%rax", "65 48 8b 00", 0, { { R, 8, GS + RAX } } },
	{ "mov (%rbx),%ax, a REX that does not count", "48 66 8b 03", 0,
	    { { R, 2, RBX } } },
	{ "lea (%rbx),%rax", "48 8d 03", 0, { { 0 } } },
	{ "nopl 0(%rax,%rax,1)", "0f 1f 44 00 00", 0, { { 0 } } },
	{ "prefetcht0 (%rbx)", "0f 18 0b", 0, { { 0 } } },
	/* Read, written, or both. */
	{ "add %eax,(%rbx)", "01 03", 0, { { RW, 4, RBX } } },
	{ "cmp %eax,(%rbx)", "39 03", 0, { { R, 4, RBX } } },
	{ "cmpq $1,(%rbx)", "48 83 3b 01", 0, { { R, 8, RBX } } },
	{ "addq $1,(%rbx)", "48 83 03 01", 0, { { RW, 8, RBX } } },
	{ "xchg %al,(%rbx)", "86 03", 0, { { RW, 1, RBX } } },
	{ "testw $1,(%rbx)", "66 f7 03 01 00", 0, { { R, 2, RBX } } },
	{ "negl (%rbx)", "f7 1b", 0, { { RW, 4, RBX } } },
	{ "mulq (%rbx)", "48 f7 23", 0, { { R, 8, RBX } } },
	{ "shlb %cl,(%rbx)", "d2 23", 0, { { RW, 1, RBX } } },
	{ "movzwl (%rbx),%eax", "0f b7 03", 0, { { R, 2, RBX } } },
	{ "movslq (%rbx),%rax", "48 63 03", 0, { { R, 4, RBX } } },
	{ "sete (%rbx)", "0f 94 03", 0, { { W, 1, RBX } } },
	{ "cmpxchg8b (%rbx)", "0f c7 0b", 0, { { RW, 8, RBX } } },
	{ "lock cmpxchg16b (%rbx)", "f0 48 0f c7 0b", 0, { { RW, 16, RBX } } },
	/* Bit strings: a bit offset in a register moves the access. */
	{ "bt %rcx,(%rbx)", "48 0f a3 0b", 0, { { R, 8, RBX + 0x4000 } } },
	{ "bts %r15,(%rbx)", "4c 0f ab 3b", 0, { { RW, 8, RBX - 16 } } },
	{ "bt %r15w,(%rbx)", "66 44 0f a3 3b", 0, { { R, 2, RBX - 14 } } },
	{ "btl $5,(%rbx)", "0f ba 23 05", 0, { { R, 4, RBX } } },
	{ "btrl $5,(%rbx)", "0f ba 33 05", 0, { { RW, 4, RBX } } },
	/* The stack. */
	{ "push %rax", "50", 0, { { W, 8, RSP - 8 } } },
	{ "push %ax", "66 50", 0, { { W, 2, RSP - 2 } } },
	{ "push $1", "6a 01", 0, { { W, 8, RSP - 8 } } },
	{ "pop %r8", "41 58", 0, { { R, 8, RSP } } },
	{ "addr32 push %rax", "67 50", 0, { { W, 8, RSP - 8 } } },
	{ "push (%rbx)", "ff 33", 0, { { R, 8, RBX }, { W, 8, RSP - 8 } } },
	{ "pop 8(%rsp)", "8f 44 24 08", 0,
	    { { W, 8, RSP + 16 }, { R, 8, RSP } } },
	{ "pushf", "9c", INSN_PUSHF, { { W, 8, RSP - 8 } } },
	{ "rep pushfw", "f3 66 9c", INSN_PUSHF, { { W, 2, RSP - 2 } } },
	{ "popf", "9d", INSN_POPF, { { R, 8, RSP } } },
	{ "enter $16,$0", "c8 10 00 00", 0, { { W, 8, RSP - 8 } } },
	{ "enter $16,$3", "c8 10 00 03", 0,
	    { { W, 32, RSP - 32 }, { R, 16, RBP - 16 } } },
	{ "leave", "c9", 0, { { R, 8, RBP } } },
	{ "call", "e8 01 00 00 00", INSN_CALL, { { W, 8, RSP - 8 } } },
	{ "call *(%rax)", "ff 10", INSN_CALL_INDIRECT,
	    { { R, 8, RAX }, { W, 8, RSP - 8 } } },
	{ "lcall *(%rbx)", "ff 1b", INSN_FAR,
	    { { R, 6, RBX }, { W, 8, RSP - 8 } } },
	{ "ret", "c3", INSN_RET, { { R, 8, RSP } } },
	{ "ret $8", "c2 08 00", INSN_RET, { { R, 8, RSP } } },
	{ "lretq", "48 cb", INSN_RET_FAR, { { R, 16, RSP } } },
	{ "iretq", "48 cf", INSN_RET_FAR, { { R, 40, RSP } } },
	/* Strings, and other memory operands without ModRM. */
	{ "rep movsq", "f3 48 a5", 0, { { W, 8, RDI }, { R, 8, RSI } } },
	{ "movsb %fs:(%rsi)", "64 a4", 0,
	    { { W, 1, RDI }, { R, 1, FS + RSI } } },
	{ "repe cmpsb", "f3 a6", 0, { { R, 1, RSI }, { R, 1, RDI } } },
	{ "scasw", "66 af", 0, { { R, 2, RDI } } },
	{ "addr32 rep stosl", "67 f3 ab", 0, { { W, 4, RDI } } },
	{ "lodsq", "48 ad", 0, { { R, 8, RSI } } },
	{ "insb", "6c", INSN_IO, { { W, 1, RDI } } },
	{ "outsl", "6f", INSN_IO, { { R, 4, RSI } } },
	{ "in $0x10,%al", "e4 10", INSN_IO, { { 0 } } },
	{ "out %eax,(%dx)", "ef", INSN_IO, { { 0 } } },
	{ "xlat", "d7", 0, { { R, 1, RBX + 5 } } },
	{ "movabs 0x1122334455667788,%rax", "48 a1 88 77 66 55 44 33 22 11", 0,
	    { { R, 8, UINT64_C(0x1122334455667788) } } },
	{ "movabs %al,%gs:0xf0000000", "65 67 a2 00 00 00 f0", 0,
	    { { W, 1, GS + 0xf0000000 } } },
	{ "maskmovq", "0f f7 c1", 0, { { W | M, 8, RDI } } },
	{ "vmaskmovdqu", "c5 f9 f7 c1", 0, { { W | M, 16, RDI } } },
	{ "clzero", "0f 01 fc", 0, { { W, 64, 0x10000 } } },
	{ "movdir64b (%rbx),%rax", "66 0f 38 f8 03", 0,
	    { { R, 64, RBX }, { W, 64, RAX } } },
	/* x87, and states. */
	{ "fadds (%rbx)", "d8 03", 0, { { R, 4, RBX } } },
	{ "fldenv (%rbx)", "d9 23", 0, { { R, 28, RBX } } },
	{ "fnstenvs (%rbx)", "66 d9 33", 0, { { W, 14, RBX } } },
	{ "fldt (%rbx)", "db 2b", 0, { { R, 10, RBX } } },
	{ "fnsave (%rbx)", "dd 33", 0, { { W, 108, RBX } } },
	{ "fiadds (%rbx)", "de 03", 0, { { R, 2, RBX } } },
	{ "fistpll (%rbx)", "df 3b", 0, { { W, 8, RBX } } },
	{ "fbstp (%rbx)", "df 33", 0, { { W, 10, RBX } } },
	{ "fnop", "d9 d0", 0, { { 0 } } },
	{ "fxsave (%rbx)", "0f ae 03", 0, { { W, 512, RBX } } },
	{ "xsave (%rbx)", "0f ae 23", 0, { { RW | OPEN, 576, RBX } } },
	{ "xrstor (%rbx)", "0f ae 2b", 0, { { R | OPEN, 576, RBX } } },
	{ "ldmxcsr (%rbx)", "0f ae 13", 0, { { R, 4, RBX } } },
	{ "lfence", "0f ae e8", 0, { { 0 } } },
	/* MMX and SSE. */
	{ "punpcklbw (%rbx),%mm0", "0f 60 03", 0, { { R, 4, RBX } } },
	{ "punpcklbw (%rbx),%xmm0", "66 0f 60 03", 0, { { R, 16, RBX } } },
	{ "movss (%rbx),%xmm0", "f3 0f 10 03", 0, { { R, 4, RBX } } },
	{ "movsd %xmm0,(%rbx)", "f2 0f 11 03", 0, { { W, 8, RBX } } },
	{ "movaps %xmm0,(%rbx)", "0f 29 03", 0, { { W, 16, RBX } } },
	{ "movlps (%rbx),%xmm0", "0f 12 03", 0, { { R, 8, RBX } } },
	{ "movq (%rbx),%xmm0", "f3 0f 7e 03", 0, { { R, 8, RBX } } },
	{ "movd %xmm0,(%rbx)", "66 0f 7e 03", 0, { { W, 4, RBX } } },
	{ "cvtps2pd (%rbx),%xmm0", "0f 5a 03", 0, { { R, 8, RBX } } },
	{ "cvtsi2sd (%rbx),%xmm0", "f2 48 0f 2a 03", 0, { { R, 8, RBX } } },
	{ "pshufd $1,(%rbx),%xmm0", "66 0f 70 03 01", 0, { { R, 16, RBX } } },
	{ "psrlw $1,%xmm1", "66 0f 71 d1 01", 0, { { 0 } } },
	{ "pinsrw $1,(%rbx),%xmm0", "66 0f c4 03 01", 0, { { R, 2, RBX } } },
	{ "pextrb $1,%xmm0,(%rbx)", "66 0f 3a 14 03 01", 0, { { W, 1, RBX } } },
	{ "pmovsxbq (%rbx),%xmm0", "66 0f 38 22 03", 0, { { R, 2, RBX } } },
	{ "crc32w (%rbx),%eax", "66 f2 0f 38 f1 03", 0, { { R, 2, RBX } } },
	{ "movbe %eax,(%rbx)", "0f 38 f1 03", 0, { { W, 4, RBX } } },
	{ "movnti %rax,(%rbx)", "48 0f c3 03", 0, { { W, 8, RBX } } },
	{ "pfadd (%rbx),%mm0", "0f 0f 03 9e", 0, { { R, 8, RBX } } },
	{ "rdrand %eax", "0f c7 f0", 0, { { 0 } } },
	/* VEX. */
	{ "vmovaps (%rbx),%ymm0", "c5 fc 28 03", 0, { { R, 32, RBX } } },
	{ "vmovaps (%r12),%xmm0", "c4 c1 78 28 04 24", 0, { { R, 16, R12 } } },
	{ "vbroadcastss (%rbx),%ymm0", "c4 e2 7d 18 03", 0, { { R, 4, RBX } } },
	{ "vinsertf128 $1,(%rbx),%ymm1,%ymm0", "c4 e3 75 18 03 01", 0,
	    { { R, 16, RBX } } },
	{ "vpsrlw (%rbx),%ymm1,%ymm0", "c5 f5 d1 03", 0, { { R, 16, RBX } } },
	{ "vmovddup (%rbx),%ymm0", "c5 ff 12 03", 0, { { R, 32, RBX } } },
	{ "vmovddup (%rbx),%xmm0", "c5 fb 12 03", 0, { { R, 8, RBX } } },
	{ "vmaskmovps %ymm0,%ymm1,(%rbx)", "c4 e2 75 2e 03", 0,
	    { { W | M, 32, RBX } } },
	{ "vblendvps with its register byte", "c4 e3 71 4a 03 20", 0,
	    { { R, 16, RBX } } },
	{ "vpgatherdd %xmm1,(%rbx,%xmm3,1),%xmm0", "c4 e2 71 90 04 1b", 0,
	    { { R | OPEN, 4, RBX } } },
	{ "vfmadd132sd (%rbx),%xmm1,%xmm0", "c4 e2 f1 99 03", 0,
	    { { R, 8, RBX } } },
	{ "rorx $1,(%rbx),%rax", "c4 e3 fb f0 03 01", 0, { { R, 8, RBX } } },
	{ "kmovw (%rbx),%k1", "c5 f8 90 0b", 0, { { R, 2, RBX } } },
	{ "vzeroupper", "c5 f8 77", 0, { { 0 } } },
	/* EVEX: disp8 counts operands, or elements. */
	{ "vaddps 64(%rdx),%zmm0,%zmm0", "62 f1 7c 48 58 42 01", 0,
	    { { R, 64, RDX + 64 } } },
	{ "vaddps 4(%rdx){1to16},%zmm0,%zmm0", "62 f1 7c 58 58 42 01", 0,
	    { { R, 4, RDX + 4 } } },
	{ "vaddps 1(%rdx) with disp32", "62 f1 7c 48 58 82 01 00 00 00", 0,
	    { { R, 64, RDX + 1 } } },
	{ "vaddps {rn-sae},%zmm0,%zmm0,%zmm0", "62 f1 7c 18 58 c0", 0,
	    { { 0 } } },
	{ "vmovss 8(%rdx),%xmm0{%k1}", "62 f1 7e 09 10 42 02", 0,
	    { { R | M, 4, RDX + 8 } } },
	{ "vpmovqb %zmm0,-8(%rdx)", "62 f2 7e 48 32 42 ff", 0,
	    { { W, 8, RDX - 8 } } },
	{ "vpexpandd 8(%rdx),%zmm0", "62 f2 7d 48 89 42 02", 0,
	    { { R | M, 64, RDX + 8 } } },
	{ "vcvtps2pd 32(%rdx),%zmm0", "62 f1 7c 48 5a 42 01", 0,
	    { { R, 32, RDX + 32 } } },
	{ "vpscatterdd %zmm0,(%rbx,%zmm3,1){%k1}", "62 f2 7d 49 a0 04 1b", 0,
	    { { W | M | OPEN, 4, RBX } } },
	{ "vaddph 2(%rdx){1to32},%zmm0,%zmm0", "62 f5 7c 58 58 42 01", 0,
	    { { R, 2, RDX + 2 } } },
	{ "vfmadd132ph 64(%rdx),%zmm0,%zmm0", "62 f6 7d 48 98 42 01", 0,
	    { { R, 64, RDX + 64 } } },
	{ "vpternlogd $1,64(%rdx),%zmm0,%zmm0", "62 f3 7d 48 25 42 01 01", 0,
	    { { R, 64, RDX + 64 } } },
	/* XOP. */
	{ "vprotb $5,(%rbx),%xmm0", "8f e8 78 c0 03 05", 0,
	    { { R, 16, RBX } } },
	{ "bextr $1,(%rbx),%eax", "8f ea 78 10 03 01 00 00 00", 0,
	    { { R, 4, RBX } } },
	/* Branches, and instructions that leave the guest. */
	{ "je", "74 fe", INSN_JCC, { { 0 } } },
	{ "je rel32", "0f 84 00 01 00 00", INSN_JCC, { { 0 } } },
	{ "loop", "e2 fc", INSN_JCC, { { 0 } } },
	{ "jmp rel8", "eb 7f", INSN_JMP, { { 0 } } },
	{ "data16 rex.W call", "66 66 48 e8 00 00 00 00", INSN_CALL,
	    { { W, 8, RSP - 8 } } },
	{ "notrack jmp *%rax", "3e ff e0", INSN_JMP_INDIRECT, { { 0 } } },
	{ "ljmp *(%rbx)", "48 ff 2b", INSN_FAR, { { R, 10, RBX } } },
	{ "xbegin", "c7 f8 04 00 00 00", INSN_XBEGIN, { { 0 } } },
	{ "syscall", "0f 05", INSN_SYSCALL, { { 0 } } },
	{ "int $0x80", "cd 80", INSN_INT, { { 0 } } },
	{ "int3", "cc", INSN_INT, { { 0 } } },
	{ "ud2", "0f 0b", INSN_UNDEFINED, { { 0 } } },
	{ "hlt", "f4", INSN_HLT, { { 0 } } },
	{ "14 prefixes and a nop",
	    "66 66 66 66 66 66 66 66 66 66 66 66 66 66 90", 0, { { 0 } } },
};

static const char *const unknown[] = {
	"06",                /* push %es */
	"9a 00 00 00 00 00", /* lcall */
	"0f 04",
	"d9 d1",
	"8c fa",
	"8d c0", /* lea of a register */
	"c6 c8 00",
	"66 e8 00 00 00 00", /* 16 or 32 bits, by vendor */
	"66 0f 84 00 00 00 00",
	"66 c5 f8 77",
	"48 c5 f8 77",
	"f0 c4 e1 78 77",
	"62 f9 7c 48 58 00", /* EVEX with a reserved bit */
	"62 f1 7c 68 58 00", /* a vector length of 1024 */
	"62 f1 7c 58 10 00", /* a broadcast of vmovups */
	"c4 e2 71 90 03 00", /* a gather without SIB */
	"c4 e4 71 90 03 00", /* VEX with map 4 */
	"0f 0f 03 00",
	"0f 38 0f 03",
	"66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 90",
};

static size_t
parse_bytes(const char *text, uint8_t *bytes)
{
	size_t n = 0;
	char *end;

	for (; *text; text = end)
		bytes[n++] = (uint8_t)strtoul(text, &end, 16);
	return n;
}

static bool
same_accesses(const struct example *e, const struct insn *insn)
{
	unsigned i;

	for (i = 0; i < INSN_ACCESSES && e->access[i].flags; i++) {
		const struct insn_access *a = &insn->access[i];
		uint64_t addr = insn_address(insn, a, &registers);

		if (i < insn->accesses && e->access[i].addr == addr &&
		    e->access[i].size == a->size &&
		    e->access[i].flags == (a->flags & SHOWN))
			continue;
		printf("# access %u: flags %#x, %u bytes at %#llx\n", i,
		    a->flags & SHOWN, a->size, (unsigned long long)addr);
		return false;
	}
	return i == insn->accesses;
}

/* An instruction cut anywhere is short; the bytes after it do not matter. */
static bool
ends_where_it_ends(const uint8_t *bytes, size_t n)
{
	struct insn insn;
	size_t i;

	for (i = 0; i < n; i++)
		if (insn_decode(&insn, bytes, i) != INSN_SHORT)
			return false;
	return insn_decode(&insn, bytes, n + 8) == INSN_OK && insn.length == n;
}

static void
test_examples(void)
{
	size_t i;

	for (i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		const struct example *e = &examples[i];
		uint8_t bytes[32] = { 0 };
		size_t n = parse_bytes(e->bytes, bytes);
		struct insn insn;

		ok(insn_decode(&insn, bytes, n) == INSN_OK &&
			insn.length == n && insn.kind == e->kind &&
			same_accesses(e, &insn) && ends_where_it_ends(bytes, n),
		    "%s: its length, kind and accesses", e->text);
	}
}

static void
test_unknown(void)
{
	size_t i;

	for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		static const struct insn zero;
		uint8_t bytes[32] = { 0 };
		struct insn insn;

		parse_bytes(unknown[i], bytes);
		ok(insn_decode(&insn, bytes, sizeof(bytes)) == INSN_UNKNOWN &&
			memcmp(&insn, &zero, sizeof(insn)) == 0,
		    "%s is not known, and has no length", unknown[i]);
	}
}

static struct insn
decode(const char *text)
{
	uint8_t bytes[32];
	struct insn insn;

	insn_decode(&insn, bytes, parse_bytes(text, bytes));
	return insn;
}

static void
test_parts(void)
{
	struct insn insn = decode("2e 67 48 81 7c 03 10 44 33 22 81");

	is_int(insn.opcode_at, 3, "the opcode follows the prefixes");
	ok(insn.opcode == 0x81 && insn.map == INSN_MAP_ONE, "it is 81");
	ok(insn.rex == 8 && insn.operand_size == 8, "REX.W makes it 64-bit");
	ok(insn.prefixes == (INSN_ADDR32 | INSN_REX), "both prefixes are seen");
	ok(insn.modrm_at == 4 && insn.modrm == 0x7c, "ModRM follows");
	ok(insn.sib_at == 5 && insn.sib == 0x03, "and SIB");
	ok(insn.disp_at == 6 && insn.disp_size == 1, "and a displacement");
	ok(insn.imm_at == 7 && insn.imm_size == 4, "and an immediate");
	is_int(insn.imm, (int32_t)0x81223344, "the immediate is sign-extended");
	insn = decode("c7 05 10 00 00 00 01 00 00 00");
	ok(insn.rip_relative && insn.disp_at == 2, "rip-relative at offset 2");
	insn = decode("0f 38 f0 03");
	ok(insn.map == INSN_MAP_0F38 && insn.opcode_at == 2, "map 0f 38");
	insn = decode("62 f5 7c 58 58 42 01");
	ok(insn.map == INSN_MAP_EVEX5 && insn.encoding == INSN_EVEX &&
		insn.broadcast && insn.vl == 64 && insn.opcode_at == 4,
	    "EVEX states its map, length and broadcast");
}

static void
test_targets(void)
{
	static const struct {
		const char *bytes;
		uint64_t target;
	} branches[] = { { "74 fe", RIP }, { "eb 7f", RIP + 0x81 },
		{ "0f 84 00 01 00 00", RIP + 0x106 }, { "e8 fb ff ff ff", RIP },
		{ "e2 fc", RIP - 2 }, { "c7 f8 04 00 00 00", RIP + 10 } };
	struct insn insn;
	uint64_t target;
	size_t i;

	for (i = 0; i < sizeof(branches) / sizeof(branches[0]); i++) {
		insn = decode(branches[i].bytes);
		ok(insn_target(&insn, RIP, &target) &&
			target == branches[i].target,
		    "%s leads to where it says", branches[i].bytes);
	}
	insn = decode("ff e0");
	ok(!insn_target(&insn, RIP, &target), "jmp *%%rax does not say it");
}

/* The processor says which flags a condition wants. */
#define ASK(cc, flags, set)                                              \
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\tpush %1\n\tpopf\n\t" \
			 "set" cc " %0\n\tlea 128(%%rsp), %%rsp"         \
			 : "=r"(set)                                     \
			 : "r"(flags)                                    \
			 : "cc")

static bool
is_set(unsigned code, uint64_t flags)
{
	uint8_t set = 0;

	switch (code) {
	case 0x0: ASK("o", flags, set); break;
	case 0x1: ASK("no", flags, set); break;
	case 0x2: ASK("b", flags, set); break;
	case 0x3: ASK("ae", flags, set); break;
	case 0x4: ASK("e", flags, set); break;
	case 0x5: ASK("ne", flags, set); break;
	case 0x6: ASK("be", flags, set); break;
	case 0x7: ASK("a", flags, set); break;
	case 0x8: ASK("s", flags, set); break;
	case 0x9: ASK("ns", flags, set); break;
	case 0xa: ASK("p", flags, set); break;
	case 0xb: ASK("np", flags, set); break;
	case 0xc: ASK("l", flags, set); break;
	case 0xd: ASK("ge", flags, set); break;
	case 0xe: ASK("le", flags, set); break;
	case 0xf: ASK("g", flags, set); break;
	}
	return set;
}

static void
test_conditions(void)
{
	static const uint64_t bits[] = { 0x001, 0x004, 0x040, 0x080, 0x800 };
	unsigned code, i, bit, wrong;

	for (code = 0; code < 16; code++) {
		char near[16], far[32];
		struct insn a, b;

		snprintf(near, sizeof(near), "7%x 10", code);
		snprintf(far, sizeof(far), "0f 8%x 10 00 00 00", code);
		a = decode(near);
		b = decode(far);
		for (i = wrong = 0; i < 32; i++) {
			uint64_t flags = 0x202, rcx = 7;
			bool set;

			for (bit = 0; bit < 5; bit++)
				if (i >> bit & 1)
					flags |= bits[bit];
			set = is_set(code, flags);
			wrong += insn_branches(&a, flags, &rcx) != set ||
				 insn_branches(&b, flags, &rcx) != set ||
				 rcx != 7;
		}
		ok(wrong == 0, "condition %x is met as the processor has it",
		    code);
	}
}

/* SDM vol. 2, LOOP and JRCXZ; with 67 ECX counts. */
static void
test_loops(void)
{
	static const struct {
		const char *bytes;
		uint64_t flags, rcx, after;
		bool branches;
	} rows[] = {
		{ "e2 fe", 0, 2, 1, true },
		{ "e2 fe", 0, 1, 0, false },
		{ "e2 fe", 0, 0, UINT64_MAX, true },
		{ "e1 fe", 0x40, 2, 1, true },
		{ "e1 fe", 0, 2, 1, false },
		{ "e0 fe", 0x40, 2, 1, false },
		{ "e0 fe", 0, 2, 1, true },
		{ "e3 fe", 0, 0, 0, true },
		{ "e3 fe", 0, 1, 1, false },
		{ "67 e3 fe", 0, UINT64_C(1) << 32, UINT64_C(1) << 32, true },
		{ "67 e2 fe", 0, UINT64_C(1) << 32, UINT32_MAX, true },
		{ "67 e2 fe", 0, UINT64_C(1) << 32 | 1, 0, false },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct insn insn = decode(rows[i].bytes);
		uint64_t rcx = rows[i].rcx;

		ok(insn_branches(&insn, rows[i].flags, &rcx) ==
			    rows[i].branches &&
			rcx == rows[i].after,
		    "%s counts from %#llx", rows[i].bytes,
		    (unsigned long long)rows[i].rcx);
	}
}

static void
test_repeat(void)
{
	struct insn_registers zero = registers;
	struct insn insn = decode("f3 a4");

	zero.gpr[INSN_RCX] = UINT64_C(1) << 32;
	ok(insn_extent(&insn, &insn.access[0], &zero) == 1,
	    "one round of a repeated instruction touches an element");
	insn = decode("67 f3 a4");
	ok(insn_extent(&insn, &insn.access[0], &zero) == 0,
	    "none when ECX is 0");
	zero.gpr[INSN_RCX] = 0;
	insn = decode("a4");
	ok(insn_extent(&insn, &insn.access[0], &zero) == 1,
	    "without a prefix RCX does not count");
}

int
main(void)
{
	test_examples();
	test_unknown();
	test_parts();
	test_targets();
	test_conditions();
	test_loops();
	test_repeat();
	return done_testing();
}
