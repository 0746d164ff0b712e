/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The initial process stack (x86-64 psABI 3.4.1) and the start of vCPU 0.
 * Nothing here may know hypercalls.
 */
#include "vm/cpu.h"
#include "vm/error.h"
#include "vm/sigframe.h"
#include "vm/thread.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <unistd.h>

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif
#ifndef AT_HWCAP2
#define AT_HWCAP2 26
#endif

/* Arguments and environment may fill a quarter of the stack, as on Linux. */
#define ARGUMENTS_SHARE 4

#define AUXV_MAX 24

/*
 * The stack grows down while it is written: `sp` is the lowest byte in use, and
 * `limit` its lowest possible value.  A push that does not fit sets `sp` to 0,
 * where it then stays.
 */
struct stack {
	struct machine *m;
	uint64_t sp;
	uint64_t limit;
};

static uint64_t
push_bytes(struct stack *s, const void *bytes, uint64_t len)
{
	if (s->sp == 0 || len > s->sp - s->limit) {
		s->sp = 0;
		return 0;
	}
	s->sp -= len;
	memcpy(s->m->mem.base + s->sp, bytes, len);
	return s->sp;
}

static uint64_t
push_string(struct stack *s, const char *text)
{
	return push_bytes(s, text, strlen(text) + 1);
}

static void
push_word(struct stack *s, uint64_t word)
{
	push_bytes(s, &word, sizeof(word));
}

static uint64_t
count_strings(char **strings)
{
	uint64_t n = 0;

	while (strings[n])
		n++;
	return n;
}

/* Push the texts, the last one first, so that the first lies lowest.
 * push_pointers() computes their addresses again. */
static uint64_t
push_strings(struct stack *s, char **strings)
{
	uint64_t n = count_strings(strings);

	while (n-- > 0)
		push_string(s, strings[n]);
	return s->sp;
}

static void
push_pointers(struct stack *s, char **strings, uint64_t first)
{
	uint64_t n = count_strings(strings);
	uint64_t at = first;
	uint64_t i;

	push_word(s, 0);
	for (i = 0; i < n; i++)
		at += strlen(strings[i]) + 1;
	while (n-- > 0) {
		at -= strlen(strings[n]) + 1;
		push_word(s, at);
	}
}

struct auxv {
	uint64_t type, value;
};

static void
fill_auxv(struct auxv *auxv, const struct machine *m, uint64_t execname,
    uint64_t platform, uint64_t random)
{
	const struct image *image = &m->image;
	uint64_t hwcap, hwcap2;

	cpu_hwcap(m, &hwcap, &hwcap2);
	const struct auxv all[] = {
		{ AT_PHDR, image->phdr ? image->phdr + image->bias : 0 },
		{ AT_PHENT, sizeof(Elf64_Phdr) },
		{ AT_PHNUM, image->phdr ? image->phnum : 0 },
		{ AT_PAGESZ, PAGE_4K },
		{ AT_BASE, m->interp.segments > 0 ? m->interp.bias : 0 },
		{ AT_FLAGS, 0 },
		{ AT_ENTRY, image->entry + image->bias },
		{ AT_UID, m->guest.world.uid },
		{ AT_EUID, geteuid() },
		{ AT_GID, m->guest.world.gid },
		{ AT_EGID, getegid() },
		{ AT_SECURE, 0 },
		{ AT_HWCAP, hwcap },
		{ AT_HWCAP2, hwcap2 },
		{ AT_CLKTCK, getauxval(AT_CLKTCK) },
		{ AT_PLATFORM, platform },
		{ AT_RANDOM, random },
		{ AT_EXECFN, execname },
		{ AT_MINSIGSTKSZ, sigframe_room(m) },
		/* Last: there may be none. */
		{ m->vdso_at ? AT_SYSINFO_EHDR : AT_NULL, m->vdso_at },
		{ AT_NULL, 0 },
	};
	_Static_assert(sizeof(all) / sizeof(all[0]) <= AUXV_MAX,
	    "AUXV_MAX holds the auxiliary vector");
	memcpy(auxv, all, sizeof(all));
}

