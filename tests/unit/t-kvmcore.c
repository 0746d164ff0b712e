/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests libkvmcore's functions on real KVM: files that are not KVM, a vCPU that
 * cannot be mapped, registers that are written and read, and the time stamp
 * counter that is withheld.
 */
#include "tap.h"

#include "kvmcore/kvmcore.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/* Without addresses for its run page there is no vCPU, and its number is not
 * used up: KVM would never give it back. */
static void
test_no_addresses(int kvm, int vm)
{
	struct kvmcore_vcpu vcpu = { .fd = -1 };
	struct rlimit as, none;
	int r;

	if (getrlimit(RLIMIT_AS, &as) < 0)
		bail("getrlimit");
	none = as;
	none.rlim_cur = 0;
	if (setrlimit(RLIMIT_AS, &none) < 0)
		bail("setrlimit");
	r = kvmcore_create_vcpu(kvm, vm, 0, &vcpu);
	setrlimit(RLIMIT_AS, &as);
	is_int(r, -ENOMEM, "a vCPU without addresses for its page is ENOMEM");
	is_int(vcpu.fd, -1, "and is not there");
	is_int(kvmcore_create_vcpu(kvm, vm, 0, &vcpu), 0,
	    "with addresses it gets the same number");
	is_int(vcpu.run->exit_reason, 0, "and its page is mapped");
	kvmcore_vcpu_close(&vcpu);
	is_int(vcpu.fd, -1, "it is closed");
}

/* Descriptors of something else, or of nothing. */
static void
test_others(int kvm)
{
	struct kvmcore_vcpu vcpu = { .fd = -1 };
	struct kvm_regs regs;
	uint64_t value = 7;

	is_int(kvmcore_open("/dev/null"), -ENODEV,
	    "a device that is not KVM is ENODEV");
	is_int(kvmcore_open("/dev/null/kvm"), -ENOTDIR,
	    "a path that leads nowhere has the error of open()");
	is_int(kvmcore_check(-1, KVM_CAP_USER_MEMORY), 0,
	    "what is not there has no capability");
	is_int(kvmcore_create_vm(-1), -EBADF, "and makes no machine");
	is_int(kvmcore_create_vcpu(-1, -1, 0, &vcpu), -EBADF,
	    "the size of a run page is KVM's to say");
	is_int(kvmcore_create_vcpu(kvm, -1, 0, &vcpu), -EBADF,
	    "a vCPU needs a machine");
	is_int(vcpu.fd, -1, "neither is there");
	is_int(kvmcore_get_regs(&vcpu, &regs), -EBADF, "nor has registers");
	is_int(kvmcore_get_xcr0(&vcpu, &value), -EBADF, "of either kind");
	is_int(kvmcore_get_msr(&vcpu, 0x10, &value), -EBADF, "nor an MSR");
	is_int(value, 7, "and no value is reported");
	kvmcore_vcpu_close(&vcpu);
	is_str(
	    kvmcore_exit_name(KVM_EXIT_HLT), "HLT", "an exit has KVM's name");
	is_str(kvmcore_exit_name(99999), "unknown", "or is unknown");
}

/* Registers have the values that were written. */
static void
test_registers(int kvm, int vm)
{
	struct kvmcore_vcpu vcpu = { .fd = -1 };
	struct kvm_regs regs = { .rax = 0x1234, .rip = 0x5678, .rflags = 2 };
	struct kvm_debugregs debug = { .db = { 0x1000, 0x2000 }, .dr7 = 0x400 };
	uint64_t value = 0;
	int r;

	if (kvmcore_create_vcpu(kvm, vm, 2, &vcpu) < 0)
		bail("a vCPU");
	is_int(kvmcore_set_regs(&vcpu, &regs), 0, "registers are written");
	memset(&regs, 0, sizeof(regs));
	is_int(kvmcore_get_regs(&vcpu, &regs), 0, "and read");
	ok(regs.rax == 0x1234 && regs.rip == 0x5678, "they are the same");
	is_int(kvmcore_set_debugregs(&vcpu, &debug), 0,
	    "debug registers are written");
	memset(&debug, 0, sizeof(debug));
	is_int(kvmcore_get_debugregs(&vcpu, &debug), 0, "and read");
	ok(debug.db[0] == 0x1000 && debug.db[1] == 0x2000, "they are the same");
	r = kvmcore_get_xcr0(&vcpu, &value);
	if (r == -EINVAL)
		skip(1, "the processor has no XSAVE");
	else
		ok(r == 0 && value & 1, "XCR0 has the bit of the x87");
	is_int(kvmcore_set_xcr0(&vcpu, 0), -EINVAL, "XCR0 cannot be 0");
	kvmcore_vcpu_close(&vcpu);
}

static volatile sig_atomic_t given;

static void
on_segv(int signal)
{
	(void)signal;
	if (!kvmcore_give_counter())
		_exit(1);
	given++;
}

/* No instruction of the guest is made. */
static void
test_counter(int kvm, int vm)
{
	struct kvmcore_vcpu vcpu = { .fd = -1, .without_counter = true };
	const struct sigaction action = { .sa_handler = on_segv };

	if (kvmcore_create_vcpu(kvm, vm, 1, &vcpu) < 0 ||
	    sigaction(SIGSEGV, &action, NULL) < 0)
		bail("a vCPU and a handler");
	ok(!kvmcore_give_counter(), "the counter is not withheld at first");
	vcpu.run->immediate_exit = 1;
	is_int(kvmcore_run(&vcpu), -EINTR, "a vCPU runs without a counter");
	ok(__builtin_ia32_rdtsc() != 0, "its host thread reads it afterwards");
	is_int(given, 1, "which SIGSEGV's handler has made possible");
	ok(!kvmcore_give_counter(), "it is not withheld any more");
	is_int(kvmcore_run(&vcpu), -EINTR, "the vCPU runs again");
	ok(kvmcore_give_counter(), "and the counter was withheld");
	ok(__builtin_ia32_rdtsc() != 0, "now it is read");
	is_int(given, 1, "without a signal");
	kvmcore_vcpu_close(&vcpu);
}

int
main(void)
{
	int kvm = kvmcore_open(KVMCORE_DEVICE);
	int vm = kvm < 0 ? kvm : kvmcore_create_vm(kvm);

	if (vm < 0 && kvm_is_required())
		bail("no usable KVM: %s", strerror(-vm));
	if (vm < 0)
		skip_all("no usable KVM: %s", strerror(-vm));
	test_others(kvm);
	test_no_addresses(kvm, vm);
	test_registers(kvm, vm);
	test_counter(kvm, vm);
	close(vm);
	close(kvm);
	return done_testing();
}
