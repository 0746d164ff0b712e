/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests seccomp programs: an interpreter here runs each, and its verdicts are
 * compared with the program's table; then the kernel runs novillo's own
 * programs in children that make forbidden calls.
 */
#include "tap.h"

#include "../bin/needs.h"
#include "hypercall/core/hypercall.h"
#include "hypercall/dispatch/dispatch.h"
#include "hypercall/own/own.h"

#include "sandbox/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/kvm.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEEDS_MOST (NEEDS_ALL | NEEDS_FRONT)

#define X32_BIT 0x40000000

static struct filter_program program;
static struct filter_rule rules[FILTER_RULES];

/* The table's verdict on a call. */
static uint32_t
meaning(const struct filter_rule *table, size_t n, const struct seccomp_data *d)
{
	size_t i, c;

	if (d->arch != AUDIT_ARCH_X86_64)
		return SECCOMP_RET_KILL_PROCESS;
	for (i = 0; i < n; i++) {
		bool holds = table[i].nr == d->nr;

		for (c = 0; c < FILTER_CONDITIONS; c++) {
			const struct filter_condition *w = &table[i].when[c];

			if (w->mask && (d->args[w->arg] & w->mask) != w->value)
				holds = false;
		}
		if (holds && table[i].error)
			return SECCOMP_RET_ERRNO | (uint32_t)table[i].error;
		if (holds)
			return SECCOMP_RET_ALLOW;
	}
	return SECCOMP_RET_TRAP;
}

static uint32_t
word_at(const struct seccomp_data *d, uint32_t offset)
{
	uint32_t word;

	if (offset % 4 != 0 || offset > sizeof(*d) - 4)
		bail("a load at %u", offset);
	memcpy(&word, (const char *)d + offset, sizeof(word));
	return word;
}

/* The program's verdict, and the number of instructions run.  An instruction
 * not listed here, or a jump past the end, is an error of the program. */
static uint32_t
interpret(const struct seccomp_data *d, unsigned *steps)
{
	uint32_t a = 0;
	size_t pc = 0;

	for (*steps = 1; pc < program.length; ++*steps) {
		const struct sock_filter *i = &program.code[pc++];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS: a = word_at(d, i->k); break;
		case BPF_ALU | BPF_AND | BPF_K: a &= i->k; break;
		case BPF_JMP | BPF_JA: pc += i->k; break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K: return i->k;
		default: bail("instruction %#x at %zu", i->code, pc - 1);
		}
	}
	bail("the program runs over its end");
	return 0;
}

static struct {
	unsigned wrong, compared, most;
} tally;

static void
compare(size_t n, const struct seccomp_data *d)
{
	unsigned steps;
	uint32_t got = interpret(d, &steps);

	tally.compared++;
	if (steps > tally.most)
		tally.most = steps;
	if (got == meaning(rules, n, d))
		return;
	if (tally.wrong++ == 0)
		printf("# call %d of %#x (%#llx, %#llx, %#llx): %#x, not %#x\n",
		    d->nr, d->arch, d->args[0], d->args[1], d->args[2], got,
		    meaning(rules, n, d));
}

/* Compare at a row's arguments, and at each of them with one bit changed. */
static void
compare_near(size_t n, const struct filter_rule *rule)
{
	struct seccomp_data d = {
		.nr = rule->nr,
		.arch = AUDIT_ARCH_X86_64,
	};
	unsigned i, bit;

	for (i = 0; i < FILTER_CONDITIONS; i++)
		if (rule->when[i].mask)
			d.args[rule->when[i].arg] = rule->when[i].value;
	compare(n, &d);
	for (i = 0; i < 6; i++)
		for (bit = 0; bit < 64; bit++) {
			d.args[i] ^= UINT64_C(1) << bit;
			compare(n, &d);
			d.args[i] ^= UINT64_C(1) << bit;
		}
}

/* Compare the program of the first n rules with the rules: every number, x32's
 * numbers, other architectures, arguments at the edge of what is allowed. */
static void
compare_all(size_t n)
{
	static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386,
		AUDIT_ARCH_AARCH64, 0, UINT32_MAX };
	static const int tops[] = { 0, X32_BIT, INT32_MIN, -1 - 1023 };
	static const uint64_t corners[] = { 0, 1, UINT32_MAX, UINT64_MAX,
		INT64_MAX, UINT64_C(1) << 32 };
	size_t a, t, c, i;
	int nr;

	for (a = 0; a < sizeof(archs) / sizeof(archs[0]); a++)
		for (t = 0; t < sizeof(tops) / sizeof(tops[0]); t++)
			for (nr = 0; nr < 1024; nr++)
				for (c = 0; c < 6; c++) {
					struct seccomp_data d = {
						.nr = tops[t] + nr,
						.arch = archs[a],
						.args = { corners[c],
						    corners[c], corners[c],
						    corners[c], corners[c],
						    corners[c] },
					};

					compare(n, &d);
				}
	for (i = 0; i < n; i++)
		compare_near(n, &rules[i]);
}

