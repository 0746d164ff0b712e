/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fault reports.  Nothing here may change the machine.
 */
#include "vm/report.h"

#include "image/lines.h"
#include "image/symbols.h"
#include "vm/context.h"
#include "vm/trap.h"

#include <inttypes.h>
#include <string.h>

#define MAX_FRAMES 32

void
report_place(char *text, size_t size, const struct machine *m,
    const struct image_bytes *file, uint64_t address)
{
	uint64_t linked = address - m->image.bias;
	struct symbol symbol;
	struct line line;
	size_t n = 0;

	text[0] = '\0';
	if (!file->bytes)
		return;
	if (symbols_find(file->bytes, file->size, linked, &symbol) == 0)
		n = (size_t)snprintf(
		    text, size, "%s+0x%" PRIx64, symbol.name, symbol.offset);
	if (n < size &&
	    lines_find(file->bytes, file->size, linked, &line) == 0) {
		bool dir = line.dir && line.file[0] != '/' &&
			   strcmp(line.dir, ".") != 0;

		snprintf(text + n, size - n, "%sat %s%s%s:%u", n ? " " : "",
		    dir ? line.dir : "", dir ? "/" : "", line.file, line.line);
	}
}

static void
print_place(FILE *out, const struct machine *m, const struct image_bytes *file,
    uint64_t address, bool is_return)
{
	char text[512];

	/* A return address belongs to the call before it, which may be the
	 * last instruction of its function. */
	report_place(text, sizeof(text), m, file, address - is_return);
	fprintf(out, "0x%" PRIx64 "%s%s\n", address, text[0] ? " " : "", text);
}

static void
print_registers(FILE *out, const struct user_context *c)
{
	static const struct {
		const char *name;
		size_t offset;
	} registers[] = {
#define REGISTER(name) { #name, offsetof(struct kvm_regs, name) }
		REGISTER(rax),
		REGISTER(rbx),
		REGISTER(rcx),
		REGISTER(rdx),
		REGISTER(rsi),
		REGISTER(rdi),
		REGISTER(rbp),
		REGISTER(rsp),
		REGISTER(r8),
		REGISTER(r9),
		REGISTER(r10),
		REGISTER(r11),
		REGISTER(r12),
		REGISTER(r13),
		REGISTER(r14),
		REGISTER(r15),
		REGISTER(rip),
		REGISTER(rflags),
#undef REGISTER
	};
	const size_t count = sizeof(registers) / sizeof(registers[0]);
	size_t i;

	for (i = 0; i < count; i++) {
		uint64_t value;

		memcpy(&value, (const char *)&c->regs + registers[i].offset,
		    sizeof(value));
		fprintf(out, "  %-6s 0x%016" PRIx64, registers[i].name, value);
		if (i % 3 == 2 || i == count - 1)
			fputc('\n', out);
	}
	fprintf(out, "  fs_base 0x%" PRIx64 "  gs_base 0x%" PRIx64 "\n",
	    c->fs_base, c->gs_base);
}

static void
print_frame(FILE *out, const struct machine *m, const struct image_bytes *file,
    unsigned n, uint64_t address)
{
	fprintf(out, "  #%u ", n);
	print_place(out, m, file, address, n > 0);
}

/* A function's first instruction has made no frame yet; nor has a jump to where
 * no code is: the return address is all there is on the stack. */
static bool
is_without_frame(const struct vcpu *vcpu, const struct image_bytes *file,
    const struct user_context *c)
{
	struct symbol symbol;

	if (trap_is_bad_jump(&vcpu->trap))
		return true;
	return file->bytes &&
	       symbols_find(file->bytes, file->size,
		   c->regs.rip - vcpu->machine->image.bias, &symbol) == 0 &&
	       symbol.offset == 0;
}

/*
 * By frame pointers (psABI 3.2.2): where rbp points lie the caller's rbp and
 * the return address.  Frames lie upwards; anything else ends the walk.
 */
static void
print_backtrace(FILE *out, const struct vcpu *vcpu,
    const struct image_bytes *file, const struct user_context *c)
{
	const struct machine *m = vcpu->machine;
	uint64_t frame[2] = { c->regs.rbp, 0 };
	uint64_t last = 0;
	unsigned n = 0;

	fputs("  backtrace:\n", out);
	print_frame(out, m, file, n++, c->regs.rip);
	if (is_without_frame(vcpu, file, c) &&
	    gmem_read(&m->mem, &last, c->regs.rsp, sizeof(last)) == 0)
		print_frame(out, m, file, n++, last);
	for (last = 0; n < MAX_FRAMES && frame[0] > last; n++) {
		last = frame[0];
		if (gmem_read(&m->mem, frame, last, sizeof(frame)) < 0 ||
		    frame[1] == 0)
			return;
		print_frame(out, m, file, n, frame[1]);
	}
}

static void
print_trap(FILE *out, const struct trap *trap)
{
	const struct trap_info *info = trap_info(trap->vector);
	char error[96];

	trap_describe_error(trap, error, sizeof(error));
	fprintf(out, "  trap #%s %s%s%s\n", info->mnemonic, info->text,
	    error[0] ? ", " : "", error);
}

void
report_fault(FILE *out, struct vcpu *vcpu, const struct image_bytes *file)
{
	struct user_context c;
	int r = vcpu_user_context(vcpu, &c);

	if (r < 0) {
		fprintf(out, "  registers: %s\n", strerror(-r));
		return;
	}
	if (vcpu->thread.tid != 1)
		fprintf(out, "  in thread %d\n", vcpu->thread.tid);
	fprintf(out, "  at ");
	print_place(out, vcpu->machine, file, c.regs.rip, false);
	print_trap(out, &vcpu->trap);
	print_registers(out, &c);
	print_backtrace(out, vcpu, file, &c);
}
