/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --check and --probe: what a guest is and what this machine can do, without
 * running the guest.  Nothing here may know how a guest is run.
 */
#include "run.h"

#include "hypercall/refused.h"
#include "image/calls.h"
#include "sandbox.h"
#include "vm/machine.h"
#include "vm/probe.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void
print_segment(const struct image *image, const struct image_segment *s)
{
	printf("segment       0x%08" PRIx64 " %10" PRIu64 " bytes %c%c%c\n",
	    s->vaddr + image->bias, s->memsz, s->prot & PROT_READ ? 'r' : '-',
	    s->prot & PROT_WRITE ? 'w' : '-', s->prot & PROT_EXEC ? 'x' : '-');
}

static void
print_image(const struct options *o, const struct image *image)
{
	unsigned i;

	printf("guest         %s\n", o->guest);
	printf("kind          %s\n", image->flat ? "ToroV flat image"
				     : image->pie
					 ? "static position-independent ELF"
					 : "static ELF");
	printf("entry         0x%08" PRIx64 "\n", image->entry + image->bias);
	for (i = 0; i < image->segments; i++)
		print_segment(image, &image->segment[i]);
	printf("memory        0x%08" PRIx64 " is its end; --memory is"
	       " 0x%08" PRIx64 "\n",
	    image->end + image->bias, o->memory);
}

/* The hypercalls that `a` has and `b` has not. */
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

/* What the guest may do that others may not, and the other way round. */
static void
print_allowance(const struct options *o)
{
	char rule[HC_NET_RULE_TEXT];
	struct hc_set base = { 0 };
	unsigned i;

	hc_set_change(&base, OPTIONS_ALLOWED, strlen(OPTIONS_ALLOWED));
	printf("allowed       %s\n", OPTIONS_ALLOWED);
	print_set("  and         ", &o->allowed, &base);
	print_set("  without     ", &base, &o->allowed);
	for (i = 0; i < o->nets; i++) {
		hc_net_rule_text(&o->net[i], rule);
		printf("  only        %s\n", rule);
	}
	printf("denied        %s\n", on_deny_name(o->on_deny));
	for (i = 0; i < o->volumes_n; i++)
		printf("volume        %s at %s%s\n", o->volumes[i].host,
		    o->volumes[i].guest,
		    o->volumes[i].read_only ? ", read-only" : "");
	printf("sandbox       %s%s%s\n", sandbox_name(o->sandbox),
	    o->new_pid ? ", process namespace" : "",
	    o->new_mount ? ", no files but the guest's" : "");
	if (o->debugger)
		printf("debugger      %s, started\n", o->debugger);
	if (o->gdb)
		printf("debugger      %s%s\n", o->gdb,
		    o->gdb_wait ? ", waited for" : "");
}

/* A list of names in lines of a terminal's width, each behind the last; the
 * first line begins with `what`. */
#define WIDTH  78
#define INDENT 14

struct names {
	const char *what;
	int column; /* 0: nothing was printed yet */
};

static void
put_name(struct names *names, const char *name)
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

/* What becomes of a call: the four kinds of which each has a list. */
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
			put_name(&names, name);
	}
	end_names(&names);
}

/* The classes that have all that is forbidden and seems to be called: not @own,
 * which has a part of it. */
static void
print_cure(const struct options *o, const struct image_calls *calls)
{
	unsigned class, classes = 0;
	const char *before = "--allow=@";
	uint32_t number;

	for (number = 0; number < HYPERCALL_END; number++)
		if (image_calls_has(calls, number) &&
		    fate_of(o, number) == DENIED)
			classes |= hc_row(number)->classes & ~(unsigned)HC_OWN;
	for (class = 1; classes; class <<= 1) {
		if (!(classes & class))
			continue;
		if (*before == '-')
			printf("%-*s", INDENT, "  cure");
		printf("%s%s", before, hc_class_name(class));
		before = ",@";
		classes &= ~class;
	}
	if (*before == ',')
		putchar('\n');
}

/* A hint: what its code shows, and what would become of that. */
static void
print_calls(const struct options *o, const struct image_calls *calls)
{
	print_fate(o, calls, SERVED, "it may call");
	print_fate(o, calls, DENIED, "  forbidden");
	print_cure(o, calls);
	print_fate(o, calls, UNKNOWN, "  unknown");
	print_fate(o, calls, REFUSED, "  not here");
	if (calls->blind)
		printf("  and         %u of %u places do not show what they"
		       " call\n",
		    calls->blind, calls->sites);
}

/* What the code shows; less, if it cannot be read. */
static void
scan_image(const struct image *image, int fd, struct image_calls *calls)
{
	unsigned i;

	for (i = 0; i < image->segments; i++) {
		const struct image_segment *s = &image->segment[i];
		uint64_t skip = s->offset & 4095;
		uint8_t *bytes;

		if (!(s->prot & PROT_EXEC) || s->filesz == 0)
			continue;
		bytes = mmap(NULL, skip + s->filesz, PROT_READ, MAP_PRIVATE, fd,
		    (off_t)(s->offset - skip));
		if (bytes == MAP_FAILED)
			continue;
		image_calls_add(calls, bytes + skip, s->filesz);
		munmap(bytes, skip + s->filesz);
	}
}

/* Whether guests run here at all: one is made, and tried. */
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

int
check_guest(const struct options *o)
{
	struct image image;
	struct image_error error;
	struct image_calls calls = { 0 };
	int status;
	int fd = open_guest(o, &image, &status);

	if (fd < 0)
		return status;
	scan_image(&image, fd, &calls);
	close(fd);
	print_image(o, &image);
	print_allowance(o);
	print_calls(o, &calls);
	if (image_fits(&image, MACHINE_SPARE, o->memory, &error) < 0) {
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
		[PROBE_TRAP] = "through the monitor's stubs",
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
