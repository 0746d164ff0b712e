/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands, one row each.  Nothing here may know packets, or change the
 * machine but for its trace.
 */
#include "debugger/command.h"

#include "debugger/tables.h"
#include "debugger/travel.h"
#include "debugger/value.h"
#include "gdb/regs.h"
#include "hypercall/trace/trace.h"
#include "vm/context.h"
#include "vm/core.h"
#include "vm/counts.h"
#include "vm/x86.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX    3 /* a command and its arguments */
#define PHYS_DEFAULT 64
#define PHYS_MAX     4096
#define PHYS_LINE    16

struct words {
	unsigned count;
	char *word[WORDS_MAX + 1];
};

/* A command as it was typed. */
struct typed {
	struct debugger_target *target;
	struct machine *machine; /* the target's */
	int tid;                 /* the thread that the user has selected */
	struct words words;
	bool *later; /* to be set: the output comes later */
};

struct command {
	const char *name;
	const char *usage; /* name and arguments */
	unsigned least, most;
	const char *purpose;
	void (*run)(const struct typed *c, struct text *out);
};

/* The value of an argument. */
static bool
take_value(
    const struct typed *c, unsigned word, uint64_t *value, struct text *out)
{
	return debugger_value(
	    c->target, c->tid, c->words.word[word], value, out);
}

/* A bit and its name; a null name ends a list. */
struct flag {
	uint64_t bit;
	const char *name;
};

static void
put_bits(struct text *out, uint64_t value, const struct flag *flag)
{
	for (; flag->name; flag++)
		if (value & flag->bit)
			text_printf(out, " %s", flag->name);
	text_printf(out, "\n");
}

/* Copy memory as the guest has it, without planted breakpoints.  How many bytes
 * there are: pages of a truncated file are lost. */
static size_t
phys_read(const struct machine *m, uint64_t at, uint8_t *bytes, size_t n)
{
	n = gmem_copy(bytes, m->mem.base + at, n);
	breaks_restore(&m->debug.breaks, at, bytes, n);
	return n;
}

static void
put_line(const struct machine *m, uint64_t at, size_t n, struct text *out)
{
	uint8_t bytes[PHYS_LINE];
	size_t i;

	n = phys_read(m, at, bytes, n);
	text_printf(out, "0x%09" PRIx64 " ", at);
	for (i = 0; i < PHYS_LINE; i++)
		if (i < n)
			text_printf(out, " %02x", bytes[i]);
		else
			text_printf(out, "   ");
	text_printf(out, "  ");
	for (i = 0; i < n; i++)
		text_printf(
		    out, "%c", isprint(bytes[i]) ? (char)bytes[i] : '.');
	text_printf(out, "\n");
}

/* Physical memory is RAM, the shim, the page tables, in this order. */
static void
show_phys(const struct typed *c, struct text *out)
{
	const struct words *w = &c->words;
	const struct machine *m = c->machine;
	const struct pagetable *pt = &m->mem.pt;
	uint64_t size = pt->gpa + pt->limit * PAGE_4K;
	uint64_t at, n = PHYS_DEFAULT;

	if (!take_value(c, 1, &at, out) ||
	    (w->count > 2 && !take_value(c, 2, &n, out)))
		return;
	if (at >= size || n > size - at) {
		text_printf(
		    out, "Physical memory ends at 0x%" PRIx64 ".\n", size);
		return;
	}
	if (n > PHYS_MAX) {
		text_printf(out, "At most %d bytes at a time.\n", PHYS_MAX);
		return;
	}
	for (; n > PHYS_LINE; at += PHYS_LINE, n -= PHYS_LINE)
		put_line(m, at, PHYS_LINE, out);
	put_line(m, at, n, out);
}

