/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The floor under a debugger's line: packets are neither checked nor parsed,
 * only answered, with as many bytes as a stub would send.  It must not use any
 * part of novillo.
 */
#include "floor.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINE       9
#define PIECES_MAX 4096

static char received[4096];

/* Returns the next packet; NULL when the other end has hung up. */
static const char *
hear(void)
{
	ssize_t n;
	char *begin;

	do {
		n = read(LINE, received, sizeof(received) - 1);
		if (n <= 0)
			return NULL;
		received[n] = '\0';
		begin = strchr(received, '$');
	} while (!begin);
	return begin + 1;
}

static void
answer(const char *text, size_t size)
{
	must((int)write(LINE, text, size), "write");
}

/*
 * Where a step ends in the guest's own vector 1, the guest needs one: a gate, a
 * stub that leaves by OUT, a stack, and segments for the return (SDM vol. 3,
 * 6.14 and 3.4.5).
 */
static void
make_vector(struct floor *f)
{
	static const uint8_t stub[] = { 0xe7, 0x18, 0x48, 0xcf };
	/* dec %rbx; jne back to it: two instructions to be stepped. */
	static const uint8_t loop[] = { 0x48, 0xff, 0xcb, 0x75, 0xfb };
	static const uint64_t gdt[] = { 0, 0, 0x00af9b000000ffff,
		0x00cf93000000ffff, 0, 0x00cff3000000ffff, 0x00affb000000ffff };
	const uint64_t gate[2] = {
		STUB | UINT64_C(0x10) << 16 | UINT64_C(0x8e) << 40, 0
	};
	const uint64_t stack = STACK;
	struct kvm_sregs *s = &f->run->s.regs.sregs;

	memcpy(f->ram + CODE, loop, sizeof(loop));
	memcpy(f->ram + STUB, stub, sizeof(stub));
	memcpy(f->ram + GDT, gdt, sizeof(gdt));
	memcpy(f->ram + IDT + 16, gate, sizeof(gate));
	memcpy(f->ram + TSS + 4, &stack, sizeof(stack));
	s->gdt.base = GDT;
	s->gdt.limit = sizeof(gdt) - 1;
	s->idt.base = IDT;
	s->idt.limit = 31;
}

static void
set_debug(struct floor *f, uint32_t control)
{
	const struct kvm_guest_debug debug = { .control = control };

	must(
	    ioctl(f->vcpu, KVM_SET_GUEST_DEBUG, &debug), "KVM_SET_GUEST_DEBUG");
}

/*
 * KVM is asked to step once.  If steps end in the guest's own vector
 * nevertheless, KVM is not asked again: TF, bit 8 of the flags in the frame
 * below STACK, makes the next step.
 */
static void
step(struct floor *f)
{
	static int asked;
	const struct kvm_run *run = f->run;

	if (!asked)
		set_debug(f, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP);
	must(ioctl(f->vcpu, KVM_RUN, 0), "KVM_RUN");
	if (run->exit_reason == KVM_EXIT_IO && run->io.port == 0x18) {
		if (!asked)
			set_debug(f, 0);
		f->ram[STACK - 24 + 1] |= 1;
	} else if (run->exit_reason != KVM_EXIT_DEBUG) {
		fprintf(stderr, "floor: a step ended with exit %u at 0x%llx\n",
		    run->exit_reason, run->s.regs.regs.rip);
		exit(EXIT_FAILURE);
	}
	asked = 1;
}

int
floor_step(struct floor *f)
{
	static const char stopped[] =
	    "$T05thread:1;06:0* ;07:d0ffff03* ;10:0050* ;#00";
	const char *text;

	make_vector(f);
	/* Steps begin at the guest's state in KVM: set that first. */
	f->run->immediate_exit = 1;
	ioctl(f->vcpu, KVM_RUN, 0);
	f->run->immediate_exit = 0;
	while ((text = hear())) {
		if (*text == 's') {
			step(f);
			answer(stopped, sizeof(stopped) - 1);
		} else {
			answer("+$OK#9a", 7);
		}
	}
	return EXIT_SUCCESS;
}

