/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libkvmcore: the ioctls of Linux KVM that a small virtual machine monitor
 * needs, one function each.  It must not know guests, debuggers or policy.
 *
 * Every function returns 0 (or a descriptor, a number) on success and -errno
 * on failure; none prints, allocates or exits.  Structures are the kernel's
 * own, from <linux/kvm.h>, described in its Documentation/virt/kvm/api.rst.
 * Descriptors are opened close-on-exec and belong to the caller.
 */
#ifndef KVMCORE_H
#define KVMCORE_H

#include <linux/kvm.h>
#include <stddef.h>
#include <stdbool.h>
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
	/* kvmcore_run() withholds the time stamp counter from its host thread,
	 * as without hardware virtualization CR4.TSD alone has no effect:
	 * both together make RDTSC a trap of the guest (PR_SET_TSC(2const)).
	 * It stays withheld, kvmcore_give_counter(). */
	bool without_counter;
};

/* Does this processor have the extension that KVM runs guests with (CPUID: VMX,
 * SVM)?  If not, KVM is a paravirtual one, and some instructions, such as
 * CPUID, run natively. */
bool kvmcore_has_hardware(void);

/*
 * Open `path` (KVMCORE_DEVICE).  -ENOENT: no KVM here; -EACCES: no right to use
 * it; -ENODEV: opened, but its API is not version 12, the only one since Linux
 * 2.6.22.
 */
int kvmcore_open(const char *path);

/* The value of KVM_CHECK_EXTENSION for a KVM_CAP_*; 0: not supported.  `fd` is
 * KVM's or a machine's. */
int kvmcore_check(int fd, int cap);

/* Create a machine without memory or vCPUs.  Returns its descriptor.  -EBUSY:
 * another hypervisor uses the processor. */
int kvmcore_create_vm(int kvm);

/*
 * Map the host memory at `host` to guest-physical [gpa, gpa + size).  All three
 * are multiples of 4096; slot numbers start at 0; size 0 removes the slot.  The
 * memory belongs to the caller and must outlive the slot.
 */
int kvmcore_set_memory(
    int vm, uint32_t slot, uint64_t gpa, uint64_t size, void *host);

/*
 * Deny the code in `vm` all reads and writes of model-specific registers, in
 * any mode.  KVM_SET_MSRS and `syscall` are not affected.  May take some
 * milliseconds.  -ENOTTY: this KVM has no filter (Linux 5.10 has).
 */
int kvmcore_deny_msrs(int vm);

/* Add vCPU number `id` to `vm` and map its run page. */
int
kvmcore_create_vcpu(int kvm, int vm, unsigned id, struct kvmcore_vcpu *vcpu);

/* Unmap and close; does nothing if the descriptor is -1. */
void kvmcore_vcpu_close(struct kvmcore_vcpu *vcpu);

/*
 * Run the guest up to the next exit: vcpu->run->exit_reason is its reason.
 * -EINTR: a signal came, or run->immediate_exit was set; pending I/O of the
 * last exit has been completed.  -EFAULT: a slot's host memory is not mapped.
 */
int kvmcore_run(const struct kvmcore_vcpu *vcpu);

/*
 * Give the time stamp counter back to the calling thread, if it was withheld:
 * true if so.  A handler of SIGSEGV may call this, and return if it is true: an
 * instruction that reads the counter, as the vDSO's clocks do, is then made
 * again.  A new thread inherits what its maker has.
 */
bool kvmcore_give_counter(void);

/*
 * Registers.  After a port I/O exit they are up to date only after the next
 * kvmcore_run() (api.rst, KVM_EXIT_IO): with immediate_exit set that completes
 * the I/O without running the guest.
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

/* DR0 to DR3, DR6 and DR7 as the guest's code reads them: not those of
 * KVM_SET_GUEST_DEBUG. */
int
kvmcore_get_debugregs(const struct kvmcore_vcpu *vcpu, struct kvm_debugregs *d);
int kvmcore_set_debugregs(
    const struct kvmcore_vcpu *vcpu, const struct kvm_debugregs *d);

/* XCR0, which selects the parts that XSAVE saves.  -EINVAL: this KVM has no
 * XSAVE. */
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

/*
 * The difference of the vCPU's time stamp counter from the host's, in ticks.
 * By default the counter starts at 0.  -ENXIO: the kernel is older than Linux
 * 5.16.
 */
int kvmcore_set_tsc_offset(const struct kvmcore_vcpu *vcpu, uint64_t offset);

/* The CPUID values that this host supports; cpuid->nent is the capacity, and
 * then the count.  -E2BIG: the capacity is too small. */
int kvmcore_get_supported_cpuid(int kvm, struct kvm_cpuid2 *cpuid);
int kvmcore_set_cpuid(
    const struct kvmcore_vcpu *vcpu, const struct kvm_cpuid2 *cpuid);

/*
 * Let debug exceptions leave the guest as KVM_EXIT_DEBUG (api.rst,
 * KVM_SET_GUEST_DEBUG).  Call it after kvmcore_set_regs(), never before: KVM
 * records the address that a single step starts from.
 */
int kvmcore_set_guest_debug(
    const struct kvmcore_vcpu *vcpu, const struct kvm_guest_debug *debug);

/* "IO" for KVM_EXIT_IO, and so on; "unknown" for a number without a name. */
const char *kvmcore_exit_name(uint32_t reason);

#ifdef __cplusplus
}
#endif

#endif
