/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From options to what a run needs.  Nothing here may know how the guest is
 * run.
 */
#include "sandbox.h"

#include "needs.h"
#include "outfile.h"
#include "run.h"
#include "say.h"

#include "hypercall/file/path.h"
#include "hypercall/core/pending.h"
#include "hypercall/core/refused.h"
#include "hypercall/net/looksocket.h"
#include "hypercall/own/own.h"
#include "hypercall/record/recording.h"
#include "sandbox/capability.h"
#include "sandbox/namespaces.h"
#include "sandbox/offers.h"
#include "sandbox/waiter.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *
socket_path(const struct options *o)
{
	return o->gdb ? debugger_socket_path(o->gdb) : NULL;
}

static unsigned
asked_for(const struct options *o)
{
	unsigned asked = NEEDS_ALWAYS;

	if (o->core)
		asked |= NEEDS_CORE;
	if (options_debugged(o))
		asked |= NEEDS_GDB;
	if (socket_path(o))
		asked |= NEEDS_SOCKET;
	if (o->record)
		asked |= NEEDS_RECORD;
	if (o->replay)
		asked |= NEEDS_REPLAY;
	return asked;
}

/* May the guest open one of novillo's own files? */
static bool
opens_own(const struct hc_set *allowed)
{
	return hc_set_has_own(allowed, HC_open) ||
	       hc_set_has_own(allowed, HC_openat);
}

static void
need_list(struct needs *needs, const int16_t *calls)
{
	while (*calls >= 0)
		needs_call(needs, *calls++);
}

/* Add the host's calls that serve the allowed hypercalls. */
static void
need_hypercalls(struct needs *needs, const struct hc_set *allowed)
{
	uint32_t number = 0;

	while ((number = hc_set_next(allowed->bits, number)) < HYPERCALL_END)
		need_list(needs, hc_row(number++)->needs);
	if (hc_set_next(allowed->own, 0) < HYPERCALL_END)
		need_list(needs, hc_own_needs);
}

/* A replay makes few of them. */
static void
need_replayed(struct needs *needs)
{
	uint32_t number;

	for (number = 0; number < HYPERCALL_END; number++)
		if (hc_row(number))
			need_list(needs, hc_replay_needs(number));
}

/* Add the calls that serve a debugger's view of the guest's files. */
static void
need_look(struct needs *needs, const struct hc_look *look)
{
	if (!look)
		return;
	need_list(needs, hc_own_needs);
	need_list(needs, hc_look_needs);
	need_list(needs, hc_look_socket_needs);
	if (hc_look_opens(look))
		need_list(needs, hc_look_opening_needs);
	if (hc_look_writes(look))
		need_list(needs, hc_look_writing_needs);
}

static bool
makes_threads(const struct hc_guest *guest)
{
	return hc_set_has(&guest->policy.allowed, HC_clone) ||
	       hc_set_has(&guest->policy.allowed, HC_clone3);
}

/* May a hypercall reach memory that KVM has not been given yet? */
static bool
may_want_memory(const struct machine *m)
{
	const struct hc_set *allowed = &m->guest.policy.allowed;

	return m->mem.size > MACHINE_FIRST_SLOT &&
	       (hc_set_has(allowed, HC_brk) || hc_set_has(allowed, HC_mmap) ||
		   hc_set_has(allowed, HC_mremap) ||
		   hc_set_has(allowed, HC_shmat));
}

/* A program is written from its end, where its rules begin. */
static struct {
	struct filter_program program;
	struct filter_rule rules[FILTER_RULES];
} filter;

static int
make_filter(const struct options *o, const struct sandbox *s, bool front)
{
	const struct machine *m = s->machine;
	struct needs needs = { .asked = asked_for(o), .pid = getpid() };
	size_t n;

	if (o->replay)
		need_replayed(&needs);
	else
		need_hypercalls(&needs, &m->guest.policy.allowed);
	need_look(&needs, s->look);
	if (o->trace_paths)
		need_list(&needs, hc_own_name_needs);
	if (front) {
		needs.asked |= NEEDS_FRONT;
		/* A debugger may choose the guest's first folder. */
		need_list(&needs, hc_row(HC_chdir)->needs);
	}
	/* The sampler is a thread. */
	if (makes_threads(&m->guest) || o->profile)
		needs.asked |= NEEDS_THREADS;
	if (outfile_is_open())
		needs.asked |= NEEDS_OUTFILE;
	if (may_want_memory(m))
		needs.asked |= NEEDS_MEMORY;
	n = needs_rules(&needs, filter.rules);
	return n ? filter_make(&filter.program, filter.rules, n) : -E2BIG;
}