/* The needs of a run with the hypercalls of a list. */
static struct needs
needs_of(unsigned asked, const char *list)
{
	struct needs needs = { .asked = asked, .pid = getpid() };
	struct hc_set set = { 0 };
	const char *bad;
	uint32_t nr;
	size_t len;
	unsigned i;

	if (list && hc_set_parse(&set, list, &bad, &len) < 0)
		bail("%s", bad);
	for (i = 0; hc_set_has_own(&set, HC_open) && hc_own_needs[i] >= 0; i++)
		needs_call(&needs, hc_own_needs[i]);
	for (nr = 0; nr < HYPERCALL_END; nr++)
		for (i = 0; hc_set_has(&set, nr) && i < HC_NEEDS &&
			    hc_row(nr)->needs[i] >= 0;
		     i++)
			needs_call(&needs, hc_row(nr)->needs[i]);
	return needs;
}

static size_t
make(unsigned asked, const char *list)
{
	struct needs needs = needs_of(asked, list);
	size_t n = needs_rules(&needs, rules);

	if (n == 0 || filter_make(&program, rules, n) < 0)
		bail("no program for %#x and %s", asked, list);
	return n;
}

static void
test_novillos(void)
{
	static const char *const lists[] = { NULL, "@base", "@all", "@file" };
	const struct seccomp_data run = {
		.nr = SYS_ioctl,
		.arch = AUDIT_ARCH_X86_64,
		.args = { 6, KVM_RUN, 0 },
	};
	unsigned asked, steps, list;

	tally.wrong = tally.compared = tally.most = 0;
	for (list = 0; list < 4; list++)
		for (asked = NEEDS_ALWAYS; asked <= NEEDS_MOST; asked += 2) {
			size_t n = make(asked, lists[list]);

			if (asked == NEEDS_ALWAYS || asked == NEEDS_ALL ||
			    asked == NEEDS_MOST)
				compare_all(n);
			interpret(&run, &steps);
			if (steps > 7)
				tally.wrong++;
		}
	ok(tally.wrong == 0,
	    "novillo's filters mean what their rows say, in %u comparisons",
	    tally.compared);
	is_int(steps, 7, "KVM_RUN passes after %u instructions", steps);
	ok(tally.most <= 64, "no call takes more than 64: %u", tally.most);
	make(NEEDS_MOST, "@all");
	printf("# %u instructions with everything asked for\n", program.length);
}

/* A guest without sockets cannot ask for interfaces: nor can novillo. */
static void
test_interfaces(void)
{
	const struct seccomp_data list = {
		.nr = SYS_ioctl,
		.arch = AUDIT_ARCH_X86_64,
		.args = { 1, SIOCGIFCONF, 0 },
	};
	unsigned steps;

	make(NEEDS_ALWAYS, "@base");
	is_int(interpret(&list, &steps), SECCOMP_RET_TRAP,
	    "interfaces are refused without sockets");
	make(NEEDS_ALWAYS, "@all");
	is_int(
	    interpret(&list, &steps), SECCOMP_RET_ALLOW, "and pass with them");
}

static uint32_t
dice(uint32_t sides)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % sides;
}

static struct filter_condition
any_condition(void)
{
	static const uint64_t masks[] = { 0, UINT32_MAX, UINT64_MAX, 4,
		UINT64_C(0xff00000000), UINT64_C(0x8000000080000000) };
	struct filter_condition c = { .arg = dice(3), .mask = masks[dice(6)] };

	c.value = (dice(2) ? dice(4) : UINT64_C(0x8000000080000004)) & c.mask;
	return c;
}

/* Absurd tables. */
static void
test_any(void)
{
	unsigned round, c;
	size_t i, n;

	tally.wrong = tally.compared = 0;
	for (round = 0; round < 12; round++) {
		uint32_t calls = 1 + dice(round % 2 ? 400 : 8);

		n = round % 3 ? 1 + dice(40) : 120;
		for (i = 0; i < n; i++) {
			rules[i] = (struct filter_rule){
				.nr = (int)dice(calls),
				.error = dice(4) ? 0 : (int)dice(4095),
			};
			for (c = 0; c < FILTER_CONDITIONS; c++)
				rules[i].when[c] = any_condition();
		}
		if (filter_make(&program, rules, n) < 0)
			bail("%zu rows do not fit", n);
		compare_all(n);
	}
	ok(tally.wrong == 0,
	    "so do filters of any other table, in %u comparisons",
	    tally.compared);
}

