/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running one guest: start-up as a list, then its end as a status.  Nothing
 * here may know how options are written.
 */
#include "run.h"

#include "debugfiles.h"
#include "gdbstart.h"
#include "hints.h"
#include "learn.h"
#include "lostpage.h"
#include "open.h"
#include "outcome.h"
#include "outfile.h"
#include "outside.h"
#include "policy.h"
#include "profiling.h"
#include "program.h"
#include "recording.h"
#include "sandbox.h"
#include "say.h"
#include "stats.h"
#include "tracing.h"

#include "debugger/front.h"
#include "hypercall/file/path.h"
#include "vm/machine.h"
#include "vm/vdso.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The state of the run: static, since a process has one guest. */
static struct {
	struct debugger_target target;
	char path[PATH_MAX];        /* of the guest, for debuggers */
	struct core_place core;     /* of --core */
	struct recording recording; /* of --record or --replay */
	/* Small members lie together, as in struct hc_guest. */
	const struct options *options;
	struct debugger_server server;
	struct debugger_front front;
	struct debugger_plan *plan; /* of a worker, or NULL */
	struct gdbstart start;
	struct sandbox sandbox;
	int kvm;
	int learned;          /* the file of --learn, or -1 */
	int proc;             /* /proc, for workers; -1: the host has none */
	int64_t ends_at;      /* by --timeout: CLOCK_MONOTONIC, ns */
	struct output output; /* of --trace, --stats and so on */
	struct program program;
	struct machine machine;
} run;

/* A signal handler may have interrupted kvmcore_run(), so the counter that the
 * vDSO reads may be withheld. */
static int64_t
monotonic_ns(void)
{
	struct timespec t;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The time of a debugger that holds the living guest does not count.  Once the
 * guest has ended, the timeout ends the wait for those who read of it. */
static void
on_timeout(int signal)
{
	int64_t left = run.ends_at - monotonic_ns();
	int error = errno;

	(void)signal;
	if (left + debug_held_ns(&run.machine) > 0)
		return;
	if (run.machine.outcome.kind != OUTCOME_RUNNING) {
		output_hurry();
		return;
	}
	tracing_ending();
	machine_time_out(&run.machine);
	errno = error;
}

/* A write to a closed pipe, or beyond RLIMIT_FSIZE, is an error that the guest
 * gets, with a signal of its own; it does not end novillo. */
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
 * The timer repeats after the time limit: a tick between the check of
 * ended_by and a blocking call is lost, and the next one ends that call.
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
	run.ends_at = monotonic_ns() + (int64_t)ns;
	if (sigaction(SIGALRM, &action, NULL) < 0 ||
	    timer_create(CLOCK_MONOTONIC, NULL, &timer) < 0 ||
	    timer_settime(timer, 0, &when, NULL) < 0) {
		say("--timeout: %s%s", strerror(errno),
		    errno == EAGAIN
			? "; allow novillo pending signals (ulimit -i)"
			: "");
		return -1;
	}
	return 0;
}

/* A file has lost something: one message, as strace has. */
static void
report_loss(const char *name, int error)
{
	if (error == OUTPUT_NOT_READ)
		say("%s: its reader did not read; the rest is lost", name);
	else if (error)
		say("%s: %s; the rest is lost", name, strerror(error));
}

static int
open_output(const struct options *o)
{
	run.output.fd = outfile_lines("--output", o->output);
	return run.output.fd < 0 ? -1 : 0;
}

/* The pictures of the run are complete. */
static void
close_pictures(const struct options *o)
{
	if (o->trace_out)
		report_loss(o->trace_out, tracing_close());
	if (o->profile)
		report_loss(o->profile,
		    profiling_close(o, run.program.fd, run.program.interp_fd));
}

/* novillo's own lines go to --log from now on, also those about a start that
 * fails.  No other file is open yet. */
static int
open_log(const struct options *o)
{
	int fd = outfile_lines("--log", o->log);

	if (fd < 0)
		return -1;
	say_output.fd = fd;
	say_quiet = o->quiet;
	return outfile_begin();
}

/* Open the core's folder before the guest runs: the guest may rename or
 * replace it. */
static int
find_core(const struct options *o)
{
	struct machine_error error;
	char path[PATH_MAX + sizeof(".core")];

	run.core.program = o->guest;
	run.core.argv = o->argv;
	outfile_core(o, path);
	if (core_find_place(&run.core, path, &error) == 0)
		return 0;
	say("--core=%s: %s", path, error.text);
	return -1;
}

