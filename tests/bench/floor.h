/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the floor share.  It must not know novillo.
 */
#ifndef FLOOR_H
#define FLOOR_H

#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>

/* Where things lie in guest memory; images start above. */
enum {
	PML4 = 0x1000,
	PDPT = 0x2000,
	TSS = 0x4000,
	CODE = 0x5000,
	GDT = 0x6000,
	IDT = 0x7000,
	STUB = 0x8000,
	STACK = 0xa000, /* of the stub: its end */
	PD = 0xb000,    /* one a GiB */
	PDS = 4,
};

struct floor {
	int kvm, vm, vcpu;
	struct kvm_run *run;
	uint8_t *ram;
	uint64_t size;
	uint64_t xcr0; /* what a program that looks at CPUID may use; or 0 */
};

/* A program, mapped. */
struct image {
	uint64_t entry, phdr, phnum;
	uint64_t end; /* behind its last segment */
};

/* What an ioctl or a call returned, or the end. */
int must(int r, const char *call);

/* A vCPU, which knows its CPUID; its number. */
void floor_add_vcpu(struct floor *f, unsigned number);

/* Through the run page: the first KVM_RUN takes them along. */
void floor_registers(
    const struct floor *f, uint64_t rip, uint64_t rsp, uint64_t rbx);

/* Serve a program the few calls it needs by the host's own, without a look at
 * them; its exit status. */
int floor_serve(struct floor *f);

/* Run until a program makes a call: its number, and its arguments.  The answer
 * goes to rax.  Any other exit is the end: floor_lost(). */
uint64_t floor_next(const struct floor *f, uint64_t args[static 6]);
_Noreturn void floor_lost(const struct floor *f);

/* One such call; -ENOSYS if it is not among them. */
uint64_t floor_call(
    const struct floor *f, uint64_t number, const uint64_t args[static 6]);

/* Its arguments, to the top of memory: the stack pointer to begin with.  Of a
 * program of a C library, which looks at more than that, the image. */
uint64_t floor_arguments(
    const struct floor *f, char *const *argv, const struct image *image);

/* The same for an ordinary static program, with threads. */
int floor_static(struct floor *f, const struct image *image);

/*
 * The least that can answer a debugger's packets on descriptor 9, until it
 * hangs up: `s` by a step of the guest, one of `m` and `x` by a file's bytes in
 * such pieces, anything else by OK.
 */
int floor_step(struct floor *f);
int floor_memory(const char *packet, size_t piece, const char *path);

#endif
