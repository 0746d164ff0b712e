/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stores every register, then fills every register, for a debugger that writes
 * the registers before and reads them after.
 *
 *	ready()		the guest waits: a debugger may set registers, and
 *			continue it at store_all
 *	stored()	saved_* hold the registers' values
 *	loaded		the registers hold the values of pattern_*
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>

#define NOINLINE __attribute__((noinline))
#define ALIGNED	 __attribute__((aligned(64)))

/* In GDB's order: rax rbx rcx rdx rsi rdi rbp rsp r8 to r15. */
uint64_t saved_gpr[16], saved_flags, saved_base[2];
uint16_t saved_selector[6], first_selector[6]; /* cs ss ds es fs gs */
uint64_t saved_mask[8];
uint8_t saved_fx[512] ALIGNED, saved_vector[32][64] ALIGNED;

uint64_t pattern_gpr[16], pattern_flags, pattern_base[2], pattern_mask[8];
uint8_t pattern_fx[512] ALIGNED, pattern_vector[32][64] ALIGNED;

/* The width of vector registers, 16, 32 or 64 bytes (there are 16 or 32), and
 * whether FXSAVE keeps the address of the last x87 instruction. */
uint32_t width = 16;
int keeps_pointers;

/* A debugger owns the registers while these functions run on this stack. */
uint8_t own_stack[8192] ALIGNED;

void store_all(void);

__asm__(".macro each16 do\n\t"
	".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"
	"\\do \\n\n\t.endr\n"
	".endm\n"
	".macro each32 do\n\t"
	"each16 \\do\n\t"
	".irp n, 16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
	"\\do \\n\n\t.endr\n"
	".endm\n"
	".macro store_y n\n\tvmovdqu %ymm\\n, saved_vector+64*\\n(%rip)\n.endm\n"
	".macro store_z n\n\tvmovdqu64 %zmm\\n, saved_vector+64*\\n(%rip)\n.endm\n"
	".macro load_y n\n\tvmovdqu pattern_vector+64*\\n(%rip), %ymm\\n\n.endm\n"
	".macro load_z n\n\tvmovdqu64 pattern_vector+64*\\n(%rip), %zmm\\n\n.endm\n"
	".macro each_mask do\n\t"
	".irp n, 0,1,2,3,4,5,6,7\n\t\\do \\n\n\t.endr\n"
	".endm\n"
	".macro store_k n\n\tkmovq %k\\n, saved_mask+8*\\n(%rip)\n.endm\n"
	".macro load_k n\n\tkmovq pattern_mask+8*\\n(%rip), %k\\n\n.endm\n"
	/* Each register with its place in GDB's order; rsp last. */
	".macro store_gpr name, n\n\tmovq %\\name, saved_gpr+8*\\n(%rip)\n.endm\n"
	".macro load_gpr name, n\n\tmovq pattern_gpr+8*\\n(%rip), %\\name\n.endm\n"
	".macro each_gpr do\n\t"
	"\\do rax, 0\n\t\\do rbx, 1\n\t\\do rcx, 2\n\t\\do rdx, 3\n\t"
	"\\do rsi, 4\n\t\\do rdi, 5\n\t\\do rbp, 6\n\t\\do r8, 8\n\t"
	"\\do r9, 9\n\t\\do r10, 10\n\t\\do r11, 11\n\t\\do r12, 12\n\t"
	"\\do r13, 13\n\t\\do r14, 14\n\t\\do r15, 15\n\t\\do rsp, 7\n"
	".endm\n"

	".text\n"
	".globl store_all, loaded\n"
	".type store_all, @function\n"
	"store_all:\n\t"
	"each_gpr store_gpr\n\t"
	"leaq own_stack+8192(%rip), %rsp\n\t"
	"pushfq\n\t"
	"popq saved_flags(%rip)\n\t"
	"cld\n\t"
	"fxsave64 saved_fx(%rip)\n\t"
	"cmpl $32, width(%rip)\n\t"
	"jb 3f\n\t"
	"ja 2f\n\t"
	"each16 store_y\n\t"
	"jmp 3f\n"
	"2:\teach32 store_z\n\t"
	"each_mask store_k\n"
	"3:\tcall store_rest\n\t"
	"call stored\n\t"
	"call load_rest\n\t"
	"cmpl $32, width(%rip)\n\t"
	"jb 3f\n\t"
	"ja 2f\n\t"
	"each16 load_y\n\t"
	"jmp 3f\n"
	"2:\teach32 load_z\n\t"
	"each_mask load_k\n"
	"3:\tpushq pattern_flags(%rip)\n\t"
	"fxrstor64 pattern_fx(%rip)\n\t"
	"popfq\n\t"
	"each_gpr load_gpr\n"
	"loaded:\n\t"
	"nop\n\t"
	"leaq own_stack+8192(%rip), %rsp\n\t"
	"cld\n\t"
	"xorl %edi, %edi\n\t"
	"call exit\n"
	".size store_all, . - store_all\n");

