/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests signals from the inside: how a handler is entered and left, its
 * arguments, what it may change, and the results of calls it interrupts.
 */
#include <errno.h>
#include <hcall.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <tap.h>
#include <thread.h>
#include <time.h>
#include <unistd.h>

#define BIT(signal) (1UL << ((signal)-1))
#define PAGE	    4096UL
#define MS	    1000000L

/* The arguments of the last handler. */
static struct {
	volatile int signal, count;
	siginfo_t info;
	ucontext_t uc;
	void *where; /* of the ucontext */
	sigset_t mask;
	unsigned mxcsr;
	unsigned short fcw;
	unsigned long frame;
} seen;

/* If set, the place where a handler resumes a faulting program. */
static unsigned long resume_at, resume_sp;

static void
note(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	seen.signal = signal;
	seen.count++;
	seen.info = *info;
	seen.uc = *uc;
	seen.where = context;
	__asm__ volatile("stmxcsr %0\n\tfnstcw %1"
			 : "=m"(seen.mxcsr), "=m"(seen.fcw));
	seen.frame = (unsigned long)__builtin_frame_address(0);
	sigprocmask(SIG_BLOCK, NULL, &seen.mask);
	if (resume_at) {
		uc->uc_gregs[REG_RIP] = resume_at;
		uc->uc_gregs[REG_RSP] = resume_sp;
		uc->uc_gregs[REG_CSGSFS] = 0x2bUL << 48 | 0x33;
	}
}

static void
handle(int signal, unsigned long flags, sigset_t mask)
{
	const struct sigaction action = {
		.sa_sigaction = note,
		.sa_flags = SA_SIGINFO | flags,
		.sa_mask = mask,
	};

	sigaction(signal, &action, NULL);
	seen.signal = seen.count = 0;
}

static void
back_to(int signal, void (*how)(int))
{
	const struct sigaction action = { .sa_handler = how };

	sigaction(signal, &action, NULL);
}

static sigset_t
mask_now(void)
{
	sigset_t mask = 0;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	return mask;
}

static void
test_handler(void)
{
	handle(SIGUSR1, 0, BIT(SIGUSR2));
	same(raise(SIGUSR1), 0, "a signal is raised");
	same(seen.signal, SIGUSR1, "and its handler called before it returns");
	same(seen.info.si_signo, SIGUSR1, "with its number");
	same(seen.info.si_code, SI_TKILL, "and where it came from");
	same(seen.info.si_pid, getpid(), "and whom");
	same((long)seen.mask, BIT(SIGUSR1) | BIT(SIGUSR2),
	    "while it runs, it and what it asked for are blocked");
	same((long)mask_now(), 0, "after it nothing is");
	same((long)seen.uc.uc_sigmask, 0, "as its frame says");
	same((long)(seen.frame % 16), 0, "its stack is aligned");
	same(seen.mxcsr, 0x1f80, "its MXCSR is the initial one");
	same(seen.fcw, 0x37f, "and the x87's control word");
	same((long)(seen.uc.uc_gregs[REG_CSGSFS] & 0xffff), 0x33,
	    "the frame has the code segment");
	same(kill(getpid(), SIGUSR1), 0, "kill sends to the process");
	same(seen.info.si_code, SI_USER, "and says so");
	handle(SIGUSR1, SA_NODEFER, 0);
	raise(SIGUSR1);
	same((long)seen.mask, 0, "with SA_NODEFER nothing is blocked");
	handle(SIGUSR1, SA_RESETHAND, 0);
	raise(SIGUSR1);
	same(seen.count, 1, "with SA_RESETHAND it is called");
	back_to(SIGUSR1, SIG_IGN);
	handle(SIGCHLD, SA_RESETHAND, 0);
	raise(SIGCHLD);
	raise(SIGCHLD);
	same(seen.count, 1, "once");
}

/* Registers after a signal at a hypercall are as before it. */
static unsigned long kept[8], zone, xmm[2];

