/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running one guest: start-up as a list, then the end as a status.  Nothing
 * here may know how options are written.
 */
#include "run.h"

#include "gdbserve.h"
#include "gdbstart.h"
#include "outside.h"
#include "sandbox.h"
#include "stats.h"
#include "tracing.h"
#include "vm/core.h"
#include "vm/machine.h"
#include "vm/report.h"
#include "vm/trap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* All of a run.  One guest a process, so it is static, as its storage is. */
static struct {
	struct machine machine;
	struct gdbserve gdb;
	struct gdbtarget target;
	struct gdbstart start;
	struct sandbox sandbox;
	char path[PATH_MAX];      /* of the guest, for debuggers */
	struct sigaction on_segv; /* as it was */
	int guest_fd;
	int output_fd;
} run;

static void
on_timeout(int signal)
{
	(void)signal;
	tracing_ending();
	machine_time_out(&run.machine);
}

/*
 * The pages of a file, touched after somebody made the file shorter, are not
 * there any more.  KVM_RUN says so, and so do the host's calls; copies of our
 * own end there (gmem_copy()).  Whatever else touches such a page ends the
 * guest, and what is no lost page is a fault of ours, told as ever.
 */
static void
on_lost_page(int signal, siginfo_t *info, void *context)
{
	static const char text[] =
	    "novillo: the host memory behind the guest is gone: was a file"
	    " truncated?\n";

	(void)info;
	if (gmem_recover(context))
		return;
	if (signal != SIGBUS) {
		(void)sigaction(signal, &run.on_segv, NULL);
		return;
	}
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(STATUS_FAILED);
	_exit(STATUS_SIGNAL + signal);
}

static int
expect_lost_pages(void)
{
	struct sigaction action = {
		.sa_sigaction = on_lost_page,
		.sa_flags = SA_SIGINFO,
	};

	if (sigaction(SIGBUS, &action, NULL) == 0 &&
	    sigaction(SIGSEGV, &action, &run.on_segv) == 0)
		return 0;
	say("sigaction: %s", strerror(errno));
	return -1;
}

/* A write to where nobody reads is an error to the guest, which may then be
 * ended by its own SIGPIPE; so it is with a file that is too large. */
static int
ignore_signals(void)
{
	struct sigaction action = { .sa_handler = SIG_IGN };

	if (sigaction(SIGPIPE, &action, NULL) == 0 &&
	    sigaction(SIGXFSZ, &action, NULL) == 0)
		return 0;
	say("sigaction: %s", strerror(errno));
	return -1;
}

/*
 * The clock goes on ticking after the time is over: a tick that falls between
 * a look at timed_out and a blocking call is made good by the next.
 */
static int
start_timeout(uint64_t ns)
{
	const struct itimerspec when = {
		.it_value = { (time_t)(ns / 1000000000),
		    (long)(ns % 1000000000) },
		.it_interval = { 0, 10000000 },
	};
	struct sigaction action = { .sa_handler = on_timeout };
	timer_t timer;

	if (ns == 0)
		return 0;
	if (sigaction(SIGALRM, &action, NULL) < 0 ||
	    timer_create(CLOCK_MONOTONIC, NULL, &timer) < 0 ||
	    timer_settime(timer, 0, &when, NULL) < 0) {
		say("timer: %s", strerror(errno));
		return -1;
	}
	return 0;
}