/* The machine was not made: `text` says why, to the debugger also. */
static int
fail_machine(const struct options *o, const char *text)
{
	say("%s: %s", o->guest, text);
	if (run.plan)
		snprintf(run.plan->why, sizeof(run.plan->why), "%s", text);
	return -1;
}

static int
create_machine(const struct options *o)
{
	struct machine_error error;

	run.machine.image = run.program.image;
	if (machine_create(&run.machine, run.kvm, o->memory, &error) == 0)
		return 0;
	return fail_machine(o, error.text);
}

/* A replay has the places of its recording. */
static int
choose_places(const struct options *o)
{
	struct machine *m = &run.machine;

	m->guest.world.random_places = o->aslr;
	if (o->replay)
		m->random = run.recording.random;
	else if (o->aslr && getrandom(&m->random, sizeof(m->random), 0) < 0)
		return -1;
	return 0;
}

/* Load the guest's image and arguments. */
static int
load_machine(const struct options *o, char **argv, char **envp)
{
	struct machine_error error;

	argv = program_argv(&run.program, argv);
	if (!argv)
		return fail_machine(o, strerror(E2BIG));
	run.machine.interp = run.program.interp;
	run.machine.interp_name = run.program.interp_name;
	if (choose_places(o) < 0)
		return fail_machine(o, strerror(errno));
	if (machine_load(&run.machine, run.program.fd, run.program.interp_fd,
		&error) == 0 &&
	    machine_set_start(&run.machine, o->guest, argv, envp, &error) == 0)
		return 0;
	return fail_machine(o, error.text);
}

/* The same as the debugger wants it. */
static int
load_planned(const struct options *o)
{
	static char *argv[PLAN_ARGS + 1], *envp[PLAN_ARGS + 1];
	const char *folder = run.plan->folder;
	char text[PLAN_WHY];
	int r = 0;

	if (debugger_plan_argv(run.plan, o->argv, argv) < 0 ||
	    debugger_plan_env(run.plan, o->env, envp) < 0)
		return fail_machine(o, "there are too many arguments or"
				       " variables; give it less");
	if (folder[0])
		r = policy_enter(&run.machine.guest, folder);
	if (r == 0)
		return load_machine(o, argv, envp);
	snprintf(text, sizeof(text), "the working folder %.128s: %s", folder,
	    strerror(-r));
	return fail_machine(o, text);
}

/* --gdb=stdio: the debugger has our standard input and output.  The guest's
 * output goes to standard error, and its standard input is closed. */
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

/* --debug: gdb is connected before the guest runs. */
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
	run.server.wait = true;
	run.server.debugger = run.start.pidfd;
	run.server.connection.listener = -1;
	connection_use(
	    &run.server.connection, run.start.connection, run.start.connection);
	return 0;
}

/* --gdb: listen, or take a connection that exists already. */
static int
open_connection(const struct options *o)
{
	struct connection *connection = &run.server.connection;
	struct debugger_error error;

	if (connection_open(connection, o->gdb, &error) < 0) {
		say("--gdb=%s: %s", o->gdb, error.text);
		return -1;
	}
	if (connection->endpoint[0])
		say("%s: waits for a debugger: gdb -ex 'target %s %s'",
		    o->guest, o->multi ? "extended-remote" : "remote",
		    connection->endpoint);
	if (strcmp(o->gdb, DEBUGGER_STDIO) != 0)
		return 0;
	/* A guest that is replayed keeps the descriptors that it had. */
	if (o->replay)
		run.recording.calls.output = STDERR_FILENO;
	else
		leave_stdio();
	return 0;
}

static void
report_debugger(const char *sentence)
{
	remark("debugger: %s", sentence);
}

static int
check_debugger(const struct options *o)
{
	if (!o->gdb || !o->debugger)
		return 0;
	say("--debug and --gdb exclude each other");
	return -1;
}

/* The loaded file's name for debuggers. */
static const char *
path_of_program(const struct options *o)
{
	if (run.program.words > 0)
		return run.program.name;
	if (o->replay)
		return run.recording.program.path;
	return realpath(o->guest, run.path) ? run.path : o->guest;
}

