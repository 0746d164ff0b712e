/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Debuggers of one guest with threads, each killed at a random moment.  The
 * guest counts right all the time, and ends as it would have without them.
 */
#include "endure.h"
#include "gauge.h"

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOMENT_US  20000 /* a debugger lives so long at most */
#define CHECK_EACH 100   /* debuggers, between two looks at the counts */
#define SETTLE_MS  5000
#define FOR_EVER   2000000000U
#define FEW_ROUNDS 1000 /* after the last debugger */

/* Counts of the debuggers' work, in memory that outlives them. */
enum deed { SESSIONS, PLANTED, STEPS, STOPS, HALVES, DEEDS };
static const char *const deed_names[DEEDS] = { "sessions", "planted", "steps",
	"stops", "halves" };
static uint64_t *deeds;

static struct session s;
/* In the working folder: a socket's name has few bytes. */
static const char path[] = "line";

/* Connect, HANG_MS at most, as long as there is no socket yet. */
static int
connect_line(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unsigned ms;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	for (ms = 0; ms < HANG_MS; ms++) {
		if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
			return fd;
		usleep(1000);
	}
	close(fd);
	errno = ETIMEDOUT;
	return -1;
}

static bool
greet(void)
{
	int fd = connect_line();

	return fd >= 0 && peer_greet(&s.peer, fd);
}

static void
plant_or_remove(char verb)
{
	static const enum symbol code[] = { SYM_WORK, SYM_MEET, SYM_WAIT };
	unsigned type = random_below(&s, 5);

	if (type < 2)
		peer_ask(&s.peer, "%c%u,%" PRIx64 ",1", verb, type,
		    symbol[code[random_below(&s, 3)]]);
	else
		peer_ask(&s.peer, "%c%u,%" PRIx64 ",8", verb, type,
		    symbol[SYM_TOTAL]);
	deeds[PLANTED] += verb == 'Z';
}

/* A worker or the first thread; it may wait in a call. */
static void
step(void)
{
	peer_say(&s.peer, "vCont;s:%x%s", 1 + random_below(&s, WORKERS + 1),
	    random_below(&s, 2) ? ";c" : "");
	deeds[STEPS] += peer_hear(&s.peer, HANG_MS) != NULL;
}

static void
run(void)
{
	peer_say(&s.peer, "vCont;c");
	if (random_below(&s, 3) == 0) {
		usleep(random_below(&s, 1000));
		peer_send(&s.peer, "\x03", 1);
	}
	deeds[STOPS] += peer_hear(&s.peer, HANG_MS) != NULL;
}

static void
look(void)
{
	if (random_below(&s, 2))
		peer_ask(&s.peer, "g");
	else
		peer_ask(&s.peer, "m%" PRIx64 ",%x", symbol[SYM_WORK],
		    1 + random_below(&s, 1000));
}

static void
send_half(void)
{
	static const char packet[] = "$Z0,400000,1#00";

	deeds[HALVES]++;
	peer_send(&s.peer, packet,
	    1 + random_below(&s, (unsigned)sizeof(packet) - 2));
	pause();
}

/* Runs in a child until it is killed. */
static void
debug_until_killed(void)
{
	if (!greet())
		_exit(1);
	deeds[SESSIONS]++;
	for (;;) {
		switch (random_below(&s, 12)) {
		case 0:
		case 1:
		case 2:
		case 3: plant_or_remove('Z'); break;
		case 4: plant_or_remove('z'); break;
		case 5:
		case 6: step(); break;
		case 7:
		case 8:
		case 9: run(); break;
		case 10: look(); break;
		default: send_half(); break;
		}
	}
}

static const char *
kill_one(void)
{
	unsigned moment = random_below(&s, MOMENT_US);
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (child < 0)
		err(2, "fork");
	if (child == 0)
		debug_until_killed();
	usleep(moment);
	kill(child, SIGKILL);
	if (waitpid(child, &status, 0) < 0)
		err(2, "waitpid");
	return WIFSIGNALED(status) ? NULL : "a debugger found no novillo";
}

