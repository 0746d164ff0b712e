/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The floor under served hypercalls: arguments become the host's unchanged, and
 * addresses by adding RAM's address.  It must not use any part of novillo.
 */
#include "floor.h"

#include <elf.h>
#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The arguments that are addresses, a bit each; a call not listed is an
 * error. */
static const struct {
	unsigned char known, addresses;
} calls[512] = {
	[SYS_read] = { 1, 1 << 1 },
	[SYS_write] = { 1, 1 << 1 },
	[SYS_close] = { 1, 0 },
	[SYS_lseek] = { 1, 0 },
	[SYS_socket] = { 1, 0 },
	[SYS_accept] = { 1, 1 << 1 | 1 << 2 },
	[SYS_sendto] = { 1, 1 << 1 | 1 << 4 },
	[SYS_recvfrom] = { 1, 1 << 1 | 1 << 4 | 1 << 5 },
	[SYS_bind] = { 1, 1 << 1 },
	[SYS_listen] = { 1, 0 },
	/* The calls of a C library and of the programs of the bench. */
	[SYS_fstat] = { 1, 1 << 1 },
	[SYS_newfstatat] = { 1, 1 << 1 | 1 << 2 },
	[SYS_ioctl] = { 1, 1 << 2 },
	[SYS_getrandom] = { 1, 1 << 0 },
	[SYS_prlimit64] = { 1, 1 << 2 | 1 << 3 },
	[SYS_clock_gettime] = { 1, 1 << 1 },
	[SYS_gettimeofday] = { 1, 1 << 0 },
	[SYS_time] = { 1, 1 << 0 },
	[SYS_times] = { 1, 1 << 0 },
	[SYS_getuid] = { 1, 0 },
	[SYS_geteuid] = { 1, 0 },
	[SYS_getpid] = { 1, 0 },
	[SYS_gettid] = { 1, 0 },
	[SYS_sysinfo] = { 1, 1 << 0 },
	[SYS_sched_yield] = { 1, 0 },
	[SYS_futex] = { 1, 1 << 0 },
};

uint64_t
floor_call(
    const struct floor *f, uint64_t number, const uint64_t args[static 6])
{
	long a[6], r;
	unsigned i;

	if (number >= 512 || !calls[number].known)
		return (uint64_t)-ENOSYS;
	for (i = 0; i < 6; i++)
		a[i] = (long)args[i];
	for (i = 0; i < 6; i++)
		if ((calls[number].addresses >> i & 1) && a[i] != 0)
			a[i] += (long)(uintptr_t)f->ram;
	r = syscall((long)number, a[0], a[1], a[2], a[3], a[4], a[5]);
	return (uint64_t)(r < 0 ? -errno : r);
}

/* Map a file to the middle of memory, where no other file is now. */
static uint64_t
map(const struct floor *f, const uint64_t args[static 6])
{
	uint64_t at = (f->size - args[1]) / 2 & ~UINT64_C(0x1fffff);
	void *p = mmap(f->ram + at, args[1], PROT_READ,
	    MAP_SHARED | MAP_FIXED | MAP_NORESERVE, (int)args[4],
	    (off_t)args[5]);

	must(p == MAP_FAILED ? -1 : 0, "mmap of a file");
	return at;
}

/* RAM is in its place again, for what is mapped there next. */
static uint64_t
unmap(const struct floor *f, const uint64_t args[static 6])
{
	void *p = mmap(f->ram + args[0], args[1], PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);

	must(p == MAP_FAILED ? -1 : 0, "munmap");
	return 0;
}

void
floor_lost(const struct floor *f)
{
	const struct kvm_regs *r = &f->run->s.regs.regs;

	fprintf(stderr, "floor: exit %u, rip 0x%llx, rax 0x%llx\n",
	    f->run->exit_reason, r->rip, r->rax);
	exit(EXIT_FAILURE);
}

uint64_t
floor_next(const struct floor *f, uint64_t args[static 6])
{
	const struct kvm_regs *r = &f->run->s.regs.regs;

	must(ioctl(f->vcpu, KVM_RUN, 0), "KVM_RUN");
	if (f->run->exit_reason != KVM_EXIT_IO || f->run->io.port != 0x10)
		floor_lost(f);
	memcpy(args,
	    (const uint64_t[]){ r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9 },
	    6 * sizeof(args[0]));
	f->run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	return r->rax;
}

int
floor_serve(struct floor *f)
{
	struct kvm_regs *r = &f->run->s.regs.regs;
	uint64_t args[6], number;

	while ((number = floor_next(f, args)) != SYS_exit_group) {
		if (number == SYS_mmap)
			r->rax = map(f, args);
		else if (number == SYS_munmap)
			r->rax = unmap(f, args);
		else if (number < 512 && calls[number].known)
			r->rax = floor_call(f, number, args);
		else
			floor_lost(f);
	}
	return (int)args[0];
}

#define WORDS 64

/*
 * Writes argc, argv, and the ends of an empty environment and of auxv.  A C
 * library needs these entries of auxv (getauxval(3)).
 */
uint64_t
floor_arguments(
    const struct floor *f, char *const *argv, const struct image *image)
{
	uint64_t words[WORDS] = { 0 };
	uint64_t text = f->size - 16; /* AT_RANDOM's bytes lie above */
	uint64_t n = 0;
	uint64_t sp;

	for (; argv[n] && n < WORDS - 5; n++) {
		text -= strlen(argv[n]) + 1;
		memcpy(f->ram + text, argv[n], strlen(argv[n]) + 1);
		words[n + 1] = text;
	}
	words[0] = n;
	if (image) {
		const uint64_t auxv[] = { AT_PHDR, image->phdr, AT_PHENT, 56,
			AT_PHNUM, image->phnum, AT_PAGESZ, 4096, AT_ENTRY,
			image->entry, AT_RANDOM, f->size - 16 };

		must(n + 4 + sizeof(auxv) / 8 <= WORDS ? 0 : -1, "arguments");
		memcpy(words + n + 3, auxv, sizeof(auxv));
	}
	sp = (text - sizeof(words)) & ~UINT64_C(15);
	memcpy(f->ram + sp, words, sizeof(words));
	return sp;
}