static int
open_output(const struct options *o)
{
	run.output_fd = STDERR_FILENO;
	if (!o->output)
		return 0;
	run.output_fd = open(o->output,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	if (run.output_fd < 0) {
		say("%s: %s", o->output, strerror(errno));
		return -1;
	}
	return 0;
}

static int
create_machine(const struct options *o)
{
	struct machine_error error;
	int kvm = open_kvm();

	if (kvm < 0)
		return -1;
	if (machine_create(&run.machine, kvm, o->memory, &error) == 0)
		return 0;
	say("%s", error.text);
	return -1;
}

/* The guest's image and arguments; what does not fit is not runnable. */
static int
load_machine(const struct options *o, const struct image *image)
{
	struct machine_error error;

	run.machine.image = *image;
	if (machine_load(&run.machine, run.guest_fd, &error) == 0 &&
	    machine_set_start(&run.machine, o->guest, o->argv,
		(char **)(uintptr_t)o->env, &error) == 0)
		return 0;
	say("%s: %s", o->guest, error.text);
	return -1;
}

/* Told once for each call, in one sentence with the way out. */
static void
on_denied(const struct hc_guest *guest, uint32_t number)
{
	const char *name = hc_row(number)->name;

	(void)guest;
	say("%s is not allowed: --allow=%s would allow it", name, name);
}

static void
on_denied_address(const struct hc_guest *guest, const struct hc_net_rule *would)
{
	char rule[HC_NET_RULE_TEXT];

	(void)guest;
	hc_net_rule_text(would, rule);
	say("%s is not allowed: --allow=%s would allow it", rule, rule);
}

_Static_assert(OPTIONS_VOLUMES <= HC_MOUNTS, "a tree has room for them all");

static const char *
volume_error(int r)
{
	switch (r) {
	case -ENOSYS: return "it takes /proc, which is not mounted";
	case -EMEDIUMTYPE: return "a folder of /proc is no volume";
	default: return strerror(-r);
	}
}

/* What the guest may do, and the folders it may do it in. */
static int
set_policy(const struct options *o)
{
	struct hc_guest *guest = &run.machine.guest;
	struct rlimit files;
	unsigned i;
	int r;

	guest->files_limited = getrlimit(RLIMIT_FSIZE, &files) < 0 ||
			       files.rlim_cur != RLIM_INFINITY;
	guest->policy.allowed = o->allowed;
	guest->policy.kill = o->on_deny == ON_DENY_KILL;
	guest->policy.denied = on_denied;
	guest->policy.net = o->net;
	guest->policy.nets = o->nets;
	guest->policy.denied_address = on_denied_address;
	for (i = 0; i < o->volumes_n; i++) {
		const struct options_volume *v = &o->volumes[i];

		r = hc_tree_mount(guest, v->host, v->guest, v->read_only);
		if (r < 0) {
			say("volume %s at %s: %s", v->host, v->guest,
			    volume_error(r));
			return -1;
		}
	}
	return 0;
}

/* The image's bytes for names and lines; a report does without them too. */
static struct image_bytes
map_image(void)
{
	struct image_bytes image = { NULL, 0 };
	off_t size = lseek(run.guest_fd, 0, SEEK_END);
	void *p;

	if (size <= 0)
		return image;
	p = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, run.guest_fd, 0);
	if (p == MAP_FAILED)
		return image;
	image.bytes = p;
	image.size = (size_t)size;
	return image;
}

static void
write_core(const struct options *o)
{
	struct core_info info = { o->guest, o->argv };
	struct machine_error error;
	char path[4096];

	snprintf(path, sizeof(path), "%s%s",
	    o->core_file ? o->core_file : o->guest,
	    o->core_file ? "" : ".core");
	if (core_write(&run.machine, path, &info, &error) < 0)
		say("%s: %s", path, error.text);
	else
		say("core written: gdb %s %s", o->guest, path);
}

static int
report_signal(const struct options *o)
{
	const struct outcome *end = &run.machine.outcome;
	struct image_bytes image = map_image();
	struct vcpu *vcpu = run.machine.culprit;

	say("%s: ended by %s: %s", o->guest, trap_signal_name(end->code),
	    end->text);
	if (vcpu)
		report_fault(stderr, vcpu, &image);
	if (o->core)
		write_core(o);
	return STATUS_SIGNAL + end->code;
}

static int
report_outcome(const struct options *o)
{
	const struct outcome *end = &run.machine.outcome;
	enum outcome_kind kind = end->kind; /* clang's switch takes no atomic */

	switch (kind) {
	case OUTCOME_EXIT: return end->code;
	case OUTCOME_SIGNAL: return report_signal(o);
	case OUTCOME_TIMEOUT:
		say("%s: ended after %.3g seconds (--timeout)", o->guest,
		    (double)o->timeout_ns / 1e9);
		return STATUS_TIMEOUT;
	default: say("%s: %s", o->guest, end->text); return STATUS_FAILED;
	}
}

