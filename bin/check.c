/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --check and --probe: what a guest is and what this host can do, without
 * running the guest.  Nothing here may know how a guest is run.
 */
#include "check.h"

#include "imports.h"
#include "open.h"
#include "policy.h"
#include "program.h"
#include "run.h"
#include "sandbox.h"
#include "say.h"

#include "hypercall/core/cure.h"
#include "hypercall/core/refused.h"
#include "image/calls.h"
#include "vm/machine.h"
#include "vm/probe.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The guest that is checked: static, for a process checks one guest. */
static struct {
	struct program program;
	struct machine machine; /* its tree of files only */
} checked;

static const char *
kind_of(const struct image *image)
{
	if (image->flat)
		return "ToroV flat image";
	if (image->interp_len > 0)
		return image->pie ? "position-independent ELF" : "ELF";
	return image->pie ? "static position-independent ELF" : "static ELF";
}

static void
print_segment(const struct image *image, const struct image_segment *s)
{
	printf("segment       0x%08" PRIx64 " %10" PRIu64 " bytes %c%c%c\n",
	    s->vaddr + image->bias, s->memsz, s->prot & PROT_READ ? 'r' : '-',
	    s->prot & PROT_WRITE ? 'w' : '-', s->prot & PROT_EXEC ? 'x' : '-');
}

static void
print_image(const struct options *o, const struct program *p)
{
	const struct image *image = &p->image;
	unsigned i;

	say_line(stdout, "guest         %s", o->guest);
	for (i = 0; i < p->words; i++)
		say_line(stdout, "%s%s", i == 0 ? "script of     " : "  ",
		    p->word[i]);
	printf("kind          %s\n", kind_of(image));
	if (image->interp_len > 0)
		say_line(stdout, "interpreter   %s", p->interp_name);
	printf("entry         0x%08" PRIx64 "\n", image->entry + image->bias);
	for (i = 0; i < image->segments; i++)
		print_segment(image, &image->segment[i]);
	printf("memory        ends at 0x%08" PRIx64 "; --memory is"
	       " 0x%08" PRIx64 "\n",
	    image->end + image->bias, o->memory);
}

/* Print the hypercalls that are in `a` and not in `b`. */
static void
print_set(const char *what, const struct hc_set *a, const struct hc_set *b)
{
	bool any = false;
	uint32_t nr;

	for (nr = 0; nr < HYPERCALL_END; nr++) {
		if (!hc_set_has(a, nr) || hc_set_has(b, nr))
			continue;
		printf("%s%s", any ? " " : what, hc_row(nr)->name);
		any = true;
	}
	if (any)
		putchar('\n');
}

/* Print how the guest's policy differs from the default. */
static void
print_allowance(const struct options *o)
{
	char rule[HC_NET_RULE_TEXT];
	struct hc_set base = { 0 };
	unsigned i;

	hc_set_change(&base, OPTIONS_ALLOWED, strlen(OPTIONS_ALLOWED));
	if (o->volume_calls)
		hc_set_change(
		    &base, OPTIONS_VOLUME_CALLS, strlen(OPTIONS_VOLUME_CALLS));
	printf("allowed       %s%s\n", OPTIONS_ALLOWED,
	    o->volume_calls ? ", and " OPTIONS_VOLUME_CALLS " by a volume"
			    : "");
	print_set("  and         ", &o->allowed, &base);
	print_set("  without     ", &base, &o->allowed);
	if (o->jit)
		puts("  and         " OPTIONS_JIT
		     ", writable and executable memory");
	for (i = 0; i < o->nets; i++) {
		hc_net_rule_text(&o->net[i], rule);
		printf("  only        %s\n", rule);
	}
	printf("denied        %s\n", on_deny_name(o->on_deny));
	for (i = 0; i < o->volumes; i++)
		say_line(stdout, "volume        %s at %s%s", o->volume[i].host,
		    o->volume[i].guest,
		    o->volume[i].read_only ? ", read-only" : "");
	printf("sandbox       %s%s%s\n", sandbox_name(o->sandbox),
	    o->new_pid ? ", process namespace" : "",
	    o->new_mount ? ", no files but the guest's" : "");
	if (o->debugger)
		say_line(stdout, "debugger      %s, started", o->debugger);
	if (o->gdb)
		say_line(stdout, "debugger      %s%s", o->gdb,
		    o->gdb_wait ? ", waited for" : "");
}

