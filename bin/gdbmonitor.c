/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands, a row each.  Nothing here may know packets, nor change what it
 * shows.
 */
#include "gdbmonitor.h"

#include "hypercall/trace.h"
#include "stats.h"
#include "vm/context.h"
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

struct command {
	const char *name;
	const char *usage; /* name and arguments */
	unsigned least, most;
	const char *purpose;
	void (*run)(struct machine *m, const struct words *w, struct text *out);
};

static bool
number(const char *word, uint64_t *value, struct text *out)
{
	char *end;

	errno = 0;
	*value = strtoull(word, &end, 0);
	if (isdigit((unsigned char)word[0]) && !*end && errno == 0)
		return true;
	text_printf(out, "\"%s\" is no number as C writes them.\n", word);
	return false;
}

/* A bit and its name; a list ends with a null name. */
struct flag {
	uint64_t bit;
	const char *name;
};

static void
put_flags(struct text *out, uint64_t value, const struct flag *flag)
{
	for (; flag->name; flag++)
		if (value & flag->bit)
			text_printf(out, " %s", flag->name);
	text_printf(out, "\n");
}

/* As the guest has it: nothing that is planted for a debugger is shown.  How
 * much of it is there: the pages of a file may be gone. */
static size_t
phys_read(const struct machine *m, uint64_t at, uint8_t *bytes, size_t n)
{
	size_t i;

	n = gmem_copy(bytes, m->mem.base + at, n);
	for (i = 0; i < n; i++) {
		const struct breakpoint *bp = breaks_at(
		    &m->debug.breaks, at + i);

		if (bp)
			bytes[i] = bp->original;
	}
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

/* Physical memory is RAM, the monitor, the page tables, in this order. */
static void
show_phys(struct machine *m, const struct words *w, struct text *out)
{
	const struct pagetable *pt = &m->mem.pt;
	uint64_t size = pt->gpa + pt->limit * PAGE_4K;
	uint64_t at, n = PHYS_DEFAULT;

	if (!number(w->word[1], &at, out) ||
	    (w->count > 2 && !number(w->word[2], &n, out)))
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
	{ PTE_NEVER_WRITE, "never to be writable" },
	{ PTE_CHARGED, "counted" },
	{ PTE_HUGE, "may be large" },
	{ PTE_NX, "no-execute" },
	{ 0 },
};

static void
show_walk(struct machine *m, const struct words *w, struct text *out)
{
	static const char *const names[] = { "PML4E", "PDPTE", "PDE", "PTE" };
	uint64_t entry[PT_LEVELS], at, size;
	unsigned levels, i;

	if (!number(w->word[1], &at, out))
		return;
	if ((uint64_t)((int64_t)(at << 16) >> 16) != at) {
		text_printf(out, "0x%" PRIx64 " is not canonical.\n", at);
		return;
	}
	levels = pt_walk(&m->mem.pt, at, entry);
	for (i = 0; i < levels; i++) {
		text_printf(out, "%-5s 0x%016" PRIx64, names[i], entry[i]);
		if (i == levels - 1 && levels < PT_LEVELS &&
		    entry[i] & PTE_LARGE)
			text_printf(out, " large page");
		put_flags(out, entry[i], entry_flags);
	}
	entry[0] = pt_lookup(&m->mem.pt, at, &size);
	if (pte_rights(entry[0]) & PTE_PRESENT)
		text_printf(out, "0x%" PRIx64 " is physical 0x%" PRIx64 ".\n",
		    at,
		    (entry[0] & PTE_ADDR & ~(size - 1)) | (at & (size - 1)));
	else
		text_printf(out, "0x%" PRIx64 " is not mapped.\n", at);
}

/* What lies at an address of the user's. */
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

/* How far the rights at `start` reach, before `end`. */
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
show_regions(struct machine *m, const struct words *w, struct text *out)
{
	uint64_t start, end, size, rights;

	(void)w;
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

static const struct flag cr0_flags[] = {
	{ CR0_PE, "PE" },
	{ CR0_MP, "MP" },
	{ 1 << 2, "EM" },
	{ 1 << 3, "TS" },
	{ CR0_ET, "ET" },
	{ CR0_NE, "NE" },
	{ CR0_WP, "WP" },
	{ CR0_AM, "AM" },
	{ 1 << 29, "NW" },
	{ 1 << 30, "CD" },
	{ CR0_PG, "PG" },
	{ 0 },
};

static const struct flag cr4_flags[] = {
	{ 1 << 2, "TSD" },
	{ 1 << 3, "DE" },
	{ CR4_PAE, "PAE" },
	{ CR4_PGE, "PGE" },
	{ CR4_OSFXSR, "OSFXSR" },
	{ CR4_OSXMMEXCPT, "OSXMMEXCPT" },
	{ CR4_FSGSBASE, "FSGSBASE" },
	{ CR4_OSXSAVE, "OSXSAVE" },
	{ 1 << 20, "SMEP" },
	{ 1 << 21, "SMAP" },
	{ 1 << 22, "PKE" },
	{ 0 },
};

static const struct flag efer_flags[] = {
	{ EFER_SCE, "SCE" },
	{ EFER_LME, "LME" },
	{ EFER_LMA, "LMA" },
	{ EFER_NXE, "NXE" },
	{ 0 },
};

static const struct flag no_flags[] = { { 0 } };

static void
put_register(struct text *out, const char *name, uint64_t value,
    const struct flag *flags)
{
	text_printf(out, "%-5s 0x%" PRIx64, name, value);
	put_flags(out, value, flags);
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
	put_register(out, "CR0", s->cr0, cr0_flags);
	put_register(out, "CR2", s->cr2, no_flags);
	put_register(out, "CR3", s->cr3, no_flags);
	put_register(out, "CR4", s->cr4, cr4_flags);
	put_register(out, "EFER", s->efer, efer_flags);
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
show_registers(struct machine *m, const struct words *w, struct text *out)
{
	unsigned i;

	(void)w;
	for (i = 0; i < m->vcpus; i++) {
		struct vcpu *vcpu = &m->vcpu[i];
		struct kvm_sregs sregs;
		int r = vcpu_sregs(vcpu, &sregs);

		text_printf(out, "vCPU %u, thread %d", i, vcpu->thread.tid);
		if (vcpu->frame)
			text_printf(out, ", in the monitor's stub of trap %u",
			    vcpu->trap.vector);
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
show_counters(struct machine *m, const struct words *w, struct text *out)
{
	(void)w;
	stats_each(m, put_count, out);
}

/* At rest a call that was interrupted is one that is still to be made. */
static bool
at_hypercall(struct vcpu *vcpu)
{
	uint8_t code[HYPERCALL_GATE_SIZE];

	if (breaks_read(&vcpu->machine->debug.breaks, vcpu_user_rip(vcpu), code,
		sizeof(code)) < sizeof(code))
		return false;
	return memcmp(code, (const uint8_t[]){ 0xe7, PORT_HYPERCALL },
		   sizeof(code)) == 0 ||
	       memcmp(code, "\x0f\x05", sizeof(code)) == 0;
}

static void
put_hypercall(struct vcpu *vcpu, struct text *out)
{
	static struct hc_trace trace = {
		.lines = true,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	static struct hc_traced traced;
	const struct kvm_regs *regs = vcpu_regs(vcpu);
	const struct hc_call call = {
		.guest = &vcpu->machine->guest,
		.thread = &vcpu->thread,
		.arg = { regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8,
		    regs->r9, regs->rcx },
	};

	/* A trace of its own, which never gets to write a line and so needs no
	 * hc_trace_init(), which looks at files. */
	memset(&trace.wanted, 0xff, sizeof(trace.wanted));
	trace.first = NULL;
	trace.last = &trace.first;
	hc_trace_enter(&trace, &traced, &call, (uint32_t)regs->rax);
	text_printf(out, "%.*s", (int)(traced.line.used - HEAD),
	    traced.line.text + HEAD);
}

static void
show_hypercall(struct machine *m, const struct words *w, struct text *out)
{
	unsigned i;

	(void)w;
	for (i = 0; i < m->vcpus; i++) {
		struct vcpu *vcpu = &m->vcpu[i];

		text_printf(out, "thread %d: ", vcpu->thread.tid);
		if (at_hypercall(vcpu))
			put_hypercall(vcpu, out);
		else
			text_printf(out, "none");
		text_printf(out, "\n");
	}
}

static const struct command commands[] = {
	{ "phys", "phys ADDRESS [LENGTH]", 1, 2,
	    "physical memory, in bytes and characters", show_phys },
	{ "walk", "walk ADDRESS", 1, 1,
	    "the paging entries that lead to an address", show_walk },
	{ "regions", "regions", 0, 0, "what is mapped where, and its rights",
	    show_regions },
	{ "registers", "registers", 0, 0,
	    "control registers and segments, with their flags",
	    show_registers },
	{ "counters", "counters", 0, 0, "exits, hypercalls and stops so far",
	    show_counters },
	{ "hypercall", "hypercall", 0, 0, "the hypercall each thread is at",
	    show_hypercall },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

bool
gdbmonitor_help(size_t nth, const char **name, const char **purpose)
{
	if (nth >= COMMANDS)
		return false;
	*name = commands[nth].usage;
	*purpose = commands[nth].purpose;
	return true;
}

/* Cut at blanks; words behind the last there is a place for are counted. */
static void
split(struct words *w, char *line)
{
	char *word;

	w->count = 0;
	for (word = strtok(line, " \t"); word; word = strtok(NULL, " \t"))
		if (w->count <= WORDS_MAX)
			w->word[w->count++] = word;
}

int
gdbmonitor_run(struct machine *m, const char *command, struct text *out)
{
	char line[256];
	struct words w;
	size_t i;

	if (strlen(command) >= sizeof(line))
		return -ENOENT;
	strcpy(line, command);
	split(&w, line);
	for (i = 0; w.count > 0 && i < COMMANDS; i++) {
		const struct command *c = &commands[i];

		if (strcmp(w.word[0], c->name) != 0)
			continue;
		if (w.count - 1 < c->least || w.count - 1 > c->most)
			text_printf(out, "usage: monitor %s\n", c->usage);
		else
			c->run(m, &w, out);
		return 0;
	}
	return -ENOENT;
}
