/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests libkvmcore's functions that need more than one host call, on real KVM:
 * a vCPU that cannot be mapped, and the time stamp counter that is withheld.
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
	test_no_addresses(kvm, vm);
	test_counter(kvm, vm);
	close(vm);
	close(kvm);
	return done_testing();
}