/* A list of names in lines of a terminal's width; the first line begins with
 * `what`. */
#define WIDTH  78
#define INDENT 14

struct names {
	const char *what;
	int column; /* 0: nothing was printed yet */
};

static void
print_name(struct names *names, const char *name)
{
	int length = (int)strlen(name);

	if (names->column == 0)
		names->column = printf("%-*s", INDENT, names->what);
	else if (names->column + 1 + length > WIDTH)
		names->column = printf("\n%*s", INDENT, "") - 1;
	else
		names->column += printf(" ");
	names->column += printf("%s", name);
}

static void
end_names(const struct names *names)
{
	if (names->column)
		putchar('\n');
}

/* How a call would be answered: one list each. */
enum fate {
	SERVED,
	DENIED,
	UNKNOWN,
	REFUSED,
};

static enum fate
fate_of(const struct options *o, uint32_t number)
{
	if (hc_row(number))
		return hc_set_has(&o->allowed, number) ? SERVED : DENIED;
	return hc_is_refused(number) ? REFUSED : UNKNOWN;
}

static void
print_fate(const struct options *o, const struct image_calls *calls,
    enum fate fate, const char *what)
{
	struct names names = { what, 0 };
	uint32_t number;

	for (number = 0; number < IMAGE_CALLS; number++) {
		const struct hc_row *row = hc_row(number);
		const char *name = row ? row->name : hc_linux_name(number);

		if (name && image_calls_has(calls, number) &&
		    fate_of(o, number) == fate)
			print_name(&names, name);
	}
	end_names(&names);
}

/* The smallest --allow for the forbidden calls, and for what makes code, unless
 * that is NULL. */
static void
print_cure(const struct options *o, const struct image_calls *calls,
    const char *engine)
{
	const bool jit = engine && !o->jit;

	struct hc_set forbidden = { 0 };
	const struct hc_wish wish = {
		.allowed = &o->allowed,
		.calls = &forbidden,
	};
	char cure[HC_CURE_TEXT];
	uint32_t number;

	for (number = 0; number < HYPERCALL_END; number++)
		if (image_calls_has(calls, number) &&
		    fate_of(o, number) == DENIED)
			(void)hc_set_add(&forbidden, number);
	hc_cure(&wish, cure);
	if (cure[0] || jit)
		printf("%-*s--allow=%s%s%s\n", INDENT, "  cure", cure,
		    cure[0] && jit ? "," : "", jit ? OPTIONS_JIT : "");
}

#define SCAN_BYTES ((size_t)1 << 16)

/* The calls that the code shows, and how each would be answered. */
static void
print_calls(const struct options *o, const struct image_calls *calls,
    const char *engine)
{
	print_fate(o, calls, SERVED, "it may call");
	print_fate(o, calls, DENIED, "  forbidden");
	if (engine)
		printf("%-*s%s\n", INDENT, "  makes code", engine);
	print_cure(o, calls, engine);
	print_fate(o, calls, UNKNOWN, "  unknown");
	print_fate(o, calls, REFUSED, "  unsupported");
	if (calls->blind)
		printf("  unclear     %u of %u call sites %s number\n",
		    calls->blind, calls->sites,
		    calls->blind == 1 ? "does not show its"
				      : "do not show their");
}

/* Add the calls of one segment, as far as its file can be read: it is not
 * mapped, because another program may truncate it meanwhile. */