static void
test_bounds(void)
{
	size_t i;

	memset(rules, 0, sizeof(rules));
	is_int(filter_make(&program, rules, 0), -EINVAL,
	    "an empty table is refused");
	is_int(filter_make(&program, rules, FILTER_RULES + 1), -E2BIG,
	    "so is one that is too long");
	rules[0].when[0].arg = 6;
	is_int(filter_make(&program, rules, 1), -EINVAL,
	    "and an argument that no call has");
	rules[0].when[0].arg = 0;
	rules[0].nr = -1;
	is_int(filter_make(&program, rules, 1), -EINVAL,
	    "and a number that no call has");
	rules[0].nr = FILTER_CALLS;
	is_int(filter_make(&program, rules, 1), -EINVAL,
	    "also one that is too high");
	for (i = 0; i < FILTER_RULES; i++)
		rules[i] = (struct filter_rule){
			.nr = (int)i,
			.when = { { 0, UINT64_MAX, i }, { 1, UINT64_MAX, i },
			    { 2, UINT64_MAX, i } },
		};
	is_int(filter_make(&program, rules, FILTER_RULES), -E2BIG,
	    "a program that becomes too long is refused");
	ok(program.length <= FILTER_SIZE, "and nothing is written after it");
}

/* How a child ends. */
enum fate {
	LIVES,
	DIES,
};

static void
make_executable(void)
{
	syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
make_executable_later(void)
{
	syscall(SYS_mprotect, &program, 0, PROT_READ | PROT_EXEC);
}

static void
make_writable(void)
{
	syscall(SYS_mprotect, 0, 0, PROT_READ | PROT_WRITE);
}

static void
make_private(void)
{
	syscall(SYS_fchmod, -1, 0600);
}

static void
make_public(void)
{
	syscall(SYS_fchmod, -1, 0644);
}

static void
ask_own_pid(void)
{
	syscall(SYS_getpid);
}

static void
ask_parent(void)
{
	syscall(SYS_getppid);
}

static void
ask_own_pid_as_x32(void)
{
	syscall(X32_BIT | SYS_getpid);
}

static void
ask_own_pid_as_i386(void)
{
	int r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20) : "memory");
	(void)r;
}

static void
open_a_file(void)
{
	syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY | O_NOFOLLOW);
}

static void
type_into_the_terminal(void)
{
	syscall(SYS_ioctl, 0, TIOCSTI, "x");
}

static void
make_a_vm(void)
{
	syscall(SYS_ioctl, -1, KVM_CREATE_VM, 0);
}

static void
run_a_vcpu(void)
{
	syscall(SYS_ioctl, -1, KVM_RUN, 0);
}

static void
connect_somewhere(void)
{
	syscall(SYS_socket, 2, 1, 0);
}