static const struct flag entry_flags[] = {
	{ PTE_PRESENT, "present" },
	{ PTE_WRITE, "writable" },
	{ PTE_USER, "user" },
	{ PTE_ACCESSED, "accessed" },
	{ PTE_DIRTY, "dirty" },
	{ PTE_TAKEN, "taken" },
	{ PTE_HELD_PRESENT, "access withheld by a watchpoint" },
	{ PTE_HELD_WRITE, "writing withheld by a watchpoint" },
	{ PTE_FILE, "of a file" },
	{ PTE_SHARED, "shared" },
	{ PTE_NEVER_WRITE, "never writable" },
	{ PTE_CHARGED, "counted" },
	{ PTE_HUGE, "may be large" },
	{ PTE_LAZY, "waits for its first use" },
	{ PTE_COPIED, "a copy of a file" },
	{ PTE_NX, "no-execute" },
	{ 0 },
};

static void
show_walk(const struct typed *c, struct text *out)
{
	static const char *const names[] = { "PML4E", "PDPTE", "PDE", "PTE" };
	const struct machine *m = c->machine;
	uint64_t entry[PT_LEVELS], at, size;
	unsigned levels, i;

	if (!take_value(c, 1, &at, out))
		return;
	if (!x86_is_canonical(at)) {
		text_printf(out, "0x%" PRIx64 " is not canonical.\n", at);
		return;
	}
	levels = pt_walk(&m->mem.pt, at, entry);
	for (i = 0; i < levels; i++) {
		text_printf(out, "%-5s 0x%016" PRIx64, names[i], entry[i]);
		if (i == levels - 1 && levels < PT_LEVELS &&
		    entry[i] & PTE_LARGE)
			text_printf(out, " large page");
		put_bits(out, entry[i], entry_flags);
	}
	entry[0] = pt_lookup(&m->mem.pt, at, &size);
	if (pte_rights(entry[0]) & PTE_PRESENT)
		text_printf(out, "0x%" PRIx64 " is physical 0x%" PRIx64 ".\n",
		    at,
		    (entry[0] & PTE_ADDR & ~(size - 1)) | (at & (size - 1)));
	else
		text_printf(out, "0x%" PRIx64 " is not mapped.\n", at);
}

/* The use of an address in user space. */
static const char *
use_of(const struct machine *m, uint64_t at)
{
	const struct image *image = &m->image;
	unsigned i;

	for (i = 0; i < image->segments; i++) {
		uint64_t start = image->segment[i].vaddr + image->bias;

		if (at >= (start & ~PAGE_4K_MASK) &&
		    at < start + image->segment[i].memsz)
			return "image";
	}
	if (at >= m->guest.space.brk_start && at < m->guest.space.brk)
		return "break";
	return at >= m->stack_bottom ? "stack" : "mapping";
}

#define RIGHTS (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_NX | PTE_TAKEN)

/* The end of the region at `start`, at most `end`: rights and use are the same
 * in all of it. */
static uint64_t
region_end(const struct machine *m, uint64_t start, uint64_t end)
{
	uint64_t size, at = start;
	uint64_t rights = pte_rights(pt_lookup(&m->mem.pt, at, &size)) & RIGHTS;
	const char *use = use_of(m, start);

	do
		at = (at & ~(size - 1)) + size;
	while (
	    at < end &&
	    (pte_rights(pt_lookup(&m->mem.pt, at, &size)) & RIGHTS) == rights &&
	    use_of(m, at) == use);
	return at < end ? at : end;
}

static void
show_regions(const struct typed *c, struct text *out)
{
	const struct machine *m = c->machine;
	uint64_t start, end, size, rights;

	for (start = 0; start < m->mem.size && !out->full; start = end) {
		end = region_end(m, start, m->mem.size);
		rights = pte_rights(pt_lookup(&m->mem.pt, start, &size));
		if (!(rights & (PTE_PRESENT | PTE_TAKEN)))
			continue;
		text_printf(out,
		    "0x%09" PRIx64 "-0x%09" PRIx64 " %c%c%c %8" PRIu64
		    " KiB %s\n",
		    start, end, rights & PTE_PRESENT ? 'r' : '-',
		    rights & PTE_WRITE ? 'w' : '-',
		    !(rights & PTE_PRESENT) || rights & PTE_NX ? '-' : 'x',
		    (end - start) >> 10, use_of(m, start));
	}
}

