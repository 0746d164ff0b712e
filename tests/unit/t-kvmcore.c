/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests libkvmcore's function that needs more than one host call, on real KVM:
 * a vCPU that cannot be mapped.
 */
#include "tap.h"

#include "kvmcore/kvmcore.h"

#include <errno.h>
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
	close(vm);
	close(kvm);
	return done_testing();
}