/* The workers' counts: of each for itself, and of all together. */
static bool
read_counts(uint64_t *total, uint64_t *own)
{
	uint64_t n;
	int i;

	*own = 0;
	for (i = 0; i < WORKERS; i++) {
		if (!peer_read(&s.peer, symbol[SYM_OWN] + 8 * (uint64_t)i, &n))
			return false;
		*own += n;
	}
	return peer_read(&s.peer, symbol[SYM_TOTAL], total);
}

/* Each worker may be between its two counts.  `rounds` is when to end, in
 * rounds from now; 0 is never. */
static const char *
check_counts(unsigned rounds)
{
	static uint64_t before;
	uint64_t total, own;
	uint32_t last;

	if (!greet())
		return "no greeting";
	if (!read_counts(&total, &own))
		return "the counts cannot be read";
	if (own < total || own > total + WORKERS)
		return "the guest has counted wrong";
	if (total < before)
		return "the guest has gone back";
	before = total;
	last = (uint32_t)(total / WORKERS) + rounds;
	if (rounds && !peer_write(&s.peer, symbol[SYM_ROUNDS], last))
		return "the number of rounds cannot be set";
	if (!peer_ask_ok(&s.peer, "D"))
		return "no detach";
	close(s.peer.fd);
	return NULL;
}

static const char *
kill_many(unsigned count)
{
	const char *why = NULL;
	unsigned i;

	for (i = 0; i < count && !why; i++) {
		why = kill_one();
		if (!why && i % CHECK_EACH == CHECK_EACH - 1)
			why = check_counts(0);
	}
	return why ? why : check_counts(0);
}

static const char *
end_guest(void)
{
	const char *why = check_counts(FEW_ROUNDS);
	char text[64];

	if (why)
		return why;
	guest_output(&s.guest, text, sizeof(text));
	if (!guest_end(&s.guest))
		return "no end";
	return s.guest.status == 0 ? NULL : "a wrong end";
}

/* novillo closes the last session soon, and not at once. */
static void
take_end(struct gauge *end, const struct gauge *half)
{
	unsigned ms;

	for (ms = 0; ms < SETTLE_MS; ms++) {
		gauge_take(end, s.guest.pid);
		if (end->fds <= half->fds)
			return;
		usleep(1000);
	}
}

static const char *
kill_all(unsigned count, struct gauge gauge[GAUGES])
{
	char option[80], workers[8], rounds[16];
	const char *args[] = { option, "threads.elf", workers, rounds, NULL };
	const char *why;

	snprintf(option, sizeof(option), "--gdb=unix:%s", path);
	snprintf(workers, sizeof(workers), "%d", WORKERS);
	snprintf(rounds, sizeof(rounds), "%u", FOR_EVER);
	guest_start(&s.guest, false, args);
	why = check_counts(0);
	/* The threads have begun, and novillo's own memory has been touched. */
	if (!why)
		why = kill_many(10);
	gauge_take(&gauge[GAUGE_BEGIN], s.guest.pid);
	if (!why)
		why = kill_many(count / 2);
	gauge_take(&gauge[GAUGE_HALF], s.guest.pid);
	if (!why)
		why = kill_many(count - count / 2);
	take_end(&gauge[GAUGE_END], &gauge[GAUGE_HALF]);
	return why ? why : end_guest();
}

bool
run_killed(unsigned count)
{
	struct gauge gauge[GAUGES] = { { 0 } };
	const char *why;
	unsigned left, zombies;
	int i;

	deeds = mmap(NULL, sizeof(*deeds) * DEEDS, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (deeds == MAP_FAILED)
		err(2, "mmap");
	s = (struct session){ .seed = (unsigned)getpid() };
	errno = 0;
	why = kill_all(count, gauge);
	if (why && errno == ETIMEDOUT)
		gauge_show(s.guest.pid, why);
	guest_kill(&s.guest);
	unlink(path);
	left = gauge_children(&zombies);
	printf("killed: %u debuggers%s%s;", count, why ? "; " : "",
	    why ? why : "");
	for (i = 0; i < DEEDS; i++)
		printf(" %" PRIu64 " %s,", deeds[i], deed_names[i]);
	printf(" processes left %u, zombies %u\n", left, zombies);
	return gauge_report("killed", gauge) && !why && left == 0;
}