static int
prepare_debugger(const struct options *o)
{
	run.server = (struct debugger_server){
		.wait = o->gdb_wait,
		.once = o->gdb_once,
		.multi = o->multi,
		.debugger = -1,
		.report = report_debugger,
	};
	run.target = (struct debugger_target){
		.machine = &run.machine,
		.path = path_of_program(o),
		.name = o->guest,
		.image = run.program.fd,
		.output = &run.output,
		.core_place = o->core ? &run.core : NULL,
		.replayed = o->replay != NULL,
		.recorded = o->record != NULL,
		.report = report_debugger,
	};
	hc_look_init(&run.target.look, &run.machine.guest);
	return debugfiles_open(
	    &run.target.look, o, run.target.path, run.program.fd);
}

static int
enter_sandbox(const struct options *o)
{
	run.sandbox = (struct sandbox){
		.machine = &run.machine,
		.server = options_debugged(o) ? &run.server : NULL,
		.look = options_debugged(o) ? &run.target.look : NULL,
		.proc = options_debugged(o) ? run.proc : -1,
		.image = run.program.fd,
		.interp = run.program.interp_fd,
		.recording = run.recording.fd,
		.core_folder = o->core ? run.core.folder : -1,
	};
	return sandbox_enter(&run.sandbox, o) < 0 ? -1 : outfile_begin();
}

static enum outside_terminal
terminal_of(const struct options *o)
{
	if (o->debugger)
		return OUTSIDE_DEBUGGER;
	return o->gdb ? OUTSIDE_END : OUTSIDE_GUEST;
}

/* Where the guest reads clocks by itself, no policy and no trace sees it.  A
 * flat image knows of no vDSO. */
static bool
wants_vdso(const struct options *o)
{
	return !o->no_vdso && !o->record && !o->replay && !o->clocks_traced &&
	       !run.program.image.flat &&
	       hc_set_has(&o->allowed, HC_clock_gettime);
}

/* The program, or that of a recording. */
static int
open_program(const struct options *o, int *status)
{
	if (o->replay)
		return recording_load(&run.recording, o, &run.program, status);
	return program_open(o, &run.program, status);
}

/* Open its interpreter.  A recording has named that already. */
static int
follow_program(const struct options *o, int *status)
{
	if (o->replay)
		return 0;
	return program_follow(o, &run.machine.guest, &run.program, status);
}

/* The guest has the limit that we had, and may raise its own. */
static void
raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max < SANDBOX_FILES ? limit.rlim_max
							: SANDBOX_FILES;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* A recording names other files than the options do.  Until these are known, no
 * file is emptied. */
static int
spare_program(const struct options *o)
{
	if (outfile_spare(o, run.program.fd, "the guest's program") < 0)
		return -1;
	return outfile_spare(
	    o, run.program.interp_fd, "the program's interpreter");
}

/* Everything that a guest needs is open; its machine is to be made. */
static int
prepare(const struct options *o, int *status)
{
	if (open_program(o, status) < 0)
		return -1;
	*status = STATUS_FAILED;
	if (spare_program(o) < 0 || (o->replay && open_log(o) < 0) ||
	    open_output(o) < 0 || (o->core && find_core(o) < 0) ||
	    tracing_open(o) < 0 || profiling_open(o) < 0)
		return -1;
	run.learned = outfile_private("--learn", o->learn_file);
	if (run.learned < -1)
		return -1;
	run.kvm = open_kvm();
	if (run.kvm < 0)
		return -1;
	if (options_debugged(o))
		debug_init(&run.machine);
	machine_init(&run.machine);
	raise_descriptors();
	run.machine.kvm = run.kvm;
	if (policy_set(o, &run.machine.guest) < 0 ||
	    follow_program(o, status) < 0)
		return -1;
	learn_start(o, &run.machine.guest);
	*status = STATUS_FAILED;
	if (o->record && recording_create(&run.recording, o, &run.program,
			     &run.machine.guest) < 0)
		return -1;
	run.machine.guest.world.program = run.program.fd;
	if (run.program.words > 0)
		hc_own_set_exe(&run.machine.guest, run.program.name);
	if (wants_vdso(o))
		vdso_want(&run.machine);
	return 0;
}

/* The guest runs, or has ended: its counts so far. */
static void
write_stats(void)
{
	stats_write(
	    &run.output, &run.machine, &run.sandbox.result, run.options->json);
}

