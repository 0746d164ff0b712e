/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From options to what is needed.  Nothing here may know how the guest is run.
 */
#include "sandbox.h"

#include "needs.h"
#include "run.h"

#include "hypercall/own.h"
#include "sandbox/host.h"
#include "sandbox/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static const char *
socket_path(const struct options *o)
{
	return o->gdb && strncmp(o->gdb, "unix:", 5) == 0 ? o->gdb + 5 : NULL;
}

static unsigned
asked_for(const struct options *o)
{
	unsigned asked = NEEDS_ALWAYS;

	if (o->core)
		asked |= NEEDS_CORE;
	if (o->gdb || o->debugger)
		asked |= NEEDS_GDB;
	if (socket_path(o))
		asked |= NEEDS_SOCKET;
	if (o->stats)
		asked |= NEEDS_STATS;
	return asked;
}

/* May the guest open one of the files that novillo answers itself? */
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

/* Of each hypercall that the guest may make, what serves it. */
static void
need_hypercalls(struct needs *needs, const struct hc_set *allowed)
{
	uint32_t number;

	for (number = 0; number < HYPERCALL_END; number++) {
		if (hc_set_has(allowed, number))
			need_list(needs, hc_row(number)->needs);
		if (hc_set_has_own(allowed, number))
			need_list(needs, hc_own_needs);
	}
}

static bool
makes_threads(const struct hc_guest *guest)
{
	return hc_set_has(&guest->policy.allowed, HC_clone) ||
	       hc_set_has(&guest->policy.allowed, HC_clone3);
}

/* Is there memory that KVM has not been given yet, and a call for it? */
static bool
may_want_memory(const struct machine *m)
{
	const struct hc_set *allowed = &m->guest.policy.allowed;

	return m->mem.size > MACHINE_SLOT &&
	       (hc_set_has(allowed, HC_brk) || hc_set_has(allowed, HC_mmap) ||
		   hc_set_has(allowed, HC_mremap));
}

static int
make_filter(const struct options *o, const struct machine *m,
    struct filter_program *program)
{
	static struct filter_rule rules[FILTER_RULES];
	struct needs needs = { .asked = asked_for(o), .pid = getpid() };
	size_t n;

	need_hypercalls(&needs, &m->guest.policy.allowed);
	if (makes_threads(&m->guest))
		needs.asked |= NEEDS_THREADS;
	if (may_want_memory(m))
		needs.asked |= NEEDS_MEMORY;
	n = needs_rules(&needs, rules);
	return n ? filter_make(program, rules, n) : -E2BIG;
}

/* The folder of the file at `path`, to say what may be done in it; one that
 * is not there needs no saying. */
static void
let(struct landlock_policy *policy, struct landlock_rule *rule,
    const char *path, unsigned rights)
{
	char folder[PATH_MAX];

	if (!path || snprintf(folder, sizeof(folder), "%s", path) >= PATH_MAX)
		return;
	rule->rights = rights;
	rule->fd = open(
	    dirname(folder), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOCTTY);
	if (rule->fd >= 0)
		policy->n++;
}

static struct landlock_policy
make_policy(const struct options *o, const struct hc_guest *guest)
{
	static struct landlock_rule rules[HC_MOUNTS + 2];
	const struct hc_tree *tree = &guest->tree;
	/* Which addresses, netrule.h says. */
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
	let(&policy, &rules[policy.n],
	    o->core ? o->core_file ? o->core_file : o->guest : NULL,
	    LANDLOCK_CREATE);
	let(&policy, &rules[policy.n], socket_path(o), LANDLOCK_REMOVE);
	return policy;
}

/* What the guest's files are found by, and devices it may open; its streams are
 * ours. */
static size_t
list_files(const struct hc_guest *guest, int *keep)
{
	const struct hc_tree *tree = &guest->tree;
	size_t n = 0;
	unsigned i;

	for (i = 0; i < HC_DEVICES; i++)
		keep[n++] = guest->world.device[i];

	for (i = 0; i < tree->mounts; i++)
		keep[n++] = tree->mount[i].host;
	keep[n++] = tree->self;
	if (tree->cwd)
		keep[n++] = tree->cwd->host;
	return n;
}

