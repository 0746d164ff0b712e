/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fault reports.  Nothing here may change the machine.
 */
#include "vm/report.h"

#include "image/escape.h"
#include "image/lines.h"
#include "vm/context.h"
#include "vm/trap.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MAX_FRAMES 32
#define PLACE      512 /* bytes for a symbol and a line */
#define NAMING_S   2   /* after which frames have no names */

struct image_bytes
report_map(int fd)
{
	struct image_bytes bytes = { NULL, 0 };
	const off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	void *p;

	if (size <= 0)
		return bytes;
	p = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p != MAP_FAILED)
		bytes = (struct image_bytes){ p, (size_t)size };
	return bytes;
}

/* The same in a file that is loaded as `image`. */
static bool
find_symbol(const struct image *image, const struct image_bytes *bytes,
    uint64_t address, struct symbol *symbol)
{
	const uint64_t linked = address - image->bias;

	return bytes->bytes && linked >= image->lowest && linked < image->end &&
	       symbols_find(bytes->bytes, bytes->size, linked, symbol) == 0;
}

bool
report_symbol(const struct machine *m, const struct image_bytes *program,
    const struct image_bytes *interp, uint64_t address, struct symbol *symbol)
{
	return find_symbol(&m->image, program, address, symbol) ||
	       (m->interp.segments > 0 &&
		   find_symbol(&m->interp, interp, address, symbol));
}

/* The symbol and the line of a linked address, as the file names them. */
static void
describe_address(
    char *text, size_t size, const struct image_bytes *file, uint64_t linked)
{
	struct symbol symbol;
	struct line line;
	size_t n = 0;

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

void
report_place(char *text, size_t size, const struct machine *m,
    const struct image_bytes *file, uint64_t address)
{
	char raw[PLACE] = "";

	if (file->bytes)
		describe_address(
		    raw, sizeof(raw), file, address - m->image.bias);
	image_escape(text, size, raw);
}

static void
print_place(struct output *out, const struct machine *m,
    const struct image_bytes *file, uint64_t address, bool is_return)
{
	char text[IMAGE_ESCAPED(PLACE)];

	/* A return address belongs to the call before it, which may be the last
	 * instruction of its function. */
	report_place(text, sizeof(text), m, file, address - is_return);
	output_print(
	    out, "0x%" PRIx64 "%s%s\n", address, text[0] ? " " : "", text);
}

static void
print_registers(struct output *out, const struct user_context *c)
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
		output_print(
		    out, "  %-6s 0x%016" PRIx64, registers[i].name, value);
		if (i % 3 == 2 || i == count - 1)
			output_print(out, "\n");
	}
	output_print(out, "  fs_base 0x%" PRIx64 "  gs_base 0x%" PRIx64 "\n",
	    c->fs_base, c->gs_base);
}

static void
print_frame(struct output *out, const struct machine *m,
    const struct image_bytes *file, unsigned n, uint64_t address)
{
	output_print(out, "  #%u ", n);
	print_place(out, m, file, address, n > 0);
}

/* A function's first instruction has not made a frame yet, nor has a call of an
 * address without code: the stack holds only the return address. */
static bool
is_without_frame(const struct vcpu *vcpu, const struct image_bytes *file,
    const struct user_context *c)
{
	struct symbol symbol;

	if (trap_is_bad_jump(&vcpu->flight.trap))
		return true;
	return file->bytes &&
	       symbols_find(file->bytes, file->size,
		   c->regs.rip - vcpu->machine->image.bias, &symbol) == 0 &&
	       symbol.offset == 0;
}

static time_t
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/*
 * Follow frame pointers (psABI 3.2.2): rbp points to the caller's rbp and the
 * return address.  Each frame lies above the last; anything else ends the walk.
 */
static void
print_backtrace(struct output *out, const struct vcpu *vcpu,
    const struct image_bytes *file, const struct user_context *c)
{
	static const struct image_bytes nameless;
	const struct machine *m = vcpu->machine;
	const time_t since = seconds();
	uint64_t frame[2] = { c->regs.rbp, 0 };
	uint64_t last = 0;
	unsigned n = 0;

	output_print(out, "  backtrace:\n");
	print_frame(out, m, file, n++, c->regs.rip);
	if (is_without_frame(vcpu, file, c) &&
	    gmem_read(&m->mem, &last, c->regs.rsp, sizeof(last)) == 0)
		print_frame(out, m, file, n++, last);
	for (last = 0; n < MAX_FRAMES && frame[0] > last; n++) {
		last = frame[0];
		if (gmem_read(&m->mem, frame, last, sizeof(frame)) < 0 ||
		    frame[1] == 0)
			return;
		/* Each name is looked for in all of the file's tables. */
		if (seconds() - since > NAMING_S)
			file = &nameless;
		print_frame(out, m, file, n, frame[1]);
	}
}

static void
print_trap(struct output *out, const struct trap *trap)
{
	const struct trap_info *info = trap_info(trap->vector);
	char error[96];

	trap_describe_error(trap, error, sizeof(error));
	output_print(out, "  trap #%s %s%s%s\n", info->mnemonic, info->text,
	    error[0] ? ", " : "", error);
}

void
report_fault(
    struct output *out, const struct machine *m, const struct image_bytes *file)
{
	struct vcpu *vcpu = m->culprit;
	struct user_context c;
	int r;

	if (!vcpu)
		return;
	r = vcpu_user_context(vcpu, &c);
	if (r < 0) {
		output_print(out, "  registers: %s\n", strerror(-r));
		return;
	}
	if (vcpu->thread.tid != 1)
		output_print(out, "  in thread %d\n", vcpu->thread.tid);
	output_print(out, "  at ");
	print_place(out, m, file, c.regs.rip, false);
	print_trap(out, &vcpu->flight.trap);
	print_registers(out, &c);
	print_backtrace(out, vcpu, file, &c);
}