/* The debugger has our standard input and output: the guest's output goes to
 * standard error, and it reads nothing. */
static void
leave_stdio(void)
{
	struct hc_fds *fds = &run.machine.guest.fds;
	struct hc_file *errors = hc_fd_get(fds, STDERR_FILENO);

	hc_fd_close(fds, STDIN_FILENO);
	if (errors)
		hc_fd_replace(fds, errors, STDOUT_FILENO, false);
	else
		hc_fd_close(fds, STDOUT_FILENO);
}

/* A debugger of our own: it is on the line before the guest runs. */
static int
start_gdb(const struct options *o)
{
	run.start = (struct gdbstart){
		.debugger = o->debugger,
		.guest = o->flat ? NULL : o->guest,
	};
	if (gdbstart(&run.start) < 0)
		return -1;
	run.target.started = true;
	run.gdb.started = run.gdb.wait = true;
	run.gdb.debugger = run.start.pidfd;
	run.gdb.listener = -1;
	run.gdb.line = run.gdb.line_out = run.start.line;
	return 0;
}

static int
open_gdb(const struct options *o)
{
	if (!o->gdb && !o->debugger)
		return 0;
	if (o->gdb && o->debugger) {
		say("--debug starts a debugger, --gdb waits for one: it cannot"
		    " be both");
		return -1;
	}
	run.gdb = (struct gdbserve){
		.address = o->gdb,
		.wait = o->gdb_wait,
		.once = o->gdb_once,
		.guest = o->guest,
	};
	run.target = (struct gdbtarget){
		.machine = &run.machine,
		.path = realpath(o->guest, run.path) ? run.path : o->guest,
		.image = run.guest_fd,
	};
	if (o->debugger)
		return start_gdb(o);
	if (gdbserve_open(&run.gdb) < 0)
		return -1;
	if (strcmp(o->gdb, "stdio") == 0)
		leave_stdio();
	return 0;
}

/* The last before the guest: what it does not need is not there any more. */
static int
enter_sandbox(const struct options *o)
{
	run.sandbox = (struct sandbox){
		.machine = &run.machine,
		.gdb = &run.gdb,
		.image = run.guest_fd,
		.output = run.output_fd,
	};
	return sandbox_enter(&run.sandbox, o);
}

static int
run_machine(const struct options *o)
{
	int r;

	if (!o->gdb && !o->debugger) {
		machine_run(&run.machine);
		return 0;
	}
	r = gdbserve_run(&run.gdb, &run.target);
	if (o->debugger)
		gdbstart_wait(&run.start);
	return r;
}

int
run_guest(const struct options *o)
{
	struct image image;
	int status, r;

	r = sandbox_new_pid(o, &status);
	if (r != 0)
		return r < 0 ? STATUS_FAILED : status;
	if (ignore_signals() < 0)
		return STATUS_FAILED;
	run.guest_fd = open_guest(o, &image, &status);
	if (run.guest_fd < 0)
		return status;
	if (open_output(o) < 0 || create_machine(o) < 0)
		return STATUS_FAILED;
	if (load_machine(o, &image) < 0)
		return STATUS_NOT_RUNNABLE;
	tracing_start(o, run.output_fd, &run.machine.guest);
	if (set_policy(o) < 0)
		return STATUS_FAILED;
	if (expect_lost_pages() < 0 || start_timeout(o->timeout_ns) < 0)
		return STATUS_FAILED;
	if (open_gdb(o) < 0 ||
	    outside_start(&run.machine, o->gdb || o->debugger) < 0 ||
	    enter_sandbox(o) < 0 || run_machine(o) < 0)
		return STATUS_FAILED;
	tracing_end(o, run.output_fd, &run.machine);
	status = report_outcome(o);
	if (o->stats)
		stats_write(run.output_fd, &run.machine, &run.sandbox.got);
	/* Memory, machine and files go with the process. */
	return status;
}