/*
 * A machine of little memory needs its first vCPU alone.  /dev/kvm and the VM
 * can do more than serve it: they make the vCPUs of threads, the VM is given
 * more memory, and a debugger has another machine to try debug registers in.
 */
static size_t
list_descriptors(
    struct sandbox *s, const struct options *o, int keep[CONFINE_KEEP])
{
	struct machine *m = s->machine;
	size_t n = 0;
	unsigned i;

	for (i = 0; i < m->vcpus; i++)
		keep[n++] = m->vcpu[i].kvm.fd;
	keep[n++] = s->image;
	keep[n++] = s->output;
	n += list_files(&m->guest, keep + n);
	if (makes_threads(&m->guest))
		keep[n++] = m->kvm;
	if (makes_threads(&m->guest) || may_want_memory(m))
		keep[n++] = m->vm;
	else
		m->vm = -1;
	if (!o->gdb && !o->debugger) {
		m->kvm = makes_threads(&m->guest) ? m->kvm : -1;
		return n;
	}
	keep[n++] = m->kvm;
	keep[n++] = s->gdb->listener;
	keep[n++] = s->gdb->line;
	keep[n++] = s->gdb->line_out;
	keep[n++] = s->gdb->started ? s->gdb->debugger : -1;
	return n;
}

/* Beside what processors forbid code in user mode, the only one that a guest
 * has.  It takes longer than all of a start, so only who insists on everything
 * gets it. */
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
 * --new-mount: all that is needed is open.  A debugger that was started stays
 * where it was, in the mount namespace that we leave.
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
	if (r == 0 && (o->new_mount || o->new_pid))
		r = namespaces_drop(&call);
	if (r < 0)
		say("a namespace without files: %s: %s", call, strerror(-r));
	return r;
}

int
sandbox_enter(struct sandbox *s, const struct options *o)
{
	static struct filter_program program;
	int keep[CONFINE_KEEP];
	struct confine how = {
		.strict = o->sandbox == SANDBOX_STRICT,
		.files = SANDBOX_FILES,
		.keep = keep,
		.filter = &program,
	};
	int r;

	/* There is one vCPU before the guest runs. */
	_Static_assert(1 + HC_MOUNTS + HC_DEVICES + 11 <= CONFINE_KEEP,
	    "there is room for all descriptors");
	if (opens_own(&s->machine->guest.policy.allowed))
		hc_own_open_devices(&s->machine->guest);
	how.policy = make_policy(o, &s->machine->guest);
	r = leave_files(o);
	if (r < 0 || o->sandbox == SANDBOX_NONE)
		return r;
	r = make_filter(o, s->machine, &program);
	if (r < 0) {
		say("the seccomp filter cannot be made: %s", strerror(-r));
		return -1;
	}
	r = deny_msrs(s, o);
	if (r < 0)
		return r;
	how.keeps = list_descriptors(s, o, keep);
	r = confine(&how, &s->got);
	if (r < 0)
		say("--sandbox=strict: %s: %s", s->got.call, strerror(-r));
	return r;
}

int
sandbox_new_pid(const struct options *o, int *status)
{
	const char *call;
	int r;

	if (!o->new_pid)
		return 0;
	r = namespaces_unshare(true, &call);
	if (r == 0)
		r = namespaces_fork(status, &call);
	if (r < 0)
		say("a pid namespace: %s: %s", call, strerror(-r));
	return r < 0 ? -1 : r;
}

void
sandbox_print_host(void)
{
	struct sandbox_host host;

	sandbox_probe(&host);
	if (host.landlock)
		printf("Landlock               ABI %d\n", host.landlock);
	else
		printf("Landlock               no\n");
	printf("seccomp filters        %s\n",
	    !host.filter  ? "no"
	    : !host.tsync ? "yes, but not for all threads at once"
			  : "yes");
	printf("user namespaces        %s\n", host.namespaces ? "yes" : "no");
	printf("openat2                %s\n", host.openat2 ? "yes" : "no");
}