/* Allow `rights` in the folder of the file at `path`, if that folder exists. */
static void
allow_folder(struct landlock_policy *policy, struct landlock_rule *rule,
    const char *path, unsigned rights)
{
	static char folder[PATH_MAX];

	if (!path || snprintf(folder, sizeof(folder), "%s", path) >= PATH_MAX)
		return;
	rule->rights = rights;
	rule->fd = open(
	    dirname(folder), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOCTTY);
	if (rule->fd >= 0)
		policy->n++;
}

static struct landlock_policy
make_policy(const struct options *o, const struct sandbox *s)
{
	static struct landlock_rule rules[2 * HC_MOUNTS + 3];
	const struct hc_guest *guest = &s->machine->guest;
	const struct hc_tree *tree = &guest->tree;
	/* netrule.h restricts the addresses. */
	struct landlock_policy policy = {
		.rules = rules,
		.bind = hc_set_has(&guest->policy.allowed, HC_bind),
		.connect = hc_set_has(&guest->policy.allowed, HC_connect),
	};
	unsigned i;

	for (i = 0; i < tree->mounts; i++)
		rules[policy.n++] = (struct landlock_rule){
			.fd = tree->mount[i].host,
			.rights = LANDLOCK_READ |
				  (tree->mount[i].read_only ? 0U
							    : LANDLOCK_WRITE),
		};
	for (i = 0; s->look && i < s->look->tree.mounts; i++)
		rules[policy.n++] = (struct landlock_rule){
			.fd = s->look->tree.mount[i].host,
			.rights = LANDLOCK_READ,
		};
	if (tree->self >= 0)
		rules[policy.n++] = (struct landlock_rule){
			.fd = s->image,
			.rights = LANDLOCK_READ,
		};
	if (s->core_folder >= 0)
		rules[policy.n++] = (struct landlock_rule){
			.fd = s->core_folder,
			.rights = LANDLOCK_CREATE,
		};
	allow_folder(
	    &policy, &rules[policy.n], socket_path(o), LANDLOCK_REMOVE);
	return policy;
}

/* The descriptors by which the guest's files and devices are opened.  Its
 * streams are ours. */
static size_t
list_files(const struct hc_guest *guest, int *keep)
{
	const struct hc_tree *tree = &guest->tree;
	size_t n = 0;
	unsigned i;

	for (i = 0; i < HC_DEVICES; i++)
		keep[n++] = guest->world.device[i];

	for (i = 0; i < tree->mounts; i++) {
		keep[n++] = tree->mount[i].host;
		keep[n++] = tree->mount[i].base;
	}
	keep[n++] = tree->self;
	if (tree->cwd)
		keep[n++] = tree->cwd->host;
	return n;
}

/* The files and folders that a debugger gets besides the guest's. */
static size_t
list_look(const struct hc_look *look, int *keep)
{
	size_t n = 0;
	unsigned i;

	for (i = 0; i < look->names; i++)
		keep[n++] = look->name[i].fd;
	for (i = 0; i < look->tree.mounts; i++) {
		keep[n++] = look->tree.mount[i].host;
		keep[n++] = look->tree.mount[i].base;
	}
	keep[n++] = look->tree.self;
	return n;
}

/*
 * A guest with one thread and little memory needs only its vCPU's descriptor.
 * The VM is kept if it is needed: for the vCPUs of threads, or for more memory.
 */
static bool
needs_vm(const struct machine *m)
{
	return makes_threads(&m->guest) || may_want_memory(m);
}

/* /dev/kvm is kept for the vCPUs of threads; by the front, for its workers'
 * machines and for those in which debug registers are tried. */