static void
send_among_values(void)
{
	static const unsigned long value[2] = { 0x1122334455667788,
		0x99aabbccddeeff00 };

	__asm__ volatile("movups %[value], %%xmm7\n\t"
			 "movq $0x1111, %%rbx\n\t"
			 "movq $0x2222, %%r12\n\t"
			 "movq $0x3333, %%r13\n\t"
			 "movq $0x4444, %%r14\n\t"
			 "movq $0x5555, %%r15\n\t"
			 "movq $0x6666, %%r8\n\t"
			 "movq $0x7777, %%r9\n\t"
			 "movq $0x8888, -128(%%rsp)\n\t"
			 "std\n\t" HCALL_GATE "\n\t"
			 "movq -128(%%rsp), %%rcx\n\t"
			 "movq %%rcx, %[zone]\n\t"
			 "pushfq\n\t"
			 "cld\n\t"
			 "popq %%rcx\n\t"
			 "andq $0x400, %%rcx\n\t"
			 "movq %%rbx, %[kept]\n\t"
			 "movq %%r12, 8+%[kept]\n\t"
			 "movq %%r13, 16+%[kept]\n\t"
			 "movq %%r14, 24+%[kept]\n\t"
			 "movq %%r15, 32+%[kept]\n\t"
			 "movq %%r8, 40+%[kept]\n\t"
			 "movq %%r9, 48+%[kept]\n\t"
			 "movq %%rcx, 56+%[kept]\n\t"
			 "movups %%xmm7, %[xmm]"
			 : [xmm] "=m"(xmm), [zone] "=m"(zone), [kept] "=m"(kept)
			 : [value] "m"(value), "a"((long)HC_tgkill),
			 "D"(hc_getpid()), "S"(hc_gettid()),
			 "d"((long)SIGUSR1), HCALL_PORT
			 : "rbx", "rcx", "r8", "r9", "r11", "r12", "r13", "r14",
			 "r15", "xmm7", "memory");
}

static void
test_registers(void)
{
	int i;

	handle(SIGUSR1, 0, 0);
	send_among_values();
	same(seen.count, 1, "a signal comes at a hypercall");
	for (i = 0; i < 7; i++)
		same((long)kept[i], 0x1111 * (i + 1),
		    "register %d is the same after it", i);
	same((long)kept[7], 0x400, "and the direction flag");
	same((long)zone, 0x8888, "and the red zone");
	ok(xmm[0] == 0x1122334455667788 && xmm[1] == 0x99aabbccddeeff00,
	    "and vector registers");
	same((long)(seen.uc.uc_gregs[REG_EFL] & 0x400), 0x400,
	    "the frame has the direction flag");
}

