/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests every line of the contract in start.S: the state of a guest at its
 * first instruction.  It has its own entry, which saves this state before
 * anything can change it.
 */
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <hcall.h>
#include <tap.h>
#include <unistd.h>

#define RFLAGS_TF   0x00100
#define RFLAGS_DF   0x00400
#define RFLAGS_NT   0x04000
#define RFLAGS_AC   0x40000
#define RFLAGS_MATH 0x008d5 /* OF SF ZF AF PF CF */

#define HWCAP_FXSR	(1UL << 24) /* CPUID.1:EDX */
#define HWCAP_SSE	(1UL << 25)
#define HWCAP_SSE2	(1UL << 26)
#define HWCAP2_FSGSBASE (1UL << 1)

#define LEAST 2048 /* MINSIGSTKSZ of Linux: a smaller stack is refused */

/* The first instructions store here by offset: ORDER entry. */
static struct entry {
	unsigned long zero[14]; /* all but rsp and rdx */
	unsigned long rdx;
	unsigned long *rsp;
	unsigned long rflags;
	unsigned long cs;
	uint32_t mxcsr;
	uint16_t fcw;
} entry __attribute__((used));

static const char *const zero_names[] = { "rax", "rbx", "rcx", "rsi", "rdi",
	"rbp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15" };

_Static_assert(offsetof(struct entry, rdx) == 14 * 8, "ORDER entry");
_Static_assert(offsetof(struct entry, mxcsr) == 18 * 8, "ORDER entry");
_Static_assert(offsetof(struct entry, fcw) == 18 * 8 + 4, "ORDER entry");

void _start(void);

__asm__("	.text\n"
	"	.globl	_start\n"
	"	.type	_start, @function\n"
	"_start:\n"
	"	movq	%rax, entry+8*0(%rip)\n"
	"	movq	%rbx, entry+8*1(%rip)\n"
	"	movq	%rcx, entry+8*2(%rip)\n"
	"	movq	%rsi, entry+8*3(%rip)\n"
	"	movq	%rdi, entry+8*4(%rip)\n"
	"	movq	%rbp, entry+8*5(%rip)\n"
	"	movq	%r8, entry+8*6(%rip)\n"
	"	movq	%r9, entry+8*7(%rip)\n"
	"	movq	%r10, entry+8*8(%rip)\n"
	"	movq	%r11, entry+8*9(%rip)\n"
	"	movq	%r12, entry+8*10(%rip)\n"
	"	movq	%r13, entry+8*11(%rip)\n"
	"	movq	%r14, entry+8*12(%rip)\n"
	"	movq	%r15, entry+8*13(%rip)\n"
	"	movq	%rdx, entry+8*14(%rip)\n"
	"	movq	%rsp, entry+8*15(%rip)\n"
	"	pushfq\n"
	"	popq	entry+8*16(%rip)\n"
	"	movq	%cs, %rax\n"
	"	movq	%rax, entry+8*17(%rip)\n"
	"	stmxcsr	entry+8*18(%rip)\n"
	"	fnstcw	entry+8*18+4(%rip)\n"
	"	xorl	%ebp, %ebp\n"
	"	movq	%rsp, %rdi\n"
	"	andq	$-16, %rsp\n"
	"	call	guest_start\n"
	"	.size	_start, . - _start\n");

/* The part of the ELF file header that is read (gABI, chapter 4). */
struct elf_header {
	unsigned char magic[4];
	unsigned char ident[12];
	uint16_t type;
	uint16_t machine;
	uint32_t version;
	uint64_t entry;
	uint64_t phoff;
	uint64_t shoff;
	uint32_t flags;
	uint16_t ehsize;
	uint16_t phentsize;
	uint16_t phnum;
};

static const unsigned long *auxv;

/* The entry of the auxiliary vector, as (type, value), or NULL. */
static const unsigned long *
find(unsigned long type)
{
	const unsigned long *p;

	for (p = auxv; p[0] != AT_NULL; p += 2)
		if (p[0] == type)
			return p;
	return NULL;
}

static void
is(unsigned long type, unsigned long want, const char *sentence)
{
	const unsigned long *found = find(type);

	if (found == NULL)
		ok(false, "%s (there is no such entry)", sentence);
	else
		same((long)found[1], (long)want, "%s", sentence);
}

static void
test_registers(void)
{
	size_t i;

	for (i = 0; i < sizeof(zero_names) / sizeof(zero_names[0]); i++)
		same((long)entry.zero[i], 0, "%s starts as 0", zero_names[i]);
	same((long)entry.rdx, 0, "rdx, a function for atexit, starts as 0");
	same((long)entry.rsp % 16, 0, "rsp starts at a multiple of 16");
	same(entry.cs & 3, 3, "the guest runs at CPL 3");
	same((long)(entry.rflags & RFLAGS_DF), 0, "the direction is up");
	same((long)(entry.rflags & (RFLAGS_TF | RFLAGS_NT | RFLAGS_AC)), 0,
	    "no trap, nested task or alignment check flag is set");
	same((long)(entry.rflags & RFLAGS_MATH), 0,
	    "the arithmetic flags start as 0");
	same(entry.mxcsr, 0x1f80,
	    "MXCSR starts with exceptions masked, rounding to nearest");
	same(entry.fcw, 0x37f, "the x87 control word starts as FNINIT's");
}