static size_t
list_descriptors(struct sandbox *s, int keep[CONFINE_KEEP])
{
	struct machine *m = s->machine;
	size_t n = machine_descriptors(m, keep);

	keep[n++] = s->image;
	keep[n++] = s->recording;
	keep[n++] = s->core_folder;
	n += outfile_descriptors(keep + n);
	n += list_files(&m->guest, keep + n);
	if (s->look)
		n += list_look(s->look, keep + n);
	if (!s->server && needs_vm(m))
		keep[n++] = m->vm;
	else
		m->vm = -1;
	if (makes_threads(&m->guest) || s->server)
		keep[n++] = m->kvm;
	else
		m->kvm = -1;
	if (s->server) {
		keep[n++] = s->interp;
		keep[n++] = s->proc;
		debugger_server_descriptors(s->server, keep + n);
		n += DEBUGGER_DESCRIPTORS;
	}
	return n;
}

/* Deny model-specific registers, although user mode, the guest's only mode,
 * cannot reach them.  The call takes longer than the rest of the start, so it
 * is made for --sandbox=strict only. */
static int
deny_msrs(const struct sandbox *s, const struct options *o)
{
	int r = 0;

	if (o->sandbox == SANDBOX_STRICT)
		r = kvmcore_deny_msrs(s->machine->vm);
	if (r < 0)
		say("--sandbox=strict: KVM_X86_SET_MSR_FILTER: %s",
		    strerror(-r));
	return r;
}

/*
 * --new-mount: every file that the run needs is open.  A debugger that we
 * started stays in the mount namespace that we leave.
 */
static int
leave_files(const struct options *o)
{
	const char *call;
	int r = 0;

	if (o->new_mount)
		r = namespaces_unshare(false, &call);
	if (r == 0 && o->new_mount)
		r = namespaces_empty(&call);
	if (r == 0 && (o->new_mount || o->new_pid)) {
		call = "capset";
		r = capability_drop(0);
	}
	if (r < 0)
		say("namespaces: %s: %s", call, strerror(-r));
	return r;
}