/* The guest's end of make_vector()'s loop, and its vector 3 beside vector 1. */
static void
make_breakable(struct floor *f)
{
	static const uint8_t end[] = { 0xb8, 231, 0, 0, 0, 0xe7, 0x10 };
	const uint64_t gate[2] = {
		STUB | UINT64_C(0x10) << 16 | UINT64_C(0xee) << 40, 0
	};

	make_vector(f);
	memcpy(f->ram + CODE + 5, end, sizeof(end));
	memcpy(f->ram + IDT + 48, gate, sizeof(gate));
	f->run->s.regs.sregs.idt.limit = 63;
}

/* Run up to a debug exception, by whichever way it comes; false at the last
 * call. */
static bool
run_to_exception(struct floor *f)
{
	const struct kvm_run *run = f->run;

	must(ioctl(f->vcpu, KVM_RUN, 0), "KVM_RUN");
	if (run->exit_reason == KVM_EXIT_IO && run->io.port == 0x10)
		return false;
	if (run->exit_reason != KVM_EXIT_DEBUG &&
	    (run->exit_reason != KVM_EXIT_IO || run->io.port != 0x18))
		floor_lost(f);
	return true;
}

/*
 * A hit that came by vector 3 is stepped by TF in its frame, whose first word
 * is the address after INT3; the step comes by vector 1.  KVM steps a hit that
 * left by KVM_EXIT_DEBUG.
 */
static void
pass_hit(struct floor *f, uint8_t original)
{
	const bool vector = f->run->exit_reason == KVM_EXIT_IO;
	const uint64_t at = CODE;

	f->ram[CODE] = original;
	if (vector) {
		memcpy(f->ram + STACK - 40, &at, sizeof(at));
		f->ram[STACK - 24 + 1] |= 1;
	} else {
		set_debug(f, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP |
				 KVM_GUESTDBG_SINGLESTEP);
	}
	if (!run_to_exception(f))
		floor_lost(f);
	if (vector)
		f->ram[STACK - 24 + 1] &= (uint8_t)~1;
	else
		set_debug(f, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP);
	f->ram[CODE] = 0xcc;
}

int
floor_hits(struct floor *f)
{
	uint8_t original;

	make_breakable(f);
	original = f->ram[CODE];
	f->ram[CODE] = 0xcc;
	set_debug(f, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP);
	while (run_to_exception(f))
		pass_hit(f, original);
	return EXIT_SUCCESS;
}

/* Send frames that were made in advance, one after the other. */
static struct {
	char *bytes, *end;
	char *start[PIECES_MAX + 1];
	size_t count;
} frames;

static void
put_byte(char packet, uint8_t c)
{
	static const char digits[] = "0123456789abcdef";

	if (packet == 'm') {
		*frames.end++ = digits[c >> 4];
		*frames.end++ = digits[c & 15];
	} else if (memchr("#$}*", c, 4)) {
		*frames.end++ = '}';
		*frames.end++ = (char)(c ^ 0x20);
	} else {
		*frames.end++ = (char)c;
	}
}

static void
make_frames(char packet, size_t piece, const uint8_t *file, size_t size)
{
	size_t i, j;

	frames.bytes = frames.end = malloc(2 * size + 8 * PIECES_MAX);
	must(frames.bytes && size / piece <= PIECES_MAX ? 0 : -1, "malloc");
	for (i = 0; size - i >= piece; i += piece) {
		frames.start[frames.count++] = frames.end;
		*frames.end++ = '$';
		if (packet == 'x')
			*frames.end++ = 'b';
		for (j = 0; j < piece; j++)
			put_byte(packet, file[i + j]);
		memcpy(frames.end, "#00", 3);
		frames.end += 3;
	}
	frames.start[frames.count] = frames.end;
}

/* Answer each packet in turn with the file's bytes. */
int
floor_memory(const char *packet, size_t piece, const char *path)
{
	int fd = must(open(path, O_RDONLY | O_CLOEXEC), path);
	off_t size = lseek(fd, 0, SEEK_END);
	const uint8_t *file = mmap(
	    NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	const char *text;
	size_t i = 0;

	must(file == MAP_FAILED ? -1 : 0, "mmap");
	make_frames(packet[0], piece, file, (size_t)size);
	while ((text = hear())) {
		if (*text != packet[0]) {
			answer("+$OK#9a", 7);
			continue;
		}
		answer(frames.start[i],
		    (size_t)(frames.start[i + 1] - frames.start[i]));
		i = (i + 1) % frames.count;
	}
	return EXIT_SUCCESS;
}