static void
fork_again(void)
{
	syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void
run_a_program(void)
{
	syscall(SYS_execve, "/bin/true", NULL, NULL);
}

static void
signal_another(void)
{
	syscall(SYS_tgkill, 1, 1, 0);
}

static void
trace_the_parent(void)
{
	syscall(SYS_ptrace, 16, 1, 0, 0);
}

static void
make_a_raw_socket(void)
{
	syscall(SYS_socket, 2, 3, 1);
}

static void
have_signals_sent(void)
{
	syscall(SYS_fcntl, 0, F_SETFL, O_ASYNC);
}

static void
lower_a_limit(void)
{
	const struct rlimit limit = { 0, 0 };

	syscall(SYS_prlimit64, 0, RLIMIT_CORE, &limit, NULL);
}

static const struct {
	const char *name;
	void (*deed)(void);
	unsigned asked;
	const char *list; /* of hypercalls */
	enum fate fate;
} deeds[] = {
	{ "asks for its number", ask_own_pid, NEEDS_ALWAYS, NULL, LIVES },
	{ "does so as an x32 program", ask_own_pid_as_x32, NEEDS_ALWAYS, NULL,
	    DIES },
	{ "does so as an i386 program", ask_own_pid_as_i386, NEEDS_ALWAYS, NULL,
	    DIES },
	{ "asks for its parent's number", ask_parent, NEEDS_ALL, NULL, DIES },
	{ "runs a vCPU", run_a_vcpu, NEEDS_ALWAYS, NULL, LIVES },
	{ "makes a VM", make_a_vm, NEEDS_ALWAYS, NULL, DIES },
	{ "makes a VM, with a debugger", make_a_vm, NEEDS_ALL, NULL, LIVES },
	{ "types into its terminal", type_into_the_terminal, NEEDS_ALL, NULL,
	    DIES },
	{ "makes memory writable", make_writable, NEEDS_ALWAYS, NULL, LIVES },
	{ "makes memory executable", make_executable, NEEDS_ALL, NULL, DIES },
	{ "makes it so later", make_executable_later, NEEDS_ALL, NULL, DIES },
	{ "makes a file private", make_private, NEEDS_ALWAYS | NEEDS_OUTFILE,
	    NULL, LIVES },
	{ "makes a file public", make_public, NEEDS_ALL, NULL, DIES },
	{ "opens a file", open_a_file, NEEDS_ALWAYS, NULL, DIES },
	{ "opens a file, with --core", open_a_file, NEEDS_ALL, NULL, DIES },
	{ "makes a socket", connect_somewhere, NEEDS_ALL, NULL, DIES },
	{ "makes a process", fork_again, NEEDS_ALL, NULL, DIES },
	{ "runs a program", run_a_program, NEEDS_ALL, NULL, DIES },
	{ "sends another a signal", signal_another, NEEDS_ALL, NULL, DIES },
	{ "opens a file for a guest that may", open_a_file, NEEDS_ALWAYS,
	    "openat", LIVES },
	{ "opens one for a guest that may read", open_a_file, NEEDS_ALWAYS,
	    "@base", DIES },
	{ "makes a raw socket for any guest", make_a_raw_socket, NEEDS_ALL,
	    "@all", DIES },
	{ "has signals sent for any guest", have_signals_sent, NEEDS_ALL,
	    "@all", DIES },
	{ "lowers a limit for any guest", lower_a_limit, NEEDS_ALL, "@all",
	    DIES },
	{ "types into its terminal for any guest", type_into_the_terminal,
	    NEEDS_ALL, "@all", DIES },
	{ "makes memory executable for any guest", make_executable, NEEDS_ALL,
	    "@all", DIES },
	{ "runs a program for any guest", run_a_program, NEEDS_ALL, "@all",
	    DIES },
	{ "makes a process for any guest", fork_again, NEEDS_ALL, "@all",
	    DIES },
	{ "traces another", trace_the_parent, NEEDS_ALL, NULL, DIES },
	{ "makes a process, as the front", fork_again, NEEDS_MOST, NULL,
	    LIVES },
	{ "runs a program, as the front", run_a_program, NEEDS_MOST, "@all",
	    DIES },
	{ "makes memory executable, as the front", make_executable, NEEDS_MOST,
	    "@all", DIES },
	{ "opens a file, as the front", open_a_file, NEEDS_MOST, NULL, DIES },
	{ "makes a socket, as the front", connect_somewhere, NEEDS_MOST, NULL,
	    DIES },
	{ "traces another, as the front", trace_the_parent, NEEDS_MOST, "@all",
	    DIES },
};

static void
be_filtered(unsigned asked, const char *list)
{
	const struct rlimit no_core = { 0, 0 };
	struct sock_fprog p;

	setrlimit(RLIMIT_CORE, &no_core);
	make(asked, list);
	p = (struct sock_fprog){ program.length, program.code };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p) < 0)
		_exit(97);
}

static int
fate_of(void (*deed)(void), unsigned asked, const char *list)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		be_filtered(asked, list);
		deed();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 97)
		return -1;
	return status;
}

static void
test_deeds(void)
{
	size_t i;

	for (i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		int status = fate_of(
		    deeds[i].deed, deeds[i].asked, deeds[i].list);

		if (status < 0)
			skip(1, "seccomp is not to be had here");
		else if (deeds[i].fate == LIVES)
			is_int(
			    status, 0, "a child that %s lives", deeds[i].name);
		else if (deeds[i].deed == ask_own_pid_as_i386 &&
			 WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
			skip(1, "this kernel runs no i386 programs");
		else
			ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
			    "a child that %s dies by SIGSYS", deeds[i].name);
	}
}

static void
try_clone3(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	if (syscall(SYS_clone3, &args, sizeof(args)) != -1 || errno != ENOSYS)
		_exit(1);
}

/* Code that runs after the sandbox is closed makes guests for itself. */
static void
test_bare(void)
{
	static struct hc_guest bare;
	static struct gmem mem;
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
		hc_guest_init_bare(&bare, &mem);
		syscall(SYS_exit, 0);
	}
	waitpid(child, &status, 0);
	is_int(status, 0, "a bare guest is made without a system call");
}

int
main(void)
{
	test_novillos();
	test_interfaces();
	test_any();
	test_bounds();
	test_deeds();
	test_bare();
	if (fate_of(try_clone3, NEEDS_ALL, NULL) >= 0)
		is_int(fate_of(try_clone3, NEEDS_ALL, NULL), 0,
		    "clone3, whose flags cannot be seen, is said to be "
		    "missing");
	return done_testing();
}