static unsigned
auxv_length(const struct auxv *auxv)
{
	unsigned n = 0;

	while (auxv[n].type != AT_NULL)
		n++;
	return n + 1;
}

/*
 * From high to low: strings, padding, auxiliary vector, environment pointers,
 * argument pointers, argc.  rsp points to argc and is a multiple of 16.
 */
static void
push_all(struct stack *s, const char *execname, char **argv, char **envp)
{
	struct auxv auxv[AUXV_MAX];
	uint8_t random[16] = { 0 };
	uint64_t name, platform, random_at, envs, args, words, size;

	if (getrandom(random, sizeof(random), 0) < 0)
		random[0] = 1; /* never: the kernel always has a seed */
	push_word(s, 0);
	name = push_string(s, execname);
	envs = push_strings(s, envp);
	args = push_strings(s, argv);
	s->m->guest.world.env = (struct hc_span){ envs, name };
	s->m->guest.world.args = (struct hc_span){ args, envs };
	platform = push_string(s, "x86_64");
	random_at = push_bytes(s, random, sizeof(random));
	fill_auxv(auxv, s->m, name, platform, random_at);
	size = auxv_length(auxv) * sizeof(auxv[0]);
	words = 1 + count_strings(argv) + 1 + count_strings(envp) + 1;
	push_bytes(s, (const char[16]){ 0 }, s->sp % 16);
	if (words % 2)
		push_word(s, 0);
	push_bytes(s, auxv, size);
	s->m->auxv = s->sp;
	s->m->auxv_size = size;
	s->m->guest.world.auxv = (struct hc_span){ s->sp, s->sp + size };
	push_pointers(s, envp, envs);
	push_pointers(s, argv, args);
	push_word(s, count_strings(argv));
}

/* As on Linux, the first thread has the name of its program's file. */
static void
name_thread(struct hc_thread *thread, const char *execname)
{
	const char *slash = strrchr(execname, '/');

	snprintf(thread->name, sizeof(thread->name), "%.*s", HC_THREAD_NAME - 1,
	    slash ? slash + 1 : execname);
}

static uint64_t
first_instruction(const struct machine *m)
{
	const struct image *image = m->interp.segments > 0 ? &m->interp
							   : &m->image;

	return image->entry + image->bias;
}

/* The first stack is moved within its memory, by up to a part of it. */
#define MOVED_SHARE 16
#define MOVED_SHIFT 49

uint64_t
machine_stack_end(const struct machine *m)
{
	const uint64_t most = (m->mem.size - m->stack_bottom) / MOVED_SHARE;

	return m->mem.size - (m->random >> MOVED_SHIFT) * 16 % most;
}

int
machine_set_start(struct machine *m, const char *execname, char **argv,
    char **envp, struct machine_error *error)
{
	const uint64_t stack_size = m->mem.size - m->stack_bottom;
	const uint64_t end = machine_stack_end(m);
	struct stack s = {
		.m = m,
		.sp = end,
		.limit = end - stack_size / ARGUMENTS_SHARE,
	};

	push_all(&s, execname, argv, envp);
	if (s.sp == 0)
		return machine_fail(error, -E2BIG,
		    "arguments and environment need more than %llu bytes, a"
		    " quarter of the stack; give it more with --memory",
		    (unsigned long long)(stack_size / ARGUMENTS_SHARE));
	m->guest.world.stack = m->stack_bottom;
	m->guest.world.stack_from = s.sp;
	/* Every program pushes at once: spare it the page fault. */
	(void)gmem_touch(&m->mem, s.sp - 1);
	thread_init(&m->vcpu[0]);
	name_thread(&m->vcpu[0].thread, execname);
	return cpu_init(&m->vcpu[0], first_instruction(m), s.sp, error);
}

uint64_t
machine_start_stack(const struct machine *m)
{
	return m->vcpu[0].kvm.run->s.regs.regs.rsp;
}

void
machine_replace_stack(struct machine *m, uint64_t sp)
{
	m->vcpu[0].kvm.run->s.regs.regs.rsp = sp;
}