static unsigned
word_at(const unsigned char *p)
{
	unsigned w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Puts other values into the frame. */
static void
change(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	unsigned size;

	note(signal, info, context);
	memset(uc->uc_fpregs + 160 + 16, 0x5a, 16); /* xmm1 */
	uc->uc_gregs[REG_RBX] = 0xabcdef;
	uc->uc_sigmask |= BIT(SIGUSR2);
	uc->uc_gregs[REG_EFL] |= 0x3202; /* IOPL and IF, to no effect */
	if (!(uc->uc_flags & 1))
		return;
	size = word_at(uc->uc_fpregs + 464 + 16);
	ok(word_at(uc->uc_fpregs + 464) == 0x46505853 &&
		word_at(uc->uc_fpregs + 464 + 4) == size + 4 &&
		word_at(uc->uc_fpregs + size) == 0x46505845,
	    "the frame's vector state is announced as Linux does");
}

static void
test_change(void)
{
	const struct sigaction action = {
		.sa_sigaction = change,
		.sa_flags = SA_SIGINFO,
	};
	unsigned long rbx, xmm[2];

	sigaction(SIGUSR1, &action, NULL);
	__asm__ volatile("xorps %%xmm1, %%xmm1\n\t" HCALL_GATE "\n\t"
			 "movups %%xmm1, %[xmm]"
			 : [xmm] "=m"(xmm), "=b"(rbx)
			 : "a"((long)HC_kill), "D"((long)hc_getpid()),
			 "S"((long)SIGUSR1), "b"(1L), HCALL_PORT
			 : "rcx", "r11", "xmm1", "memory");
	if (!(seen.uc.uc_flags & 1))
		skip("no XSAVE here", "the frame's vector state");
	same((long)rbx, 0xabcdef, "what a handler puts into its frame counts");
	ok(xmm[0] == 0x5a5a5a5a5a5a5a5a && xmm[1] == xmm[0],
	    "also into its vector state");
	same((long)mask_now(), BIT(SIGUSR2), "and its mask");
	hc_rt_sigprocmask(SIG_SETMASK, (long)&(sigset_t){ 0 }, 0, 8);
}

/* Faults: `code` is executed, with its address in rax. */
#define FAULT(code, value)                                               \
	do {                                                             \
		__asm__ volatile("leaq 1f(%%rip), %%rcx\n\t"             \
				 "movq %%rcx, %0\n\t"                    \
				 "movq %%rsp, %1\n\t" code "\n"          \
				 "1:"                                    \
				 : "=m"(resume_at), "=m"(resume_sp)      \
				 : "a"(value)                            \
				 : "rcx", "rdx", "memory");              \
		resume_at = 0;                                           \
	} while (0)

static void
is_fault(int signal, int code, unsigned long addr, long trap, const char *what)
{
	ok(seen.count == 1 && seen.signal == signal &&
		seen.info.si_code == code &&
		(unsigned long)seen.info.si_addr == addr &&
		(long)seen.uc.uc_gregs[REG_TRAPNO] == trap,
	    "%s: signal %d, code %d, trap %ld, at the right address", what,
	    signal, code, trap);
	if (seen.signal != signal || seen.info.si_code != code ||
	    (unsigned long)seen.info.si_addr != addr)
		printf("# signal %d code %d addr %p, want %lx\n", seen.signal,
		    seen.info.si_code, seen.info.si_addr, addr);
	seen.signal = seen.count = 0;
}

static void
test_faults(void)
{
	static const int signals[] = { SIGSEGV, SIGFPE, SIGILL, SIGTRAP,
		SIGBUS };
	char *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0);
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		handle(signals[i], 0, 0);
	FAULT("movl $1, (%%rax)", 16UL);
	is_fault(SIGSEGV, SEGV_MAPERR, 16, 14, "a write to nowhere");
	same((long)(seen.uc.uc_gregs[REG_ERR] & 7), 6, "the error says a write");
	same((long)seen.uc.uc_gregs[REG_CR2], 16, "and CR2 where");
	FAULT("movl (%%rax), %%edx", page);
	same(seen.count, 0, "a read of what can be read is none");
	FAULT("movl $1, (%%rax)", page);
	is_fault(SIGSEGV, SEGV_ACCERR, (unsigned long)page, 14,
	    "a write to what is read-only");
	mprotect(page, PAGE, PROT_NONE);
	FAULT("movl (%%rax), %%edx", page);
	is_fault(SIGSEGV, SEGV_ACCERR, (unsigned long)page, 14,
	    "a read of what has no rights");
	munmap(page, PAGE);
	FAULT("movl (%%rax), %%edx", page);
	is_fault(SIGSEGV, SEGV_MAPERR, (unsigned long)page, 14,
	    "a read of what is unmapped");
	FAULT("pushq $0\n\tjmp *%%rax", 0x1000UL);
	is_fault(SIGSEGV, SEGV_MAPERR, 0x1000, 14, "a jump to nowhere");
	same((long)seen.uc.uc_gregs[REG_RIP], 0x1000, "whose rip is there");
	FAULT("movl (%%rax), %%edx", 1UL << 63);
	is_fault(SIGSEGV, SI_KERNEL, 0, 13, "a non-canonical address");
	FAULT("movl (%%rax), %%edx", 0xffffffff80000000UL);
	is_fault(SIGSEGV, SEGV_MAPERR, 0xffffffff80000000UL, 14,
	    "a read where a kernel would be");
	FAULT("movq %%cr0, %%rdx", 0UL);
	is_fault(SIGSEGV, SI_KERNEL, 0, 13, "a privileged instruction");
	FAULT("xorl %%edx, %%edx\n\tdivl %%edx", 1UL);
	ok(seen.signal == SIGFPE && seen.info.si_code == FPE_INTDIV &&
		(unsigned long)seen.info.si_addr ==
		    seen.uc.uc_gregs[REG_RIP],
	    "a division by zero is at its instruction");
	seen.count = 0;
	FAULT("ud2", 0UL);
	ok(seen.signal == SIGILL && seen.info.si_code == ILL_ILLOPN &&
		(unsigned long)seen.info.si_addr ==
		    seen.uc.uc_gregs[REG_RIP],
	    "an undefined instruction is also reported");
	seen.count = 0;
	FAULT("int3", 0UL);
	is_fault(SIGTRAP, SI_KERNEL, 0, 3, "a breakpoint of its own");
}

/* A handler causes a single step by a flag in its frame. */
static void
step(int signal, siginfo_t *info, void *context)
{
	note(signal, info, context);
	((ucontext_t *)context)->uc_gregs[REG_EFL] |= 0x100;
}

