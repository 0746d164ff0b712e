/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The smallest use of libkvmcore: a guest of ten bytes that computes 2 + 2 in
 * real mode and writes the result to a port.
 *
 *	cc tenbytes.c $(pkg-config --cflags --libs kvmcore) -o tenbytes
 */
#include <kvmcore.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PORT   0xe9
#define CODE   0x1000 /* the address of the guest's code in its memory */
#define MEMORY 0x2000

static const unsigned char guest[10] = {
	0xfa,       /* cli */
	0xb0, 2,    /* mov $2, %al */
	0x04, 2,    /* add $2, %al */
	0x0c, '0',  /* or $'0', %al */
	0xe6, PORT, /* out %al, $PORT */
	0xf4,       /* hlt */
};

/* Start at CODE.  A processor starts in real mode with another CS. */
static int
set_start(const struct kvmcore_vcpu *vcpu)
{
	const struct kvm_regs regs = { .rip = CODE, .rflags = 2 };
	struct kvm_sregs sregs;
	int r = kvmcore_get_sregs(vcpu, &sregs);

	if (r < 0)
		return r;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	r = kvmcore_set_sregs(vcpu, &sregs);
	return r < 0 ? r : kvmcore_set_regs(vcpu, &regs);
}

/* Run until the guest halts.  0, or an error. */
static int
run(const struct kvmcore_vcpu *vcpu)
{
	const struct kvm_run *exit = vcpu->run;

	for (;;) {
		int r = kvmcore_run(vcpu);

		if (r < 0)
			return r;
		if (exit->exit_reason == KVM_EXIT_HLT)
			return 0;
		if (exit->exit_reason != KVM_EXIT_IO) {
			fprintf(stderr, "unexpected exit %s\n",
			    kvmcore_exit_name(exit->exit_reason));
			return -1;
		}
		printf("the guest says %c\n",
		    *((const char *)exit + exit->io.data_offset));
	}
}

int
main(void)
{
	struct kvmcore_vcpu vcpu = { .fd = -1 };
	int kvm = kvmcore_open(KVMCORE_DEVICE);
	int vm = kvm < 0 ? kvm : kvmcore_create_vm(kvm);
	void *memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int r = vm;

	if (memory == MAP_FAILED)
		return 1;
	memcpy((char *)memory + CODE, guest, sizeof(guest));
	if (r >= 0)
		r = kvmcore_set_memory(vm, 0, 0, MEMORY, memory);
	if (r >= 0)
		r = kvmcore_create_vcpu(kvm, vm, 0, &vcpu);
	if (r >= 0)
		r = set_start(&vcpu);
	if (r >= 0)
		r = run(&vcpu);
	kvmcore_vcpu_close(&vcpu);
	if (r < 0)
		fprintf(stderr, "tenbytes: %s\n", strerror(-r));
	return r < 0;
}
