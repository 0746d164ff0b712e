/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening /dev/kvm, with messages for every fault.  Nothing here may know how a
 * guest is run.
 */
#include "open.h"

#include "say.h"

#include "kvmcore/kvmcore.h"

#include <cpuid.h>
#include <errno.h>
#include <string.h>

/* Bits of CPUID's ECX. */
#define LEAF1_VMX        (1U << 5)
#define LEAF1_HYPERVISOR (1U << 31)
#define EXTENDED1_SVM    (1U << 2)

#define CONTAINER "; in a container, pass the device in (--device /dev/kvm)"

/* The processor shows why the device is missing. */
static const char *
missing_cure(void)
{
	unsigned a, b, leaf1 = 0, extended1 = 0, d;

	(void)__get_cpuid(1, &a, &b, &leaf1, &d);
	(void)__get_cpuid(0x80000001, &a, &b, &extended1, &d);
	if (leaf1 & LEAF1_VMX)
		return "load its module (modprobe kvm_intel)" CONTAINER;
	if (extended1 & EXTENDED1_SVM)
		return "load its module (modprobe kvm_amd)" CONTAINER;
	if (leaf1 & LEAF1_HYPERVISOR)
		return "this is a virtual machine without nested"
		       " virtualization: enable that on its host";
	return "the processor has no virtualization, or the firmware hides it:"
	       " enable VT-x or AMD-V (SVM) in the firmware";
}

static const char *
kvm_cure(int error)
{
	switch (error) {
	case ENOENT: return missing_cure();
	case EACCES:
	case EPERM:
		return "only root and group kvm may use it: add yourself to"
		       " that group (usermod -aG kvm USER) and log in again";
	case ENODEV:
	case ENXIO:
		return "the kvm module does not work here: is virtualization"
		       " disabled in the firmware?";
	default: return "see kernel messages (dmesg)";
	}
}

int
open_kvm(void)
{
	int kvm = kvmcore_open(KVMCORE_DEVICE);

	if (kvm >= 0)
		return kvm;
	say("%s: %s; %s", KVMCORE_DEVICE, strerror(-kvm), kvm_cure(-kvm));
	return -1;
}