static void
store_selectors(uint16_t *to)
{
	__asm__ volatile("movw %%cs, %0\n\tmovw %%ss, %1\n\tmovw %%ds, %2\n\t"
			 "movw %%es, %3\n\tmovw %%fs, %4\n\tmovw %%gs, %5"
			 : "=m"(to[0]), "=m"(to[1]), "=m"(to[2]), "=m"(to[3]),
			 "=m"(to[4]), "=m"(to[5]));
}

/* Registers that an instruction or a hypercall stores on every processor. */
void
store_rest(void)
{
	store_selectors(saved_selector);
	arch_prctl(ARCH_GET_FS, (unsigned long)&saved_base[0]);
	arch_prctl(ARCH_GET_GS, (unsigned long)&saved_base[1]);
}

void
load_rest(void)
{
	arch_prctl(ARCH_SET_FS, pattern_base[0]);
	arch_prctl(ARCH_SET_GS, pattern_base[1]);
}

NOINLINE void
ready(void)
{
	__asm__ volatile("");
}

NOINLINE void
stored(void)
{
	__asm__ volatile("");
}

static void
cpuid(uint32_t leaf, uint32_t *ebx, uint32_t *ecx)
{
	uint32_t eax = leaf, edx;

	*ecx = 0;
	__asm__ volatile("cpuid"
			 : "+a"(eax), "=b"(*ebx), "+c"(*ecx), "=d"(edx));
}

/* AVX, and AVX-512 with BW for full mask registers (SDM vol. 1, 15.2). */
static void
find_width(void)
{
	uint32_t ebx, ecx, low, high;

	cpuid(1, &ebx, &ecx);
	if ((ecx >> 27 & 3) != 3)
		return;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	if ((low & 6) != 6)
		return;
	width = 32;
	cpuid(7, &ebx, &ecx);
	if ((low & 0xe0) == 0xe0 && (ebx >> 16 & 1) && (ebx >> 30 & 1))
		width = 64;
}

static void
put(uint8_t *to, uint64_t value, unsigned bytes)
{
	for (; bytes > 0; bytes--, value >>= 8)
		*to++ = (uint8_t)value;
}

/* Fields of the FXSAVE area (SDM vol. 1, table 10-2). */
static void
make_fx(void)
{
	unsigned i;

	put(pattern_fx, 0x27f, 2);		/* fcw */
	put(pattern_fx + 4, 0xff, 1);		/* ftw: all in use */
	put(pattern_fx + 6, 0x123, 2);		/* fop */
	put(pattern_fx + 8, 0x11223344, 8);	/* fip */
	put(pattern_fx + 16, 0x55667788, 8);	/* fdp */
	put(pattern_fx + 24, 0xbf95, 4);	/* mxcsr */
	for (i = 0; i < 8; i++) {
		put(pattern_fx + 32 + 16 * i,
		    0x8000000000000000 | (i + 1) << 8, 8);
		put(pattern_fx + 40 + 16 * i, 0x3fff + i, 2);
	}
	for (i = 0; i < 16 * 16; i++)
		pattern_fx[160 + i] = pattern_vector[i / 16][i % 16];
}

static void
make_pattern(void)
{
	unsigned i, j;

	for (i = 0; i < 16; i++)
		pattern_gpr[i] = 0x1122334455660000 + i * 0x0101;
	pattern_flags = 0xad7; /* CF PF AF ZF SF OF, and IF unchanged */
	pattern_base[0] = 0x00001234567890a0;
	pattern_base[1] = 0x000056789abcdef0;
	for (i = 0; i < 8; i++)
		pattern_mask[i] = 0x8877665544332200 + i;
	for (i = 0; i < 32; i++)
		for (j = 0; j < 64; j++)
			pattern_vector[i][j] = (uint8_t)(i * 7 + j * 3 + 1);
	make_fx();
}

int
main(void)
{
	find_width();
	make_pattern();
	store_selectors(first_selector);
	__asm__ volatile("fxrstor64 %1\n\tfxsave64 %0\n\tfninit"
			 : "=m"(saved_fx)
			 : "m"(pattern_fx));
	keeps_pointers = saved_fx[6] == 0x23 && saved_fx[8] == 0x44;
	ready();
	store_all();
	return 0;
}