/* The guest has ended: its status. */
static int
report_end(const struct options *o)
{
	int status;

	tracing_end(o, &run.machine);
	status = recording_speaks(&run.recording)
		     ? STATUS_FAILED
		     : outcome_report(
			   o, &run.machine, run.program.fd, &run.core);
	status = recording_end(
	    &run.recording, &run.machine, run.program.fd, status);
	hints_end(&run.machine.guest);
	if (o->learn)
		learn_end(o, run.learned);
	if (o->stats)
		write_stats();
	close_pictures(o);
	report_loss(o->output ? o->output : "stderr", run.output.error);
	/* The end of the process frees memory, machine and files. */
	if (run.machine.outcome.kind == OUTCOME_KILLED)
		outside_end(run.machine.outcome.code);
	return status;
}

static int
load_given(const struct options *o)
{
	return load_machine(o, o->argv, (char **)(uintptr_t)o->env);
}

/* The machine with its guest.  If there is none, *status says why. */
static int
make_machine(
    const struct options *o, int (*load)(const struct options *o), int *status)
{
	*status = STATUS_FAILED;
	if (create_machine(o) < 0 || lostpage_expect(&run.machine) < 0)
		return -1;
	if ((o->record || o->replay) &&
	    recording_attach(&run.recording, &run.machine) < 0)
		return -1;
	*status = STATUS_NOT_RUNNABLE;
	return load(o);
}

/* The machine is recorded or replayed if that was asked for. */
static int
start_recording(const struct options *o, int *status)
{
	*status = STATUS_FAILED;
	if (!o->record && !o->replay)
		return 0;
	return recording_start(
	    &run.recording, o, &run.machine, &run.program, status);
}

/* A guest without a debugger. */
static int
run_alone(const struct options *o)
{
	int status;

	if (make_machine(o, load_given, &status) < 0)
		return status;
	tracing_start(o, &run.output, &run.machine, run.program.fd,
	    run.program.interp_fd);
	if (start_timeout(o->timeout_ns) < 0 ||
	    outside_start(&run.machine, OUTSIDE_GUEST, write_stats) < 0 ||
	    enter_sandbox(o) < 0 || profiling_start(o, &run.machine) < 0)
		return STATUS_FAILED;
	if (start_recording(o, &status) < 0)
		return status;
	machine_run(&run.machine);
	return report_end(o);
}

/* In a worker: descriptors have names of their own. */
static int
leave_front(void)
{
	int r = hc_tree_inherit(&run.machine.guest.tree, run.proc);

	if (r == 0)
		r = hc_tree_inherit(&run.target.look.tree, run.proc);
	if (r < 0)
		say("/proc/self/fd: %s", strerror(-r));
	close(run.proc);
	run.proc = -1;
	return r;
}

/* A worker: one run of a guest with a debugger.  The end that a debugger makes
 * in order to run it again is not reported. */
static int
run_planned(struct debugger_plan *plan)
{
	const struct options *o = run.options;
	int status, r;

	run.plan = plan;
	if (leave_front() < 0)
		return STATUS_FAILED;
	if (make_machine(o, load_planned, &status) < 0)
		return status;
	tracing_start(o, &run.output, &run.machine, run.program.fd,
	    run.program.interp_fd);
	if (start_timeout(o->timeout_ns) < 0 ||
	    outside_start(&run.machine, terminal_of(o), write_stats) < 0 ||
	    sandbox_enter_worker(&run.sandbox, o) < 0 || outfile_again() < 0 ||
	    profiling_start(o, &run.machine) < 0)
		return STATUS_FAILED;
	if (start_recording(o, &status) < 0)
		return status;
	debugger_front_admit_signals();
	r = debugger_serve(&run.server, &run.target);
	if (r < 0) {
		say("vCPU threads: %s", strerror(-r));
		return STATUS_FAILED;
	}
	if (o->debugger && !plan->asked)
		gdbstart_wait(&run.start);
	if (!plan->asked || !debug_was_killed(&run.machine))
		return report_end(o);
	close_pictures(o);
	return STATUS_OK;
}

/* The past's worker shows the guest's past to the debugger: what else is known
 * of the guest is known of the living one. */