/* A register of the stub's list, and the names of the flags that it has. */
static void
put_register(
    struct text *out, const char *name, unsigned number, uint64_t value)
{
	struct regs_flag flag;
	size_t i;

	text_printf(out, "%-5s 0x%" PRIx64, name, value);
	for (i = 0; regs_flag(number, i, &flag); i++)
		if (value >> flag.low & 1)
			text_printf(out, " %s", flag.name);
	text_printf(out, "\n");
}

static void
put_segment(struct text *out, const char *name, const struct kvm_segment *s)
{
	text_printf(out,
	    "%-5s 0x%04x base 0x%-16llx limit 0x%08x type %2u dpl %u%s%s%s\n",
	    name, s->selector, s->base, s->limit, s->type, s->dpl,
	    s->l ? " 64-bit" : "", s->present ? " present" : "",
	    s->unusable ? " unusable" : "");
}

static void
put_sregs(struct text *out, const struct kvm_sregs *s)
{
	put_register(out, "CR0", REG_cr0, s->cr0);
	put_register(out, "CR2", REG_cr2, s->cr2);
	put_register(out, "CR3", REG_cr3, s->cr3);
	put_register(out, "CR4", REG_cr4, s->cr4);
	put_register(out, "EFER", REG_efer, s->efer);
	put_segment(out, "CS", &s->cs);
	put_segment(out, "SS", &s->ss);
	put_segment(out, "DS", &s->ds);
	put_segment(out, "ES", &s->es);
	put_segment(out, "FS", &s->fs);
	put_segment(out, "GS", &s->gs);
	put_segment(out, "TR", &s->tr);
	put_segment(out, "LDT", &s->ldt);
	text_printf(
	    out, "GDT   base 0x%llx limit 0x%x\n", s->gdt.base, s->gdt.limit);
	text_printf(
	    out, "IDT   base 0x%llx limit 0x%x\n", s->idt.base, s->idt.limit);
}

static void
show_registers(const struct typed *c, struct text *out)
{
	struct machine *m = c->machine;
	unsigned i;

	for (i = 0; i < m->vcpus; i++) {
		struct vcpu *vcpu = &m->vcpu[i];
		struct kvm_sregs sregs;
		int r;

		if (!thread_lives(vcpu))
			continue;
		r = vcpu_sregs(vcpu, &sregs);
		text_printf(out, "vCPU %u, thread %d", i, vcpu->thread.tid);
		if (vcpu->flight.frame)
			text_printf(out, ", in the shim's stub of trap %u",
			    vcpu->flight.trap.vector);
		text_printf(out, "\n");
		if (r < 0)
			text_printf(out, "KVM_GET_SREGS: %s\n", strerror(-r));
		else
			put_sregs(out, &sregs);
	}
}

static void
put_count(void *ctx, const char *what, const char *name, uint64_t n)
{
	text_printf(ctx, "%-12s %-20s %12" PRIu64 "\n", what, name, n);
}

static void
show_stats(const struct typed *c, struct text *out)
{
	machine_each_count(c->machine, put_count, out);
}

/* Does the vCPU rest before a hypercall?  An interrupted call is made again. */
static bool
at_hypercall(struct vcpu *vcpu)
{
	static const uint8_t gate[] = { HYPERCALL_GATE };
	static const uint8_t call[] = { HYPERCALL_SYSCALL };
	uint8_t code[HYPERCALL_GATE_SIZE];

	if (breaks_read(&vcpu->machine->debug.breaks, vcpu_user_rip(vcpu), code,
		sizeof(code)) < sizeof(code))
		return false;
	return memcmp(code, gate, sizeof(code)) == 0 ||
	       memcmp(code, call, sizeof(code)) == 0;
}

