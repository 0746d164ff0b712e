/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The floor under novillo's figures: the minimum that KVM requires to start a
 * guest at user level, by explicit ioctls.  It must not use libkvmcore nor any
 * other part of novillo, because their cost is measured against it.
 *
 *	floor hypercall COUNT [bare|filtered]
 *					COUNT calls of getpid, then exit
 *	floor start MEMORY [ELF]	start, leave at the first hypercall
 *	floor serve MEMORY ELF [ARG...]	run a program of guest/
 *	floor static MEMORY ELF [ARG...] run an ordinary static program
 *	floor hits COUNT		pass COUNT hits of an INT3 in a loop
 *	floor step			step by packets on descriptor 9
 *	floor memory m|x PIECE FILE	answer those that ask for memory
 *
 * Without ELF a guest of a few instructions is started; with ELF, the segments
 * of that file, which must be sound and above 2 MiB.  MEMORY is in bytes, 4 MiB
 * to 4 GiB, in whole large pages.  Except by `serve` and `static`, only getpid
 * and exit_group are served; anything else is an error.
 */
#include "floor.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MIB        (UINT64_C(1) << 20)
#define LARGE_PAGE (2 * MIB)
#define GETPID     39
#define EXIT_GROUP 231
#define CPUID_MAX  256
#define BIAS       0x400000

/* 64-bit code at user level: rbx calls, then the last one. */
static const uint8_t code[] = {
	0x48, 0x85, 0xdb,          /*	test %rbx, %rbx	*/
	0x74, 0x0c,                /*	je 1f		*/
	0xb8, GETPID, 0, 0, 0,     /* 2: mov $39, %eax	*/
	0xe7, 0x10,                /*	out %eax, $0x10	*/
	0x48, 0xff, 0xcb,          /*	dec %rbx	*/
	0x75, 0xf4,                /*	jne 2b		*/
	0xb8, EXIT_GROUP, 0, 0, 0, /* 1: mov $231, %eax */
	0xe7, 0x10,                /*	out %eax, $0x10	*/
};

int
must(int r, const char *call)
{
	if (r < 0) {
		perror(call);
		exit(EXIT_FAILURE);
	}
	return r;
}

static void *
must_map(void *p, const char *call)
{
	must(p == MAP_FAILED ? -1 : 0, call);
	return p;
}