static void
want_past(struct options *o)
{
	o->stats = o->core = o->learn = o->trace = false;
	o->trace_out = o->profile = NULL;
	o->timeout_ns = 0;
	run.target.replayed = true;
	run.target.recorded = false;
	run.target.core_place = NULL;
}

/* The past's worker: the guest again, as far as it was recorded.  The living
 * worker may be its guest's, and could change the plan between a check and its
 * use: this worker has a copy. */
static int
run_past(struct debugger_plan *plan)
{
	static struct debugger_plan made;
	static struct options past;
	int status;

	past = *run.options;
	made = *plan;
	run.plan = &made;
	want_past(&past);
	if (leave_front() < 0 || recording_reopen(&run.recording, &past) < 0 ||
	    make_machine(&past, load_planned, &status) < 0 ||
	    sandbox_enter_worker(&run.sandbox, &past) < 0 ||
	    start_recording(&past, &status) < 0)
		return STATUS_FAILED;
	debugger_serve_past(&run.server, &run.target);
	return STATUS_OK;
}

static int
open_front(void)
{
	int signals[OUTSIDE_SIGNALS];
	int r;

	run.proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	run.front = (struct debugger_front){
		.server = &run.server,
		.target = &run.target,
		.work = run_planned,
		.past = run_past,
		.failed = STATUS_FAILED,
	};
	r = debugger_front_open(&run.front, signals, outside_list(signals));
	if (r < 0)
		say("debugger: %s", strerror(-r));
	return r;
}

/*
 * A debugger is started with the signals as they are.  A connection is opened
 * when they are blocked: none ends novillo before it would remove its socket.
 */
static int
open_debugger(const struct options *o)
{
	if (o->debugger)
		return start_gdb(o) < 0 ? -1 : open_front();
	return open_front() < 0 ? -1 : open_connection(o);
}

/* The front of a guest with a debugger. */
static int
run_debugged(const struct options *o)
{
	struct machine_error error;
	int status;

	if (machine_fits(&run.program.image, o->memory, &error) < 0) {
		(void)fail_machine(o, error.text);
		return STATUS_NOT_RUNNABLE;
	}
	if (prepare_debugger(o) < 0 || open_debugger(o) < 0)
		return STATUS_FAILED;
	if (enter_sandbox(o) < 0) {
		connection_remove(&run.server.connection);
		return STATUS_FAILED;
	}
	status = debugger_front_run(&run.front);
	if (run.server.ended_by)
		outside_end(run.server.ended_by);
	return run.server.ended_by ? STATUS_SIGNAL + run.server.ended_by
				   : status;
}

/* --new-mount leaves no folder to create a core in or to remove a socket. */
static int
check_new_mount(const struct options *o)
{
	const char *other = NULL;

	if (o->core)
		other = "--core";
	else if (o->gdb && debugger_socket_path(o->gdb))
		other = "--gdb=unix:";
	if (!o->new_mount || !other)
		return 0;
	say("--new-mount and %s exclude each other", other);
	return -1;
}

/* A signal ends novillo before the guest runs: leave nothing. */
static void
drop(void)
{
	outfile_drop();
	gdbstart_drop();
}

/* Do the options go together?  If files are made, signals remove them. */
static int
check_options(const struct options *o)
{
	int files = outfile_check(o);

	if (files < 0 || check_new_mount(o) < 0 || check_debugger(o) < 0 ||
	    recording_check(o) < 0 || learn_check(o) < 0)
		return -1;
	return files || o->debugger ? outside_expect(drop) : 0;
}

int
run_guest(const struct options *o)
{
	static struct options changed; /* by the recording or by --learn */
	int status, r;

	run.recording.fd = -1;
	if (check_options(o) < 0 || (!o->replay && open_log(o) < 0))
		return STATUS_FAILED;
	r = sandbox_new_pid(o, &status);
	if (r != 0)
		return r < 0 ? STATUS_FAILED : status;
	if (ignore_signals() < 0)
		return STATUS_FAILED;
	if (o->replay) {
		changed = *o;
		o = &changed;
		if (recording_open(&run.recording, &changed) < 0)
			return STATUS_FAILED;
	} else if (o->learn) {
		changed = *o;
		o = &changed;
		learn_allow(&changed);
	}
	run.options = o;
	if (prepare(o, &status) == 0)
		status = options_debugged(o) ? run_debugged(o) : run_alone(o);
	outfile_drop();
	return status;
}