static void
scan_segment(const struct image_segment *s, int fd, struct image_calls *calls)
{
	static uint8_t code[IMAGE_CALLS_BEFORE + SCAN_BYTES];
	size_t before = 0;
	uint64_t at;
	ssize_t n;

	for (at = 0; at < s->filesz; at += (uint64_t)n) {
		const uint64_t left = s->filesz - at;

		n = pread(fd, code + before,
		    left < SCAN_BYTES ? (size_t)left : SCAN_BYTES,
		    (off_t)(s->offset + at));
		if (n <= 0)
			return;
		image_calls_add(calls, code, before + (size_t)n, before);
		before += (size_t)n;
		if (before > IMAGE_CALLS_BEFORE) {
			memmove(code, code + before - IMAGE_CALLS_BEFORE,
			    IMAGE_CALLS_BEFORE);
			before = IMAGE_CALLS_BEFORE;
		}
	}
}

static void
scan_image(const struct image *image, int fd, struct image_calls *calls)
{
	unsigned i;

	for (i = 0; i < image->segments; i++)
		if (image->segment[i].prot & PROT_EXEC)
			scan_segment(&image->segment[i], fd, calls);
}

/* Do guests run on this host?  A scratch guest is run to find out. */
static int
check_host(void)
{
	struct machine_error error;
	struct probe probe;
	int kvm = open_kvm();
	int r;

	if (kvm < 0)
		return STATUS_FAILED;
	r = probe_run(kvm, &probe, &error);
	close(kvm);
	if (r == 0)
		return STATUS_OK;
	say("%s", error.text);
	return STATUS_FAILED;
}

/* Folders are opened only for a program that needs them to be loaded. */
static int
follow(const struct options *o, int *status)
{
	struct hc_guest *guest = &checked.machine.guest;

	if (program_is_alone(&checked.program))
		return 0;
	*status = STATUS_FAILED;
	machine_init(&checked.machine);
	return policy_set(o, guest) < 0
		   ? -1
		   : program_follow(o, guest, &checked.program, status);
}

int
check_guest(const struct options *o)
{
	struct program *p = &checked.program;
	struct machine_error error;
	struct image_calls calls = { 0 };
	const char *engine;
	int status;

	if (program_open(o, p, &status) < 0 || follow(o, &status) < 0)
		return status;
	scan_image(&p->image, p->fd, &calls);
	if (p->interp.segments > 0)
		scan_image(&p->interp, p->interp_fd, &calls);
	engine = imports_add(p->fd, &calls);
	print_image(o, p);
	print_allowance(o);
	print_calls(o, &calls, engine);
	if (p->interp.segments > 0)
		puts("  unclear     its libraries may make other calls");
	if (machine_fits(&p->image, o->memory, &error) < 0) {
		say("%s: %s", o->guest, error.text);
		return STATUS_NOT_RUNNABLE;
	}
	status = check_host();
	if (status == STATUS_OK)
		puts("it would run here");
	return status;
}

static void
print_probe(const struct probe *p)
{
	static const char *const way[] = {
		[PROBE_NONE] = "not at all",
		[PROBE_EXIT_DEBUG] = "as KVM_EXIT_DEBUG",
		[PROBE_TRAP] = "through the shim's stubs",
	};

	printf("gate by I/O bitmap     %s\n", p->io_bitmap ? "yes" : "no");
	printf("gate by IOPL 3         %s\n", p->iopl ? "yes" : "no");
	printf("syscall arrives in     %s mode\n",
	    p->syscall_cpl == 0 ? "supervisor" : "user");
	printf("breakpoints arrive     %s\n", way[p->breakpoint]);
	printf("single steps arrive    %s\n", way[p->step]);
	printf("hardware breakpoints   %s\n", p->hw_breakpoint ? "yes" : "no");
	printf("hardware watchpoints   %s\n", p->hw_watchpoint ? "yes" : "no");
	printf("XSAVE components       0x%" PRIx64 "\n", p->xfeatures);
	printf("RDFSBASE for guests    %s\n", p->fsgsbase ? "yes" : "no");
}

int
probe_kvm(void)
{
	struct machine_error error;
	struct probe probe;
	int kvm = open_kvm();

	if (kvm < 0)
		return STATUS_UNUSABLE;
	if (probe_run(kvm, &probe, &error) < 0) {
		say("%s", error.text);
		return STATUS_UNUSABLE;
	}
	print_probe(&probe);
	sandbox_print_host();
	puts("guests run here");
	return STATUS_OK;
}
