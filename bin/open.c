/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening /dev/kvm, with messages for every fault.  Nothing here may know how a
 * guest is run.
 */
#include "open.h"

#include "say.h"

#include "kvmcore/kvmcore.h"

#include <errno.h>
#include <string.h>

static const char *
kvm_cure(int error)
{
	switch (error) {
	case ENOENT:
		return "load the kvm_intel or kvm_amd module; in a container,"
		       " pass the device in";
	case EACCES:
	case EPERM:
		return "only root and group kvm may use it: add yourself to"
		       " that group and log in again";
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
