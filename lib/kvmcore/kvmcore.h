/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libkvmcore: the ioctls of Linux KVM that a small virtual machine monitor
 * needs, one function each.  It knows nothing of guests, debuggers or policy.
 *
 * Every function returns 0 (or a descriptor, a number) on success and -errno
 * on failure; none prints, allocates or exits.  Structures are the kernel's
 * own, from <linux/kvm.h>; Documentation/virt/kvm/api.rst of the kernel says
 * what each means.  Descriptors are opened close-on-exec and belong to the
 * caller.
 */
#ifndef KVMCORE_H
#define KVMCORE_H

#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KVMCORE_DEVICE "/dev/kvm"

/*
 * A vCPU: its descriptor and the page it shares with the kernel.  The mapping
 * holds the reason of the last exit and, by KVM_CAP_SYNC_REGS, the registers;
 * it lives until kvmcore_vcpu_close().
 */
struct kvmcore_vcpu {
	int fd;
	size_t run_size;
	struct kvm_run *run;
};

/*
 * Open `path` (KVMCORE_DEVICE).  -ENOENT: no KVM here; -EACCES: no right to
 * use it; -ENODEV: opened, but its API is not version 12, the only one there
 * has ever been since Linux 2.6.22.
 */
int kvmcore_open(const char *path);

/* What KVM_CHECK_EXTENSION says of a KVM_CAP_*: 0 is no.  `fd`: KVM or VM. */
int kvmcore_check(int fd, int cap);

/* A new machine without memory or vCPUs: its descriptor.  -EBUSY: another
 * hypervisor holds the processor. */
int kvmcore_create_vm(int kvm);

/*
 * Let guest-physical [gpa, gpa + size) be the host memory at `host`.  All
 * three are multiples of 4096; slot numbers start at 0; size 0 removes the
 * slot.  The memory stays the caller's and must outlive the slot.
 */
int kvmcore_set_memory(
    int vm, uint32_t slot, uint64_t gpa, uint64_t size, void *host);

/*
 * Let no code in `vm` read or write a model-specific register, whatever mode it
 * is in.  KVM_SET_MSRS and `syscall` work as before.  It may wait for some
 * milliseconds.  -ENOTTY: this KVM has no filter (Linux 5.10 has).
 */
int kvmcore_deny_msrs(int vm);

/* Add vCPU number `id` to `vm` and map its run page. */
int
kvmcore_create_vcpu(int kvm, int vm, unsigned id, struct kvmcore_vcpu *vcpu);

/* Unmap and close; harmless on a vCPU whose descriptor is -1. */
void kvmcore_vcpu_close(struct kvmcore_vcpu *vcpu);

/*
 * Enter the guest until something needs us: vcpu->run->exit_reason says what.
 * -EINTR: a signal came, or run->immediate_exit was set; pending I/O of the
 * exit before is completed by then.  -EFAULT: host memory behind a slot is
 * gone.
 */
int kvmcore_run(const struct kvmcore_vcpu *vcpu);

/*
 * Registers.  After a port I/O exit they are only settled once kvmcore_run()
 * has been called again (api.rst, KVM_EXIT_IO): set immediate_exit first to
 * settle them without running the guest.
 */
int kvmcore_get_regs(const struct kvmcore_vcpu *vcpu, struct kvm_regs *regs);
int
kvmcore_set_regs(const struct kvmcore_vcpu *vcpu, const struct kvm_regs *regs);
int kvmcore_get_sregs(const struct kvmcore_vcpu *vcpu, struct kvm_sregs *s);
int
kvmcore_set_sregs(const struct kvmcore_vcpu *vcpu, const struct kvm_sregs *s);

/* The XSAVE area in its standard format (Intel SDM vol. 1, 13.4); 4096 bytes
 * hold all but AMX state. */
int kvmcore_get_xsave(const struct kvmcore_vcpu *vcpu, struct kvm_xsave *x);
int
kvmcore_set_xsave(const struct kvmcore_vcpu *vcpu, const struct kvm_xsave *x);

/* XCR0, which decides what XSAVE saves. -EINVAL: this KVM has no XSAVE. */
int kvmcore_get_xcr0(const struct kvmcore_vcpu *vcpu, uint64_t *value);
int kvmcore_set_xcr0(const struct kvmcore_vcpu *vcpu, uint64_t value);

/* One model-specific register.  -EINVAL: KVM refused it. */
int kvmcore_get_msr(
    const struct kvmcore_vcpu *vcpu, uint32_t index, uint64_t *value);
int kvmcore_set_msr(
    const struct kvmcore_vcpu *vcpu, uint32_t index, uint64_t value);

/* Several at once: one ioctl.  `msrs` carries its own count (api.rst). */
int
kvmcore_set_msrs(const struct kvmcore_vcpu *vcpu, const struct kvm_msrs *msrs);

/* What CPUID may say on this host; `cpuid` carries its capacity in nent and
 * gets the count.  -E2BIG: capacity too small. */
int kvmcore_get_supported_cpuid(int kvm, struct kvm_cpuid2 *cpuid);
int kvmcore_set_cpuid(
    const struct kvmcore_vcpu *vcpu, const struct kvm_cpuid2 *cpuid);

/*
 * Let debug exceptions leave the guest as KVM_EXIT_DEBUG (api.rst,
 * KVM_SET_GUEST_DEBUG).  Call it after kvmcore_set_regs(), never before: KVM
 * keeps the address a single step starts from.
 */
int kvmcore_set_guest_debug(
    const struct kvmcore_vcpu *vcpu, const struct kvm_guest_debug *debug);

/* "IO" for KVM_EXIT_IO, and so on; "unknown" for a number without a name. */
const char *kvmcore_exit_name(uint32_t reason);

#ifdef __cplusplus
}
#endif

#endif