static void
stepped(int signal, siginfo_t *info, void *context)
{
	note(signal, info, context);
	((ucontext_t *)context)->uc_gregs[REG_EFL] &= ~0x100UL;
}

static void
test_trace(void)
{
	struct sigaction action = {
		.sa_sigaction = stepped,
		.sa_flags = SA_SIGINFO,
	};

	sigaction(SIGTRAP, &action, NULL);
	action.sa_sigaction = step;
	sigaction(SIGILL, &action, NULL);
	FAULT("jmp 2f\n2:\tud2", 0UL);
	/* The handler of SIGILL resumed at the end, with the flag. */
	same(seen.signal, SIGTRAP, "a flag in the frame traces");
	same(seen.info.si_code, TRAP_TRACE, "and is reported as that");
}

/* Frames not made by a kernel: SIGSEGV, which can be handled. */
static void
spoil_cs(ucontext_t *uc)
{
	uc->uc_gregs[REG_CSGSFS] = 0x10;
}

static void
spoil_rip(ucontext_t *uc)
{
	uc->uc_gregs[REG_RIP] = 1UL << 63;
}

static void
spoil_kernel_rip(ucontext_t *uc)
{
	uc->uc_gregs[REG_RIP] = 0xffffffff80002000UL;
}

static void
spoil_fpregs(ucontext_t *uc)
{
	uc->uc_fpregs = (unsigned char *)0x10;
}

static void
spoil_mxcsr(ucontext_t *uc)
{
	memset(uc->uc_fpregs + 24, 0xff, 4);
}

static void (*spoil)(ucontext_t *uc);

static void
spoiler(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	spoil(context);
}

static void
test_bad_frames(void)
{
	static const struct {
		void (*spoil)(ucontext_t *uc);
		const char *what;
	} bad[] = {
		{ spoil_cs, "the kernel's code segment" },
		{ spoil_rip, "a non-canonical rip" },
		{ spoil_kernel_rip, "a rip in the shim" },
		{ spoil_fpregs, "vector state that is nowhere" },
		{ spoil_mxcsr, "an MXCSR of ones" },
	};
	static char stack[65536];
	const stack_t own = { .ss_sp = stack, .ss_size = sizeof(stack) };
	const struct sigaction action = {
		.sa_sigaction = spoiler,
		.sa_flags = SA_SIGINFO,
	};
	size_t i;

	sigaltstack(&own, NULL);
	handle(SIGSEGV, SA_ONSTACK, 0);
	sigaction(SIGILL, &action, NULL);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		spoil = bad[i].spoil;
		seen.count = 0;
		FAULT("ud2", 0UL);
		same(seen.signal * 100 + seen.count, SIGSEGV * 100 + 1,
		    "a frame with %s is SIGSEGV", bad[i].what);
	}
	hc_sigaltstack((long)&(stack_t){ .ss_flags = SS_DISABLE }, 0);
}

static char stack[65536];
static long changed;
static stack_t inside;

static void
on_stack(int signal, siginfo_t *info, void *context)
{
	stack_t other = { .ss_sp = stack, .ss_size = sizeof(stack) };

	note(signal, info, context);
	hc_sigaltstack(0, (long)&inside);
	if (!(inside.ss_flags & SS_DISABLE))
		changed = hc_sigaltstack((long)&other, 0);
}

static void
test_stack(void)
{
	stack_t own = { .ss_sp = stack, .ss_size = sizeof(stack) }, old;
	struct sigaction action = {
		.sa_sigaction = on_stack,
		.sa_flags = SA_SIGINFO | SA_ONSTACK,
	};

	same(sigaltstack(&own, NULL), 0, "a stack for handlers is set");
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	ok((char *)seen.where > stack &&
		(char *)seen.where < stack + sizeof(stack),
	    "a handler that asks for it runs there");
	same(inside.ss_flags, SS_ONSTACK, "and is reported so");
	same(changed, -EPERM, "and cannot change it meanwhile");
	hc_sigaltstack(0, (long)&old);
	same(old.ss_flags, 0, "after it, it is not used");
	own.ss_flags = SS_AUTODISARM;
	same(sigaltstack(&own, NULL), 0, "it may be given up when used");
	raise(SIGUSR1);
	same(inside.ss_flags, SS_DISABLE, "then a handler has none");
	hc_sigaltstack(0, (long)&old);
	ok(old.ss_sp == stack && old.ss_flags == SS_AUTODISARM,
	    "and after it, it is back");
	own.ss_flags = SS_DISABLE;
	sigaltstack(&own, NULL);
}