/* The filter has refused a call: a fault of novillo. */
static void
on_refused_call(int number, siginfo_t *info, void *context)
{
	const char *name = hc_linux_name((uint32_t)info->si_syscall);
	char text[160];
	int len;

	(void)context;
	if (info->si_code == HC_SYS_SECCOMP) {
		len = snprintf(text, sizeof(text),
		    "novillo: the sandbox does not allow the system call"
		    " %s (%d): report this, or use --sandbox=none\n",
		    name ? name : "unknown", info->si_syscall);
		output_write(&say_output, text, (size_t)len);
	}
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

static int
expect_refused_calls(void)
{
	const struct sigaction action = {
		.sa_sigaction = on_refused_call,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	if (sigaction(SIGSYS, &action, NULL) == 0)
		return 0;
	say("sigaction: %s", strerror(errno));
	return -1;
}

/* If bind is allowed, a guest that root runs may bind ports below 1024. */
static uint64_t
needed_capabilities(const struct sandbox *s)
{
	return hc_set_has(&s->machine->guest.policy.allowed, HC_bind)
		   ? CAPABILITY(CAP_NET_BIND_SERVICE)
		   : 0;
}

/* A filter that our parent set may forbid the signal by which a thread is taken
 * out of the guest: neither a timeout nor the guest's own end would end it. */
static int
check_kicks(const struct sandbox *s, const struct options *o)
{
	int r = 0;

	if (s->server || o->profile || makes_threads(&s->machine->guest))
		r = machine_check_kicks();
	if (r < 0)
		say("a filter around novillo forbids signals between its"
		    " threads (tgkill: %s): allow that call, or give the guest"
		    " no threads, by --allow=-clone,-clone3",
		    strerror(-r));
	return r;
}

int
sandbox_enter(struct sandbox *s, const struct options *o)
{
	static int keep[CONFINE_KEEP];
	struct confine how = {
		.strict = o->sandbox == SANDBOX_STRICT,
		.files = SANDBOX_FILES,
		.keep = keep,
		.capabilities = needed_capabilities(s),
		.filter = &filter.program,
	};
	int r;

	/* There is one vCPU before the guest runs. */
	_Static_assert(1 + 2 * HC_MOUNTS + HC_DEVICES + HC_LOOK_NAMES +
			       2 * HC_LOOK_FOLDERS + 14 + OUTFILES <=
			   CONFINE_KEEP,
	    "there is room for all descriptors");
	r = check_kicks(s, o);
	if (r < 0)
		return r;
	if (!o->replay && opens_own(&s->machine->guest.policy.allowed))
		hc_own_open_devices(&s->machine->guest);
	how.policy = make_policy(o, s);
	r = leave_files(o);
	if (r < 0 || o->sandbox == SANDBOX_NONE)
		return r;
	r = expect_refused_calls();
	if (r < 0)
		return r;
	r = make_filter(o, s, s->server != NULL);
	if (r < 0) {
		say("seccomp filter: %s", strerror(-r));
		return -1;
	}
	r = s->server ? 0 : deny_msrs(s, o);
	if (r < 0)
		return r;
	how.keeps = list_descriptors(s, keep);
	r = confine(&how, &s->result);
	if (r < 0)
		say("--sandbox=strict: %s: %s", s->result.call, strerror(-r));
	return r;
}

int
sandbox_enter_worker(struct sandbox *s, const struct options *o)
{
	const struct confine how = {
		.strict = o->sandbox == SANDBOX_STRICT,
		.filter = &filter.program,
	};
	int r;

	if (o->sandbox == SANDBOX_NONE)
		return 0;
	r = make_filter(o, s, false);
	if (r < 0) {
		say("seccomp filter: %s", strerror(-r));
		return -1;
	}
	r = deny_msrs(s, o);
	if (r < 0)
		return r;
	if (!needs_vm(s->machine)) {
		close(s->machine->vm);
		s->machine->vm = -1;
	}
	r = confine_more(&how, &s->result);
	if (r < 0)
		say("--sandbox=strict: %s: %s", s->result.call, strerror(-r));
	return r;
}

/* The process outside only waits: confine it to that. */
static int
wait_outside(const struct options *o, pid_t child, int *status)
{
	struct confined got;
	const char *call;
	int r = 0;

	if (o->sandbox != SANDBOX_NONE && expect_refused_calls() < 0)
		return -1;
	if (o->sandbox != SANDBOX_NONE)
		r = waiter_confine(child, o->sandbox == SANDBOX_STRICT, &got);
	if (r < 0) {
		say("--sandbox=strict: %s: %s", got.call, strerror(-r));
		return -1;
	}
	r = waiter_wait(child, status, &call);
	if (r < 0)
		say("a pid namespace: %s: %s", call, strerror(-r));
	return r < 0 ? -1 : 1;
}

int
sandbox_new_pid(const struct options *o, int *status)
{
	const char *call;
	pid_t pid;
	int r;

	if (!o->new_pid)
		return 0;
	r = namespaces_unshare(true, &call);
	pid = r < 0 ? r : namespaces_fork(&call);
	if (pid > 0)
		return wait_outside(o, pid, status);
	if (pid < 0)
		say("namespaces: %s: %s", call, strerror(-pid));
	return pid < 0 ? -1 : 0;
}

static void
print_capabilities(uint64_t held)
{
	if (held)
		printf("capabilities           0x%" PRIx64
		       " held, which the sandbox drops\n",
		    held);
	else
		printf("capabilities           none held\n");
}

void
sandbox_print_host(void)
{
	struct sandbox_offers offers;

	sandbox_probe(&offers);
	if (offers.landlock)
		printf("Landlock               ABI %d\n", offers.landlock);
	else
		printf("Landlock               no\n");
	printf("seccomp filters        %s\n",
	    !offers.filter  ? "no"
	    : !offers.tsync ? "yes, but not for all threads at once"
			    : "yes");
	printf("user namespaces        %s\n", offers.namespaces ? "yes" : "no");
	printf("openat2                %s\n", hc_has_openat2() ? "yes" : "no");
	print_capabilities(capability_held());
}