static void
put_hypercall(struct vcpu *vcpu, struct text *out)
{
	static struct hc_trace trace = {
		.lines = true,
		.most = HC_TRACE_BYTES,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	static struct hc_traced traced;
	const struct kvm_regs *regs = vcpu_regs(vcpu);
	const struct hc_call call = {
		.guest = &vcpu->machine->guest,
		.thread = &vcpu->thread,
		.sp = regs->rsp,
		.arg = { regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8,
		    regs->r9, regs->rcx },
	};

	/* This trace formats one line and writes none. */
	memset(&trace.wanted, 0xff, sizeof(trace.wanted));
	trace.first = NULL;
	trace.last = &trace.first;
	hc_trace_enter(&trace, &traced, &call, (uint32_t)regs->rax);
	text_printf(out, "%.*s", (int)(traced.line.used - HEAD),
	    traced.line.text + HEAD);
}

static void
show_hypercall(const struct typed *c, struct text *out)
{
	struct machine *m = c->machine;
	unsigned i;

	for (i = 0; i < m->vcpus; i++) {
		struct vcpu *vcpu = &m->vcpu[i];

		if (!thread_lives(vcpu))
			continue;
		text_printf(out, "thread %d: ", vcpu->thread.tid);
		if (at_hypercall(vcpu))
			put_hypercall(vcpu, out);
		else
			text_printf(out, "none");
		text_printf(out, "\n");
	}
}

static void
show_fds(const struct typed *c, struct text *out)
{
	(void)debugger_table_text(c->target, "files", out);
}

static void
show_hypercalls(const struct typed *c, struct text *out)
{
	(void)debugger_table_text(c->target, "hypercalls", out);
}

/* A trace that began with the guest keeps its own choice of calls.  Another
 * shows no time of day, so it does without hc_trace_init(), which reads files
 * that the sandbox has closed. */
static void
switch_trace(const struct typed *c, struct text *out)
{
	static struct hc_trace trace = {
		.most = HC_TRACE_BYTES,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	struct hc_guest *guest = &c->machine->guest;
	bool on = strcmp(c->words.word[1], "on") == 0;

	if (!on && strcmp(c->words.word[1], "off") != 0) {
		text_printf(out, "usage: monitor trace on|off\n");
		return;
	}
	if (on && !guest->trace) {
		trace.out = c->target->output;
		memset(&trace.wanted, 0xff, sizeof(trace.wanted));
		memset(&trace.counted, 0xff, sizeof(trace.counted));
		trace.last = &trace.first;
		hc_trace_attach(guest, &trace);
	}
	if (guest->trace)
		guest->trace->lines = on;
	text_printf(out, "Hypercalls are %straced.\n", on ? "" : "not ");
}

/* After the start no file can be opened but the one that --core names. */
static void
write_core(const struct typed *c, struct text *out)
{
	const struct debugger_target *t = c->target;
	struct machine_error error;

	if (c->words.count > 1 || !t->core_place)
		text_printf(out,
		    "novillo can open no file now but that of --core: start "
		    "it with --core=FILE and type `monitor core`, or use "
		    "gdb's `generate-core-file`.\n");
	else if (core_write(c->machine, t->core_place, &error) < 0)
		text_printf(out, "The core is not written: %s: %s.\n",
		    t->core_place->path, error.text);
	else
		text_printf(
		    out, "The core is written: %s.\n", t->core_place->path);
}

static void
show_place(const struct typed *c, struct text *out)
{
	*c->later = travel_when(c->target, out);
}

static void
go_to_place(const struct typed *c, struct text *out)
{
	travel_goto(c->target, c->tid, c->words.word[1], out);
}

static void
look_for_write(const struct typed *c, bool changes, struct text *out)
{
	uint64_t at, n;

	if (take_value(c, 1, &at, out) && take_value(c, 2, &n, out))
		*c->later = travel_last_write(c->target, at, n, changes, out);
}

static void
show_last_write(const struct typed *c, struct text *out)
{
	look_for_write(c, false, out);
}

static void
show_last_change(const struct typed *c, struct text *out)
{
	look_for_write(c, true, out);
}

static void
make_checkpoint(const struct typed *c, struct text *out)
{
	*c->later = travel_mark(c->target, out);
}

static void
show_checkpoints(const struct typed *c, struct text *out)
{
	travel_checkpoints(c->target, out);
}

static const struct command commands[] = {
	{ "phys", "phys ADDRESS [LENGTH]", 1, 2,
	    "physical memory, in bytes and characters", show_phys },
	{ "walk", "walk ADDRESS", 1, 1,
	    "the paging entries that lead to an address", show_walk },
	{ "regions", "regions", 0, 0,
	    "the mapped regions, their rights and their use", show_regions },
	{ "registers", "registers", 0, 0,
	    "control registers and segments, with their flags",
	    show_registers },
	{ "stats", "stats", 0, 0, "exits, hypercalls and stops so far",
	    show_stats },
	{ "hypercall", "hypercall", 0, 0,
	    "the hypercall that each thread is making", show_hypercall },
	{ "hypercalls", "hypercalls", 0, 0,
	    "hypercalls so far; errors and times of those traced",
	    show_hypercalls },
	{ "fds", "fds", 0, 0, "the guest's descriptors", show_fds },
	{ "trace", "trace on|off", 1, 1,
	    "show hypercalls as --trace does, or stop that", switch_trace },
	{ "core", "core", 0, 1, "write the core file of --core now",
	    write_core },
	{ "when", "when", 0, 0, "the name of this place in a recording",
	    show_place },
	{ "goto", "goto PLACE", 1, 1, "let `continue` lead to that place",
	    go_to_place },
	{ "last-write", "last-write ADDRESS LENGTH", 2, 2,
	    "the place in a recording where memory was last written",
	    show_last_write },
	{ "last-change", "last-change ADDRESS LENGTH", 2, 2,
	    "the same for the last change, from copies of the guest",
	    show_last_change },
	{ "checkpoint", "checkpoint", 0, 0,
	    "keep the name of this place, and a copy of the guest",
	    make_checkpoint },
	{ "checkpoints", "checkpoints", 0, 0,
	    "a replay's copies of the guest, and what they cost",
	    show_checkpoints },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

bool
debugger_command_help(size_t nth, const char **name, const char **purpose)
{
	if (nth >= COMMANDS)
		return false;
	*name = commands[nth].usage;
	*purpose = commands[nth].purpose;
	return true;
}

/* Split at blanks.  One word too many is kept, so that it is counted. */
static void
split_words(struct words *w, char *line)
{
	char *word;

	w->count = 0;
	for (word = strtok(line, " \t"); word; word = strtok(NULL, " \t"))
		if (w->count <= WORDS_MAX)
			w->word[w->count++] = word;
}

int
debugger_command(
    struct debugger_target *t, int tid, const char *typed, struct text *out)
{
	bool later = false;
	struct typed now = {
		.target = t,
		.machine = t->machine,
		.tid = tid,
		.later = &later,
	};
	struct words *w = &now.words;
	char line[256];
	size_t i;

	if (strlen(typed) >= sizeof(line))
		return -ENOENT;
	strcpy(line, typed);
	split_words(w, line);
	for (i = 0; w->count > 0 && i < COMMANDS; i++) {
		const struct command *c = &commands[i];

		if (strcmp(w->word[0], c->name) != 0)
			continue;
		if (w->count - 1 < c->least || w->count - 1 > c->most)
			text_printf(out, "usage: monitor %s\n", c->usage);
		else
			c->run(&now, out);
		return later ? -EINPROGRESS : 0;
	}
	return -ENOENT;
}