static void
test_blocked(void)
{
	const sigset_t set = BIT(SIGUSR1) | BIT(SIGRTMIN + 3), none = 0;
	const struct timespec soon = { 0, MS };
	siginfo_t info = { 0 };
	int i;

	handle(SIGUSR1, 0, 0);
	handle(SIGRTMIN + 3, 0, 0);
	sigprocmask(SIG_SETMASK, &set, NULL);
	raise(SIGUSR1);
	raise(SIGUSR1);
	same(seen.count, 0, "what is blocked waits");
	sigprocmask(SIG_SETMASK, &none, NULL);
	same(seen.count, 1, "and comes once when it is let through");
	sigprocmask(SIG_SETMASK, &set, NULL);
	for (i = 0; i < 3; i++) {
		info.si_code = SI_QUEUE;
		info.si_value.sival_int = 40 + i;
		same(hc_rt_sigqueueinfo(
			 hc_getpid(), SIGRTMIN + 3, (long)&info),
		    0, "a real-time signal is queued");
	}
	same(sigtimedwait(&set, &info, NULL), SIGRTMIN + 3,
	    "it can be waited for");
	same(info.si_value.sival_int, 40, "the first first");
	same(info.si_code, SI_QUEUE, "with its value");
	sigprocmask(SIG_SETMASK, &none, NULL);
	same(seen.count, 3, "and all others come");
	sigprocmask(SIG_SETMASK, &set, NULL);
	same(sigtimedwait(&set, &info, &soon), -1, "or none");
	same(errno, EAGAIN, "in time");
	raise(SIGUSR1);
	same(sigsuspend(&none), -1, "what waits is let through for a wait");
	same(errno, EINTR, "which it ends");
	same(seen.count, 4, "after its handler");
	same((long)seen.uc.uc_sigmask, (long)set, "which returns to the mask");
	same((long)mask_now(), (long)set, "there was");
	raise(SIGUSR1);
	same(hc_ppoll(0, 0, 0, (long)&none, 8), -EINTR, "so for ppoll");
	same(seen.count, 5, "and its handler");
	same((long)mask_now(), (long)set, "and the mask");
	sigprocmask(SIG_SETMASK, &none, NULL);
	info.si_code = SI_KERNEL;
	same(hc_rt_sigqueueinfo(hc_getpid(), SIGUSR1, (long)&info), 0,
	    "to itself a process may say it is the kernel");
}

/* Another thread that sends a signal to the first after a while. */
static int pipes[2], victim;

static void
sleep_ms(long ms)
{
	struct timespec t = { 0, ms * MS };

	while (hc_nanosleep((long)&t, (long)&t) == -EINTR)
		;
}

static void
sender(void *arg)
{
	const char byte = 'x';

	sleep_ms(30);
	hc_tgkill(hc_getpid(), victim, SIGUSR1);
	if (!arg)
		return;
	sleep_ms(30);
	hc_write(pipes[1], (long)&byte, 1);
}

static void
interrupt(struct thread *t, bool and_write)
{
	*t = (struct thread){ 0 };
	seen.count = 0;
	thread_start(t, sender, and_write ? "" : NULL);
}

static void
test_interrupted(void)
{
	struct pollfd fd = { .events = POLLIN };
	struct timespec second = { 1, 0 }, left = { 0, 0 };
	struct thread t = { 0 };
	int word = 0;
	char c = 0;

	victim = (int)hc_gettid();
	same(hc_pipe2((long)pipes, 0), 0, "a pipe to wait on");
	fd.fd = pipes[0];
	handle(SIGUSR1, 0, 0);
	interrupt(&t, false);
	same(hc_read(pipes[0], (long)&c, 1), -EINTR, "a read is interrupted");
	same(seen.count, 1, "after the handler");
	thread_join(&t);
	handle(SIGUSR1, SA_RESTART, 0);
	interrupt(&t, true);
	same(hc_read(pipes[0], (long)&c, 1), 1, "with SA_RESTART it goes on");
	same(seen.count, 1, "after the handler");
	thread_join(&t);
	interrupt(&t, false);
	same(hc_poll((long)&fd, 1, -1), -EINTR, "poll never does");
	thread_join(&t);
	interrupt(&t, false);
	same(hc_nanosleep((long)&second, (long)&left), -EINTR, "nor a sleep");
	ok(left.tv_sec == 0 && left.tv_nsec > 500 * MS,
	    "the time left is reported");
	thread_join(&t);
	interrupt(&t, false);
	same(hc_pause(), -EINTR, "nor pause");
	thread_join(&t);
	interrupt(&t, false);
	same(hc_futex((long)&word, 0, 0, (long)&second, 0, 0), -EINTR,
	    "nor a futex with a time");
	thread_join(&t);
	interrupt(&t, false);
	same(hc_rt_sigtimedwait((long)&(sigset_t){ BIT(SIGUSR2) }, 0,
		 (long)&second, 8),
	    -EINTR, "nor a wait for other signals");
	thread_join(&t);
	back_to(SIGUSR1, SIG_IGN);
	interrupt(&t, true);
	same(hc_poll((long)&fd, 1, -1), 1, "what is ignored interrupts nothing");
	thread_join(&t);
	hc_read(pipes[0], (long)&c, 1);
}

