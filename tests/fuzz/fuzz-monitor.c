/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the commands that gdb's user types after `monitor`, with numbers,
 * registers and symbols in them, on a machine at rest.  A line of an input is a
 * command, or after '=' the registers that the next ones see.
 *
 * The answer is lines of printable text within its buffer, and a command
 * changes no register.
 */
#include "fakevm.h"

#include "debugger/command.h"

#include <stdio.h>

#define RAM       (UINT64_C(16) << 20)
#define CODE      (UINT64_C(4) << 20)
#define DATA      (CODE + PAGE_2M)
#define LINES_MAX 8 /* of an input */
#define OUT_SIZE  0x10000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct output nowhere = { .fd = -1 };
static struct debugger_target target = {
	.machine = &m,
	.path = "/guest",
	.name = "guest",
	.output = &nowhere,
};

/* Code, data and a stack; pages of each kind of right. */
static void
start(void)
{
	static const uint8_t gate[] = { HYPERCALL_GATE };
	struct space *space = &m.guest.space;
	unsigned prot;

	fakevm_init(RAM);
	m.image = (struct image){ .entry = CODE,
		.segments = 1,
		.segment[0] = { .vaddr = CODE, .memsz = PAGE_4K } };
	m.stack_bottom = RAM - PAGE_2M;
	for (prot = 0; prot < 8; prot++)
		space_take(
		    space, CODE + prot * PAGE_4K, PAGE_4K, space_bits(prot));
	space_take(space, CODE, PAGE_4K, space_bits(PROT_READ | PROT_EXEC));
	space_take(space, DATA, PAGE_2M, space_bits(PROT_READ | PROT_WRITE));
	memcpy(m.mem.base + CODE, gate, sizeof(gate));
	target.image = fakevm_file("main", CODE);
	hc_look_init(&target.look, &m.guest);
}

/* Registers of these bytes, at a hypercall. */
static void
set_registers(const uint8_t *bytes, size_t n)
{
	struct kvm_sregs *sregs = &vcpu_page.s.regs.sregs;
	struct kvm_regs *regs = &vcpu_page.s.regs.regs;

	memset(regs, 0, sizeof(*regs));
	memset(sregs, 0, sizeof(*sregs));
	if (n > sizeof(*regs)) {
		memcpy(sregs, bytes + sizeof(*regs),
		    n - sizeof(*regs) < sizeof(*sregs) ? n - sizeof(*regs)
						       : sizeof(*sregs));
		n = sizeof(*regs);
	}
	memcpy(regs, bytes, n);
	regs->rip = CODE;
	regs->rax %= HYPERCALL_END + 2;
}

static void
check_answer(const struct text *out, int r)
{
	size_t i;

	if ((r != 0 && r != -ENOENT) || out->len >= out->size ||
	    strlen(out->buf) != out->len || (r < 0 && out->len > 0))
		abort();
	for (i = 0; i < out->len; i++)
		if (out->buf[i] != '\n' &&
		    (out->buf[i] < ' ' || out->buf[i] > '~'))
			abort();
}

static void
do_command(const uint8_t *line, size_t n)
{
	static char answer[OUT_SIZE];
	const struct kvm_regs before = vcpu_page.s.regs.regs;
	struct text out;
	char *command = malloc(n + 1);
	int tid = 1 + (n % 8 == 0); /* there is no other */

	if (!command)
		exit(2);
	memcpy(command, line, n);
	command[n] = '\0';
	text_init(&out, answer, sizeof(answer));
	check_answer(&out, debugger_command(&target, tid, command, &out));
	if (memcmp(&before, &vcpu_page.s.regs.regs, sizeof(before)) != 0)
		abort();
	free(command);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned lines = 0;

	if (!m.mem.base)
		start();
	m.guest.trace = NULL;
	set_registers(data, 0);
	while (size > 0 && lines++ < LINES_MAX) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t n = end ? (size_t)(end - data) : size;

		if (n > 0 && data[0] == '=')
			set_registers(data + 1, n - 1);
		else
			do_command(data, n);
		n += end != NULL;
		data += n;
		size -= n;
	}
	return 0;
}
