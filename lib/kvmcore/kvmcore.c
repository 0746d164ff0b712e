/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libkvmcore: one function per ioctl.  Nothing here may know what a guest is.
 */
#include "kvmcore/kvmcore.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define CPUID_VMX (1U << 5) /* in ECX of leaf 1 */
#define CPUID_SVM (1U << 2) /* in ECX of leaf 0x80000001 */

/* ioctl() that returns -errno. */
static int
kvm_ioctl(int fd, unsigned long request, void *arg)
{
	int r = ioctl(fd, request, arg);

	return r < 0 ? -errno : r;
}

/*
 * The request number contains the size of its argument.  A smaller object would
 * let the kernel read and write past it, so the sizes are compared.
 */
#define SAME_SIZE(a, b) ((void)sizeof(char[(a) == (b) ? 1 : -1]))
#define VCPU_IOCTL(vcpu, request, arg)                  \
	(SAME_SIZE(sizeof(*(arg)), _IOC_SIZE(request)), \
	    kvm_ioctl((vcpu)->fd, request, (void *)(uintptr_t)(arg)))

int
kvmcore_open(const char *path)
{
	int kvm = open(path, O_RDWR | O_CLOEXEC);
	int version;

	if (kvm < 0)
		return -errno;
	version = kvm_ioctl(kvm, KVM_GET_API_VERSION, NULL);
	if (version != KVM_API_VERSION) {
		close(kvm);
		return -ENODEV;
	}
	return kvm;
}

int
kvmcore_check(int fd, int cap)
{
	int r = kvm_ioctl(fd, KVM_CHECK_EXTENSION, (void *)(uintptr_t)cap);

	return r < 0 ? 0 : r;
}

int
kvmcore_create_vm(int kvm)
{
	int vm;

	/* A signal interrupts the creation: it is tried again. */
	do
		vm = kvm_ioctl(kvm, KVM_CREATE_VM, NULL);
	while (vm == -EINTR);
	return vm;
}

int
kvmcore_set_memory(
    int vm, uint32_t slot, uint64_t gpa, uint64_t size, void *host)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)host,
	};

	return kvm_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region);
}

int
kvmcore_deny_msrs(int vm)
{
#ifdef KVM_X86_SET_MSR_FILTER
	/* The filter needs a range: one register, denied as all others are. */
	uint8_t none[8] = { 0 };
	struct kvm_msr_filter filter = {
		.flags = KVM_MSR_FILTER_DEFAULT_DENY,
		.ranges[0] = {
			.flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE,
			.nmsrs = 1,
			.bitmap = none,
		},
	};

	return kvm_ioctl(vm, KVM_X86_SET_MSR_FILTER, &filter);
#else
	(void)vm;
	return -ENOTTY;
#endif
}

/* Create a vCPU and map its run page at `run`, where `size` bytes of addresses
 * are reserved.  The descriptor or -errno. */
