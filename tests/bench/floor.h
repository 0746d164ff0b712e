/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The declarations that the parts of the floor share.  This header must not
 * know novillo.
 */
#ifndef FLOOR_H
#define FLOOR_H

#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>

/* The layout of guest memory; images start above. */
enum {
	PML4 = 0x1000,
	PDPT = 0x2000,
	TSS = 0x4000,
	CODE = 0x5000,
	GDT = 0x6000,
	IDT = 0x7000,
	STUB = 0x8000,
	STACK = 0xa000, /* the end of the stub's stack */
	PD = 0xb000,    /* one per GiB */
	PDS = 4,
};

struct floor {
	int kvm, vm, vcpu;
	struct kvm_run *run;
	uint8_t *ram;
	uint64_t size;
	uint64_t xcr0; /* usable by a program that reads CPUID; or 0 */
};

/* A program, mapped. */
struct image {
	uint64_t entry, phdr, phnum;
	uint64_t end; /* after its last segment */
};

/* Return the result of an ioctl or a call, or end. */
int must(int r, const char *call);

/* Make a vCPU that knows its CPUID; returns its number. */
void floor_add_vcpu(struct floor *f, unsigned number);

/* Set the registers in the run page: the first KVM_RUN loads them. */
void floor_registers(
    const struct floor *f, uint64_t rip, uint64_t rsp, uint64_t rbx);

/* Serve a program's few calls by the host's own, unchecked; returns its exit
 * status. */
int floor_serve(struct floor *f);

/* Run until a program makes a call; returns its number, and its arguments in
 * `args`.  The result goes to rax.  Any other exit ends in floor_lost(). */
uint64_t floor_next(const struct floor *f, uint64_t args[static 6]);
_Noreturn void floor_lost(const struct floor *f);

/* Serve one such call; returns -ENOSYS for a call that is not among them. */
uint64_t floor_call(
    const struct floor *f, uint64_t number, const uint64_t args[static 6]);

/* Write a program's arguments to the top of memory; returns the first stack
 * pointer.  A program of a C library also needs `image`. */
uint64_t floor_arguments(
    const struct floor *f, char *const *argv, const struct image *image);

/* floor_serve() for an ordinary static program, with threads. */
int floor_static(struct floor *f, const struct image *image);

/*
 * The minimum that can answer a debugger's packets on descriptor 9, until it
 * hangs up: `s` by a step of the guest, `m` and `x`, as chosen, by a file's
 * bytes in pieces of the given size, anything else by OK.
 */
int floor_step(struct floor *f);

/* The minimum for hits of a planted INT3: hit, step, go on, until the guest's
 * last call. */
int floor_hits(struct floor *f);
int floor_memory(const char *packet, size_t piece, const char *path);

#endif