static void
create(struct floor *f, uint64_t size)
{
	struct kvm_userspace_memory_region region = { .memory_size = size };

	f->size = size;
	f->ram = must_map(
	    mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
	    "mmap");
	f->kvm = must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	f->vm = must(ioctl(f->kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	region.userspace_addr = (uintptr_t)f->ram;
	must(ioctl(f->vm, KVM_SET_USER_MEMORY_REGION, &region),
	    "KVM_SET_USER_MEMORY_REGION");
}

static struct {
	uint32_t nent, padding;
	struct kvm_cpuid_entry2 entries[CPUID_MAX];
} cpuid = { .nent = CPUID_MAX };

/* The register state that a program may use, if KVM has XSAVE: x87, SSE and
 * AVX, as far as present. */
static uint64_t
usable_xcr0(void)
{
	const struct kvm_cpuid_entry2 *e;
	uint64_t xcr0 = 0;
	int xsave = 0;

	for (e = cpuid.entries; e < cpuid.entries + cpuid.nent; e++) {
		if (e->function == 1)
			xsave = e->ecx >> 26 & 1;
		if (e->function == 0xd && e->index == 0)
			xcr0 = e->eax & 7;
	}
	return xsave ? xcr0 : 0;
}

static void
get_cpuid(const struct floor *f)
{
	must(ioctl(f->kvm, KVM_GET_SUPPORTED_CPUID, &cpuid),
	    "KVM_GET_SUPPORTED_CPUID");
}

/* Map all memory at its own address, in large user pages. */
static void
make_tables(const struct floor *f)
{
	enum { P = 1, W = 2, U = 4, A = 0x20, D = 0x40, PS = 0x80 };
	uint64_t *pml4 = (void *)(f->ram + PML4);
	uint64_t *pdpt = (void *)(f->ram + PDPT);
	uint64_t *pd = (void *)(f->ram + PD); /* 512 entries each */
	uint64_t i;

	pml4[0] = PDPT | P | W | U | A;
	must(f->size / LARGE_PAGE <= PDS * 512 ? 0 : -1, "so much memory");
	for (i = 0; i * 512 * LARGE_PAGE < f->size; i++)
		pdpt[i] = (PD + i * 4096) | P | W | U | A;
	for (i = 0; i < f->size / LARGE_PAGE; i++)
		pd[i] = i * LARGE_PAGE | P | W | U | A | D | PS;
}

/* The I/O bitmap opens port 0x10 for an OUT of four bytes (SDM vol. 1, 19.5.2),
 * for a KVM that ignores IOPL. */
static void
make_tss(const struct floor *f)
{
	static const uint8_t bitmap[] = { 0xff, 0xff, 0xf0, 0xff, 0xff };
	uint16_t offset = 0x68;

	memcpy(f->ram + TSS + 0x66, &offset, sizeof(offset));
	memcpy(f->ram + TSS + offset, bitmap, sizeof(bitmap));
}

/* A guest of novillo can use `syscall`, so the floor enables it also.  Neither
 * guest that runs here has its handler. */
static void
set_msrs(const struct floor *f)
{
	static const struct {
		uint32_t nmsrs, pad;
		struct kvm_msr_entry entries[3];
	} msrs = {
		.nmsrs = 3,
		.entries = {
			{ .index = 0xc0000081, .data = 0x0023001000000000 },
			{ .index = 0xc0000082, .data = CODE },
			{ .index = 0xc0000084, .data = 0x100 },
		},
	};

	must(ioctl(f->vcpu, KVM_SET_MSRS, &msrs), "KVM_SET_MSRS");
}

void
floor_add_vcpu(struct floor *f, unsigned number)
{
	int size = must(
	    ioctl(f->kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");

	f->vcpu = must(
	    ioctl(f->vm, KVM_CREATE_VCPU, number), "KVM_CREATE_VCPU");
	f->run = must_map(mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
			      MAP_SHARED, f->vcpu, 0),
	    "mmap of the vCPU");
	must(ioctl(f->vcpu, KVM_SET_CPUID2, &cpuid), "KVM_SET_CPUID2");
	set_msrs(f);
}

static struct kvm_segment
segment(uint16_t selector, uint8_t type)
{
	return (struct kvm_segment){
		.selector = selector,
		.limit = 0xffffffff,
		.type = type,
		.present = 1,
		.dpl = 3,
		.s = 1,
		.g = 1,
	};
}

void
floor_registers(const struct floor *f, uint64_t rip, uint64_t rsp, uint64_t rbx)
{
	struct kvm_sregs *s = &f->run->s.regs.sregs;

	f->run->s.regs.regs = (struct kvm_regs){
		.rip = rip,
		.rsp = rsp,
		.rbx = rbx,
		.rflags = 0x3002, /* IOPL 3 */
	};
	s->cs = segment(0x33, 11);
	s->cs.l = 1;
	s->ss = segment(0x2b, 3);
	s->ss.db = 1;
	s->ds = s->es = s->fs = s->gs = s->ss;
	s->tr = (struct kvm_segment){
		.selector = 0x40,
		.base = TSS,
		.limit = 0x6c,
		.type = 11,
		.present = 1,
	};
	s->ldt = (struct kvm_segment){ .type = 2, .unusable = 1 };
	s->cr0 = 0x80050033; /* PG AM WP NE ET MP PE */
	s->cr3 = PML4;
	/* OSXMMEXCPT OSFXSR PGE PAE, and OSXSAVE */
	s->cr4 = 0x6a0 | (f->xcr0 ? 0x40000 : 0);
	s->efer = 0xd01; /* NXE LMA LME SCE */
	f->run->kvm_dirty_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
	f->run->kvm_valid_regs = KVM_SYNC_X86_REGS;
}

/* Map a sound file's segments; a position-independent one lies from BIAS on. */
static struct image
map_elf(const struct floor *f, const char *path)
{
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr phdr[16];
	} elf;
	int fd = must(open(path, O_RDONLY | O_CLOEXEC), path);
	struct image image = { 0 };
	const Elf64_Phdr *p;
	uint64_t bias;

	must((int)pread(fd, &elf, sizeof(elf), 0), path);
	bias = elf.head.e_type == ET_DYN ? BIAS : 0;
	for (p = elf.phdr; p < elf.phdr + elf.head.e_phnum; p++) {
		uint64_t in_page = p->p_vaddr % 4096;
		uint8_t *start = f->ram + bias + p->p_vaddr;
		uint8_t *end = start + p->p_filesz;

		if (p->p_type != PT_LOAD || p->p_filesz == 0)
			continue;
		must_map(mmap(start - in_page, p->p_filesz + in_page,
			     PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, fd,
			     (off_t)(p->p_offset - in_page)),
		    path);
		if (p->p_memsz > p->p_filesz)
			memset(end, 0, -(uintptr_t)end % 4096);
		if (p->p_offset == 0)
			image.phdr = bias + p->p_vaddr + elf.head.e_phoff;
		image.end = bias + p->p_vaddr + p->p_memsz;
	}
	image.entry = bias + elf.head.e_entry;
	image.phnum = elf.head.e_phnum;
	return image;
}

/* A seccomp filter that only checks whether an ioctl is KVM_RUN, and allows
 * everything: any filter on requests costs at least as much. */
static void
confine(void)
{
	static struct sock_filter look[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KVM_RUN, 0, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(look) / sizeof(look[0]),
		look };

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
	must((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		 SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program),
	    "seccomp");
}

/* Serve getpid until another exit. */
static void
run(const struct floor *f)
{
	struct kvm_regs *regs = &f->run->s.regs.regs;

	for (;;) {
		must(ioctl(f->vcpu, KVM_RUN, 0), "KVM_RUN");
		if (f->run->exit_reason != KVM_EXIT_IO ||
		    f->run->io.port != 0x10 || regs->rax != GETPID)
			break;
		regs->rax = 1;
		f->run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	}
	if (f->run->exit_reason == KVM_EXIT_IO && regs->rax == EXIT_GROUP)
		return;
	fprintf(stderr, "floor: exit %u, rip 0x%llx, rax 0x%llx\n",
	    f->run->exit_reason, regs->rip, regs->rax);
	exit(EXIT_FAILURE);
}

static struct floor
make(uint64_t size)
{
	struct floor f = { 0 };

	create(&f, size);
	get_cpuid(&f);
	floor_add_vcpu(&f, 0);
	make_tables(&f);
	make_tss(&f);
	return f;
}

/* A program of guest/, or one of a C library. */
static int
run_program(char **argv)
{
	struct floor f = make(strtoull(argv[2], NULL, 0));
	struct image image = map_elf(&f, argv[3]);
	int ordinary = strcmp(argv[1], "static") == 0;

	if (ordinary)
		f.xcr0 = usable_xcr0();
	floor_registers(&f, image.entry,
	    floor_arguments(&f, argv + 3, ordinary ? &image : NULL), 0);
	return ordinary ? floor_static(&f, &image) : floor_serve(&f);
}

int
main(int argc, char **argv)
{
	int calls = argc >= 3 && argc <= 4 && strcmp(argv[1], "hypercall") == 0;
	struct floor f;
	uint64_t number, entry = CODE;

	if (argc == 2 && strcmp(argv[1], "step") == 0) {
		f = make(64 * MIB);
		floor_registers(&f, CODE, f.size - 64, UINT32_MAX);
		return floor_step(&f);
	}
	if (argc == 3 && strcmp(argv[1], "hits") == 0) {
		f = make(64 * MIB);
		floor_registers(
		    &f, CODE, f.size - 64, strtoull(argv[2], NULL, 0));
		return floor_hits(&f);
	}
	if (argc >= 4 &&
	    (strcmp(argv[1], "serve") == 0 || strcmp(argv[1], "static") == 0))
		return run_program(argv);
	if (argc == 5 && strcmp(argv[1], "memory") == 0)
		return floor_memory(
		    argv[2], strtoul(argv[3], NULL, 0), argv[4]);
	if (!calls && (argc < 3 || argc > 4 || strcmp(argv[1], "start") != 0)) {
		fputs("usage: floor hypercall COUNT [bare|filtered]\n"
		      "       floor start MEMORY [ELF]\n"
		      "       floor serve|static MEMORY ELF [ARG...]\n"
		      "       floor hits COUNT\n"
		      "       floor step\n"
		      "       floor memory m|x PIECE FILE\n",
		    stderr);
		return EXIT_FAILURE;
	}
	number = strtoull(argv[2], NULL, 0);
	f = make(calls ? 64 * MIB : number);
	if (calls && argc == 4 && strcmp(argv[3], "filtered") == 0)
		confine();
	if (!calls && argc == 4)
		entry = map_elf(&f, argv[3]).entry;
	else
		memcpy(f.ram + CODE, code, sizeof(code));
	/* The zeros there are argc 0 and the ends of three empty lists. */
	floor_registers(&f, entry, f.size - 64, calls ? number : 0);
	run(&f);
	return EXIT_SUCCESS;
}