static int
create_at(int vm, unsigned id, void *run, size_t size)
{
	int fd = kvm_ioctl(vm, KVM_CREATE_VCPU, (void *)(uintptr_t)id);
	int r;

	if (fd < 0 || mmap(run, size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

/* KVM does not take a vCPU back, and its number would be lost if there were no
 * addresses for its run page: they are reserved first. */
int
kvmcore_create_vcpu(int kvm, int vm, unsigned id, struct kvmcore_vcpu *vcpu)
{
	int size = kvm_ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL);
	void *run;
	int fd;

	if (size < 0)
		return size;
	if ((size_t)size < sizeof(struct kvm_run))
		return -ENODEV;
	run = mmap(
	    NULL, (size_t)size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (run == MAP_FAILED)
		return -errno;
	fd = create_at(vm, id, run, (size_t)size);
	if (fd < 0) {
		munmap(run, (size_t)size);
		return fd;
	}
	vcpu->fd = fd;
	vcpu->run = run;
	vcpu->run_size = (size_t)size;
	return 0;
}

void
kvmcore_vcpu_close(struct kvmcore_vcpu *vcpu)
{
	if (vcpu->fd < 0)
		return;
	munmap(vcpu->run, vcpu->run_size);
	close(vcpu->fd);
	vcpu->fd = -1;
	vcpu->run = NULL;
}

bool
kvmcore_has_hardware(void)
{
	unsigned a, b, c, d;

	if (__get_cpuid(1, &a, &b, &c, &d) && c & CPUID_VMX)
		return true;
	return __get_cpuid(0x80000001, &a, &b, &c, &d) && c & CPUID_SVM;
}

/* This thread has no time stamp counter.  Each change of that may cost a write
 * of CR4 that a hypervisor traps. */
static _Thread_local bool withheld;

int
kvmcore_run(const struct kvmcore_vcpu *vcpu)
{
	if (vcpu->without_counter && !withheld)
		withheld = prctl(PR_SET_TSC, PR_TSC_SIGSEGV) == 0;
	return kvm_ioctl(vcpu->fd, KVM_RUN, NULL);
}

bool
kvmcore_give_counter(void)
{
	if (!withheld)
		return false;
	withheld = false;
	return prctl(PR_SET_TSC, PR_TSC_ENABLE) == 0;
}

int
kvmcore_get_regs(const struct kvmcore_vcpu *vcpu, struct kvm_regs *regs)
{
	return VCPU_IOCTL(vcpu, KVM_GET_REGS, regs);
}

int
kvmcore_set_regs(const struct kvmcore_vcpu *vcpu, const struct kvm_regs *regs)
{
	return VCPU_IOCTL(vcpu, KVM_SET_REGS, regs);
}

int
kvmcore_get_sregs(const struct kvmcore_vcpu *vcpu, struct kvm_sregs *s)
{
	return VCPU_IOCTL(vcpu, KVM_GET_SREGS, s);
}

int
kvmcore_set_sregs(const struct kvmcore_vcpu *vcpu, const struct kvm_sregs *s)
{
	return VCPU_IOCTL(vcpu, KVM_SET_SREGS, s);
}

int
kvmcore_get_xsave(const struct kvmcore_vcpu *vcpu, struct kvm_xsave *x)
{
	return VCPU_IOCTL(vcpu, KVM_GET_XSAVE, x);
}

int
kvmcore_set_xsave(const struct kvmcore_vcpu *vcpu, const struct kvm_xsave *x)
{
	return VCPU_IOCTL(vcpu, KVM_SET_XSAVE, x);
}

int
kvmcore_get_debugregs(const struct kvmcore_vcpu *vcpu, struct kvm_debugregs *d)
{
	return VCPU_IOCTL(vcpu, KVM_GET_DEBUGREGS, d);
}

int
kvmcore_set_debugregs(
    const struct kvmcore_vcpu *vcpu, const struct kvm_debugregs *d)
{
	return VCPU_IOCTL(vcpu, KVM_SET_DEBUGREGS, d);
}

int
kvmcore_get_xcr0(const struct kvmcore_vcpu *vcpu, uint64_t *value)
{
	struct kvm_xcrs xcrs;
	int r = VCPU_IOCTL(vcpu, KVM_GET_XCRS, &xcrs);

	if (r < 0)
		return r;
	if (xcrs.nr_xcrs < 1)
		return -EINVAL;
	*value = xcrs.xcrs[0].value;
	return 0;
}

int
kvmcore_set_xcr0(const struct kvmcore_vcpu *vcpu, uint64_t value)
{
	struct kvm_xcrs xcrs = {
		.nr_xcrs = 1,
		.xcrs[0] = { .xcr = 0, .value = value },
	};

	return VCPU_IOCTL(vcpu, KVM_SET_XCRS, &xcrs);
}

/* KVM_GET_MSRS and KVM_SET_MSRS return how many entries they processed. */
static int
all_msrs(int done, uint32_t wanted)
{
	if (done < 0)
		return done;
	return (uint32_t)done == wanted ? 0 : -EINVAL;
}

/* struct kvm_msrs with one entry: the kernel's ends in a flexible array. */
struct one_msr {
	uint32_t nmsrs;
	uint32_t pad;
	struct kvm_msr_entry entry;
};

int
kvmcore_get_msr(
    const struct kvmcore_vcpu *vcpu, uint32_t index, uint64_t *value)
{
	struct one_msr msr = { .nmsrs = 1, .entry.index = index };
	int r = all_msrs(kvm_ioctl(vcpu->fd, KVM_GET_MSRS, &msr), 1);

	if (r == 0)
		*value = msr.entry.data;
	return r;
}

int
kvmcore_set_msr(const struct kvmcore_vcpu *vcpu, uint32_t index, uint64_t value)
{
	struct one_msr msr = {
		.nmsrs = 1,
		.entry = { .index = index, .data = value },
	};

	return all_msrs(kvm_ioctl(vcpu->fd, KVM_SET_MSRS, &msr), 1);
}

int
kvmcore_set_msrs(const struct kvmcore_vcpu *vcpu, const struct kvm_msrs *msrs)
{
	return all_msrs(
	    kvm_ioctl(vcpu->fd, KVM_SET_MSRS, (void *)(uintptr_t)msrs),
	    msrs->nmsrs);
}

int
kvmcore_set_tsc_offset(const struct kvmcore_vcpu *vcpu, uint64_t offset)
{
#ifdef KVM_VCPU_TSC_CTRL
	struct kvm_device_attr attr = {
		.group = KVM_VCPU_TSC_CTRL,
		.attr = KVM_VCPU_TSC_OFFSET,
		.addr = (uintptr_t)&offset,
	};

	return kvm_ioctl(vcpu->fd, KVM_SET_DEVICE_ATTR, &attr);
#else
	(void)vcpu;
	(void)offset;
	return -ENXIO;
#endif
}

int
kvmcore_get_supported_cpuid(int kvm, struct kvm_cpuid2 *cpuid)
{
	return kvm_ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid);
}

int
kvmcore_set_cpuid(
    const struct kvmcore_vcpu *vcpu, const struct kvm_cpuid2 *cpuid)
{
	return kvm_ioctl(vcpu->fd, KVM_SET_CPUID2, (void *)(uintptr_t)cpuid);
}

int
kvmcore_set_guest_debug(
    const struct kvmcore_vcpu *vcpu, const struct kvm_guest_debug *debug)
{
	return VCPU_IOCTL(vcpu, KVM_SET_GUEST_DEBUG, debug);
}

const char *
kvmcore_exit_name(uint32_t reason)
{
	static const char *const names[] = {
#define EXIT(number, name) [number] = #name,
#include "kvmcore/exits.def"
#undef EXIT
	};

	if (reason >= sizeof(names) / sizeof(names[0]) || !names[reason])
		return "unknown";
	return names[reason];
}
