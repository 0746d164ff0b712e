/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sessions that watch a word which three threads write.  Each write is reported
 * once, with the value that it wrote.
 */
#include "endure.h"
#include "gauge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS_MAX 4

static bool
set_watch(struct session *s, bool on)
{
	return peer_ask_ok(
	    &s->peer, "%c2,%" PRIx64 ",8", on ? 'Z' : 'z', symbol[SYM_TOTAL]);
}

/* The guest has stopped after a write: one more than the last. */
static const char *
check_hit(struct session *s)
{
	uint64_t value;

	if (peer_field(&s->peer, "watch:") != symbol[SYM_TOTAL])
		return "a hit of another address";
	if (!peer_read(&s->peer, symbol[SYM_TOTAL], &value))
		return "no value";
	s->hits++;
	return value == s->hits ? NULL : "a write was not reported, or twice";
}

/* Step a thread alone.  A Ctrl-C that has crossed the last stop is reported
 * before it. */
static const char *
step_alone(struct session *s, uint64_t tid)
{
	const char *reply = peer_ask(&s->peer, "vCont;s:%" PRIx64, tid);

	if (reply && strncmp(reply, "T02", 3) == 0) {
		s->interrupts++;
		reply = peer_ask(&s->peer, "vCont;s:%" PRIx64, tid);
	}
	if (!reply || strncmp(reply, "T05", 3) != 0 ||
	    peer_field(&s->peer, "thread:") != tid)
		return "a step does not end";
	s->steps++;
	return NULL;
}

/* As gdb does: take the watchpoint out, look, step the thread alone, put the
 * watchpoint back.  Or leave it in. */
static const char *
look_around(struct session *s, uint64_t tid)
{
	const char *why;

	if (random_below(s, 4) == 0)
		return NULL;
	if (!set_watch(s, false) || !peer_ask(&s->peer, "g"))
		return "the watchpoint cannot be taken out";
	why = step_alone(s, tid);
	if (why)
		return why;
	return set_watch(s, true) ? NULL : "the watchpoint cannot be put back";
}

static bool
resume(struct session *s)
{
	unsigned how = random_below(s, 8);

	if (!peer_say(&s->peer, "vCont;c"))
		return false;
	if (how == 0)
		usleep(random_below(s, 2000));
	return how > 1 || peer_send(&s->peer, "\x03", 1);
}

static const char *
take_stop(struct session *s, const char *reply)
{
	uint64_t tid = peer_field(&s->peer, "thread:");
	const char *why;

	if (strncmp(reply, "T05watch:", 9) == 0) {
		why = check_hit(s);
		return why ? why : look_around(s, tid);
	}
	if (strncmp(reply, "T02", 3) != 0)
		return "a stop that nobody asked for";
	s->interrupts++;
	return NULL;
}

/* Continue until the guest ends. */
static const char *
follow(struct session *s)
{
	const char *reply, *why;

	for (;;) {
		reply = resume(s) ? peer_hear(&s->peer, HANG_MS) : NULL;
		if (!reply)
			return "no stop reply";
		if (*reply == 'W')
			return strcmp(reply, "W00") == 0 ? NULL : "its status";
		why = take_stop(s, reply);
		if (why)
			return why;
	}
}

const char *
watch_session(struct session *s)
{
	unsigned rounds = 1 + random_below(s, ROUNDS_MAX);
	char workers[8], number[8], text[64];
	const char *args[] = { "threads.elf", workers, number, NULL };
	const char *why;

	snprintf(workers, sizeof(workers), "%d", WORKERS);
	snprintf(number, sizeof(number), "%u", rounds);
	guest_start(&s->guest, true, args);
	if (!peer_greet(&s->peer, s->guest.line))
		return "no greeting";
	if (!set_watch(s, true))
		return "no watchpoint";
	why = follow(s);
	if (why)
		return why;
	if (s->hits != (uint64_t)WORKERS * rounds)
		return "too few hits";
	close(s->guest.line);
	s->guest.line = -1;
	guest_output(&s->guest, text, sizeof(text));
	if (!guest_end(&s->guest))
		return "no end";
	if (s->guest.status != 0 || strtoul(text, NULL, 10) != s->hits)
		return "a wrong end";
	return NULL;
}

static unsigned
count_in(const char *text, const char *part)
{
	unsigned n = 0;

	for (; (text = strstr(text, part)) != NULL; text += strlen(part))
		n++;
	return n;
}

/* The state of the novillo that gdb has started, rather than gdb's. */
static void
show_below(pid_t gdb)
{
	pid_t pid = gdb, child;

	while ((child = gauge_child_of(pid)) > 0)
		pid = child;
	gauge_show(pid, "gdb does not end");
	errno = 0;
}

const char *
gdb_session(struct session *s)
{
	static char text[1 << 16], target[8192];
	const char *argv[] = { "gdb", "-nx", "-nh", "-batch", "-iex",
		"set remotetimeout 60", "-iex", "set pagination off", "-iex",
		"set debuginfod enabled off", "-ex", "set sysroot /", "-ex",
		target, "-ex", "watch total", "-ex", "continue", "-ex",
		"continue", "-ex", "continue", "-ex", "continue", "-ex",
		"continue", NULL };

	snprintf(target, sizeof(target),
	    "target remote | exec %s --gdb=stdio %s/threads.elf %d 1", novillo,
	    guests, WORKERS);
	guest_start_command(&s->guest, argv);
	guest_output(&s->guest, text, sizeof(text));
	if (!guest_end(&s->guest)) {
		show_below(s->guest.pid);
		return "gdb does not end";
	}
	s->hits = count_in(text, "New value = ");
	if (s->hits != WORKERS || !strstr(text, "exited normally")) {
		printf("%s\n", text);
		return "gdb saw something else";
	}
	return NULL;
}
