/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --check and --probe: what a guest is and what this machine can do, without
 * running the guest.  Nothing here may know how a guest is run.
 */
#include "run.h"

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

int
check_guest(const struct options *o)
{
	struct image image;
	struct image_error error;
	int status, kvm;
	int fd = open_guest(o, &image, &status);

	if (fd < 0)
		return status;
	close(fd);
	print_image(o, &image);
	print_allowance(o);
	if (image_fits(&image, o->memory, &error) < 0) {
		say("%s: %s", o->guest, error.text);
		return STATUS_NOT_RUNNABLE;
	}
	kvm = open_kvm();
	if (kvm < 0)
		return STATUS_FAILED;
	close(kvm);
	puts("it would run here");
	return STATUS_OK;
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