/* A signal for the process goes to a thread that does not block it. */
static int taker;

static void
note_taker(int signal, siginfo_t *info, void *context)
{
	(void)context;
	taker = (int)hc_gettid();
	note(signal, info, context);
}

static void
spinner(void *arg)
{
	volatile int *go = arg;

	*go = 1;
	while (seen.count == 0)
		;
}

static void
test_threads(void)
{
	const sigset_t set = BIT(SIGUSR2), none = 0;
	const struct sigaction action = {
		.sa_sigaction = note_taker,
		.sa_flags = SA_SIGINFO,
	};
	struct thread t = { 0 };
	volatile int go = 0;

	sigaction(SIGUSR2, &action, NULL);
	seen.count = 0;
	thread_start(&t, spinner, (void *)&go);
	while (!go)
		hc_sched_yield();
	sigprocmask(SIG_SETMASK, &set, NULL);
	kill(getpid(), SIGUSR2);
	thread_join(&t);
	same(seen.count, 1, "a signal for all comes to one");
	same(taker, t.id, "that does not block it, out of its loop");
	sigprocmask(SIG_SETMASK, &none, NULL);
	same(hc_tgkill(hc_getpid(), t.id, SIGUSR2), -ESRCH,
	    "who has ended gets none");
}

static void
test_timers(void)
{
	const struct {
		struct timeval interval, value;
	} once = { { 0, 0 }, { 0, 5000 } };
	const struct {
		long value;
		int signal, notify, tid, padding[11];
	} event = { 77, SIGRTMIN + 5, 0, 0, { 0 } };
	const struct {
		struct timespec interval, value;
	} often = { { 0, MS }, { 0, MS } };
	struct timeval left[2];
	long deleted;
	int id = -1;

	handle(SIGALRM, 0, 0);
	same(hc_alarm(100), 0, "no alarm was set");
	same(hc_alarm(0), 100, "a cancelled alarm returns its rest");
	same(hc_setitimer(0, (long)&once, 0), 0, "a timer is set");
	while (seen.count == 0)
		;
	same(seen.info.si_code, SI_KERNEL, "it interrupts a loop");
	same(hc_getitimer(0, (long)left), 0, "and is asked for");
	ok(left[1].tv_sec == 0 && left[1].tv_usec == 0,
	    "and over");
	handle(SIGRTMIN + 5, 0, 0);
	same(hc_timer_create(1, (long)&event, (long)&id), 0,
	    "a timer is made");
	same(hc_timer_settime(id, 0, (long)&often, 0), 0, "and set");
	while (seen.count < 5)
		;
	/* A signal may interrupt the write of a point to a slow terminal. */
	deleted = hc_timer_delete(id);
	ok(seen.info.si_code == SI_TIMER && seen.info.si_timerid == id,
	    "it comes again and again");
	same(deleted, 0, "until it is deleted");
	same(hc_timer_getoverrun(id), -EINVAL, "which it is");
}

static void
test_pipe(void)
{
	handle(SIGPIPE, 0, 0);
	hc_close(pipes[0]);
	same(hc_write(pipes[1], (long)"x", 1), -EPIPE,
	    "a write that nobody reads fails");
	same(seen.signal, SIGPIPE, "and its handler is called");
}

int
main(void)
{
	test_handler();
	test_registers();
	test_change();
	test_faults();
	test_trace();
	test_bad_frames();
	test_stack();
	test_blocked();
	test_interrupted();
	test_threads();
	test_timers();
	test_pipe();
	return tap_done();
}