static void
test_segment_bases(void)
{
	unsigned long base = 1;
	const unsigned long *hwcap2 = find(AT_HWCAP2);

	arch_prctl(ARCH_GET_FS, (unsigned long)&base);
	same((long)base, 0, "the FS base starts as 0");
	base = 1;
	arch_prctl(ARCH_GET_GS, (unsigned long)&base);
	same((long)base, 0, "the GS base starts as 0");
	if (hwcap2 == NULL || !(hwcap2[1] & HWCAP2_FSGSBASE)) {
		skip("AT_HWCAP2 does not offer it", "RDFSBASE works");
		return;
	}
	base = 1;
	__asm__ volatile("rdfsbase %0" : "=r"(base));
	same((long)base, 0, "RDFSBASE works, as AT_HWCAP2 says");
}

static void
test_vectors(int argc, char **argv, char **envp)
{
	int n;

	same((long)entry.rsp[0], argc, "rsp points at argc");
	ok((unsigned long *)argv == entry.rsp + 1, "argv follows argc");
	ok(argc >= 1 && argv[0][0] != '\0', "argv[0] names the program");
	for (n = 0; argv[n] != NULL; n++)
		continue;
	same(n, argc, "argv has argc strings and ends with NULL");
	ok(envp == argv + argc + 1, "the environment follows argv");
	ok(environ == envp, "environ is the environment main is given");
	while (*envp != NULL)
		envp++;
	auxv = (const unsigned long *)(envp + 1);
}

static void
test_headers(void)
{
	const unsigned long *phdr = find(AT_PHDR);
	const struct elf_header *header;

	if (!ok(phdr != NULL, "AT_PHDR is there"))
		return;
	header = (const struct elf_header *)(phdr[1] - 64);
	ok(memcmp(header->magic, "\177ELF", 4) == 0 && header->phoff == 64,
	    "AT_PHDR points at the program headers, which are in memory");
	is(AT_PHNUM, header->phnum, "AT_PHNUM is the number of them");
	is(AT_PHENT, header->phentsize, "AT_PHENT is the size of one");
	is(AT_ENTRY, header->entry, "AT_ENTRY is the file's entry");
	same((long)header->entry, (long)_start, "and that is _start");
}

static void
test_identity(void)
{
	is(AT_UID, getuid(), "AT_UID is what getuid answers");
	is(AT_EUID, geteuid(), "AT_EUID is what geteuid answers");
	is(AT_GID, getgid(), "AT_GID is what getgid answers");
	is(AT_EGID, getegid(), "AT_EGID is what getegid answers");
	is(AT_SECURE, 0, "AT_SECURE is 0");
}

static void
test_system(void)
{
	static const char none[16];
	const unsigned long *e;

	is(AT_PAGESZ, 4096, "AT_PAGESZ is 4096");
	is(AT_CLKTCK, 100, "AT_CLKTCK is 100");
	e = find(AT_PLATFORM);
	ok(e != NULL && strcmp((const char *)e[1], "x86_64") == 0,
	    "AT_PLATFORM is x86_64");
	e = find(AT_EXECFN);
	ok(e != NULL && *(const char *)e[1] != '\0',
	    "AT_EXECFN is the name the program was started by");
	e = find(AT_RANDOM);
	ok(e != NULL && memcmp((const void *)e[1], none, 16) != 0,
	    "AT_RANDOM points at 16 bytes that are not all 0");
	e = find(AT_HWCAP);
	ok(e != NULL && (~e[1] & (HWCAP_FXSR | HWCAP_SSE | HWCAP_SSE2)) == 0,
	    "AT_HWCAP offers SSE2");
	ok(find(AT_HWCAP2) != NULL, "AT_HWCAP2 is there");
	e = find(AT_SYSINFO_EHDR);
	ok(e != NULL && memcmp((const void *)e[1], "\177ELF", 4) == 0,
	    "AT_SYSINFO_EHDR points at an ELF file");
}

static volatile int handled;

static void
count(int signal)
{
	(void)signal;
	handled++;
}

/* A stack of that size, at each alignment; the handler itself needs a little
 * below it. */
static void
test_signal_stack(void)
{
	const struct sigaction action = { .sa_handler = count,
		.sa_flags = SA_ONSTACK };
	const unsigned long *e = find(AT_MINSIGSTKSZ);
	static char room[65536];
	stack_t own = { .ss_flags = 0 };
	int i;

	if (!ok(e != NULL && e[1] < sizeof(room) / 2,
		"AT_MINSIGSTKSZ is the size of a stack"))
		return;
	own.ss_size = e[1] < LEAST ? LEAST : e[1];
	sigaction(SIGUSR1, &action, NULL);
	for (i = 0; i < 64; i++) {
		own.ss_sp = room + sizeof(room) / 2 + i;
		sigaltstack(&own, NULL);
		raise(SIGUSR1);
	}
	same(handled, 64, "a signal's frame fits there");
}

int
main(int argc, char **argv, char **envp)
{
	test_registers();
	test_vectors(argc, argv, envp);
	test_segment_bases();
	test_headers();
	test_identity();
	test_system();
	test_signal_stack();
	return tap_done();
}
