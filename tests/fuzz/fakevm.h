/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine with one vCPU at rest and no KVM, for code that works on registers
 * and guest memory.  It knows nothing of the tests.  It has static state, and
 * takes the place of ioctl(): include it in a fuzzer's one source file.
 */
#ifndef FAKEVM_H
#define FAKEVM_H

#include "../unit/elfbuild.h"
#include "../unit/guestram.h"

#include "hypercall/signal/signal.h"
#include "vm/machine.h"
#include "vm/x86.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FAKEVM_FD INT_MAX

/* Parts of the XSAVE area, by state component (SDM vol. 1, 13.4). */
#define AVX_AT    576
#define AVX_SIZE  256
#define OPMASK_AT 832 /* of AVX-512, all three components */
#define ZMM_AT    896
#define ZMM_SIZE  512
#define HIGH_AT   1408
#define HIGH_SIZE 1024

static struct machine m;
static struct kvm_run vcpu_page;
static struct kvm_xsave vcpu_xsave;

static const struct kvm_cpuid_entry2 xsave_leaves[] = {
	{ .function = 0xd, .index = 2, .eax = AVX_SIZE, .ebx = AVX_AT },
	{ .function = 0xd, .index = 5, .eax = 64, .ebx = OPMASK_AT },
	{ .function = 0xd, .index = 6, .eax = ZMM_SIZE, .ebx = ZMM_AT },
	{ .function = 0xd, .index = 7, .eax = HIGH_SIZE, .ebx = HIGH_AT },
};

/* Where the state of each component lies; MXCSR is in none. */
static const struct {
	uint64_t bits;
	unsigned at, size;
} xsave_parts[] = {
	{ 1 << 0, 0, 24 },
	{ 1 << 0, 32, 128 },
	{ 1 << 1, 160, 256 },
	{ 1 << 2, AVX_AT, AVX_SIZE },
	{ 1 << 5, OPMASK_AT, 64 },
	{ 1 << 6, ZMM_AT, ZMM_SIZE },
	{ 1 << 7, HIGH_AT, HIGH_SIZE },
};

/* As KVM does (arch/x86/kernel/fpu/xstate.c): a component that is not present
 * gets its initial state, and MXCSR is checked if one that uses it is there. */
static int
fake_set_xsave(const struct kvm_xsave *x)
{
	static const uint8_t zero[48];
	const uint32_t initial = 0x1f80;
	uint8_t *to = (uint8_t *)&vcpu_xsave;
	const uint8_t *from = (const uint8_t *)x;
	uint64_t present;
	uint32_t mxcsr;
	unsigned i;

	memcpy(&present, from + 512, sizeof(present));
	memcpy(&mxcsr, from + 24, sizeof(mxcsr));
	/* The VMM clears what KVM would refuse by the header. */
	if ((present & ~m.xfeatures) || memcmp(from + 520, zero, 48) != 0)
		abort();
	if ((present & 7) && (mxcsr & ~0xffffU)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(to + 512, &present, sizeof(present));
	memcpy(to + 24, present & 6 ? &mxcsr : &initial, sizeof(mxcsr));
	for (i = 0; i < sizeof(xsave_parts) / sizeof(xsave_parts[0]); i++)
		if (present & xsave_parts[i].bits)
			memcpy(to + xsave_parts[i].at, from + xsave_parts[i].at,
			    xsave_parts[i].size);
		else
			memset(to + xsave_parts[i].at, 0, xsave_parts[i].size);
	return 0;
}

int
ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (fd != FAKEVM_FD)
		return (int)syscall(SYS_ioctl, fd, request, arg);
	switch (request) {
	case KVM_SET_XSAVE: return fake_set_xsave(arg);
	case KVM_GET_XSAVE:
		memcpy(arg, &vcpu_xsave, sizeof(vcpu_xsave));
		return 0;
	case KVM_GET_DEBUGREGS:
		memset(arg, 0, sizeof(struct kvm_debugregs));
		return 0;
	case KVM_GET_MSRS: return 1;
	default: errno = EINVAL; return -1;
	}
}

/* Make the machine with RAM [0, size), none of it mapped.  Its registers and
 * the state of its vCPU are the caller's to set. */
static inline void
fakevm_init(uint64_t size)
{
	struct vcpu *vcpu = &m.vcpu[0];

	machine_init(&m);
	guestram_init(&m.mem, size);
	space_init(&m.guest.space, &m.mem, PAGE_2M, size - PAGE_2M);
	memcpy(m.cpuid.entries, xsave_leaves, sizeof(xsave_leaves));
	m.cpuid.nent = sizeof(xsave_leaves) / sizeof(xsave_leaves[0]);
	m.vcpus = m.live = 1;
	vcpu->machine = &m;
	vcpu->kvm.fd = FAKEVM_FD;
	vcpu->kvm.run = &vcpu_page;
	vcpu->thread.tid = 1;
	vcpu->state = VCPU_LIVE;
	vcpu_page.kvm_valid_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
	hc_signals_join(&m.guest, &vcpu->thread, NULL);
	m.debug.breaks.mem = &m.mem;
}

/* A file that exports `name` with this value: its descriptor. */
static inline int
fakevm_file(const char *name, uint64_t value)
{
	static struct elfbuild built;
	int fd = memfd_create("file", MFD_CLOEXEC);

	elfbuild_exporter(&built, name, value);
	if (fd < 0 || write(fd, &built, built.size) != (ssize_t)built.size)
		abort();
	return fd;
}

#endif
