/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A debugger that dies: again and again a child connects to novillo, plants
 * breakpoints, steps, lets the guest run, begins packets, and is killed at a
 * random moment.  At the end novillo must have no more open descriptors than
 * before.  This file does not check the guest.
 *
 * usage: killer SOCKET CYCLES MOMENT SEED WATCHED CODE...
 *	A child lives for MOMENT microseconds at most, or for longer where the
 *	children do too little in that time.  WATCHED and CODE are addresses
 *	of the guest, in hexadecimal.  One byte goes to standard output before
 *	each cycle, for the guest to work on.
 */
#include "../long/peer.h"

#include <dirent.h>
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SETTLE_MS 5000

/* Counts of the children's work, in memory that outlives the children. */
enum deed { SESSIONS, PLANTED, STEPS, RUNS, STOPS, HALVES, DEEDS };

static const char *const deed_names[DEEDS] = {
	[SESSIONS] = "sessions",
	[PLANTED] = "planted",
	[STEPS] = "steps",
	[RUNS] = "runs",
	[STOPS] = "stops",
	[HALVES] = "halves",
};
/* One deed in so many cycles at least makes the test worth its name. */
static const unsigned deed_shares[DEEDS] = {
	[SESSIONS] = 2,
	[PLANTED] = 3,
	[STEPS] = 8,
	[RUNS] = 8,
	[STOPS] = 8,
	[HALVES] = 20,
};
static volatile unsigned long *deeds;

static struct sockaddr_un addr = { .sun_family = AF_UNIX };
static char **code;
static unsigned codes;
static const char *watched;
static unsigned seed;
static struct peer peer;

static unsigned
random_below(unsigned n)
{
	return (unsigned)rand_r(&seed) % n;
}

static void
open_line(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		err(1, "%s", addr.sun_path);
	peer = (struct peer){ .fd = fd, .acks = true };
}

static void
must_hear(void)
{
	if (!peer_hear(&peer, HANG_MS))
		err(1, "no reply");
}

static void
insert_or_remove(char verb)
{
	unsigned type = random_below(5);

	if (type < 2)
		peer_say(
		    &peer, "%c%u,%s,1", verb, type, code[random_below(codes)]);
	else
		peer_say(&peer, "%c%u,%s,8", verb, type, watched);
	must_hear();
	deeds[PLANTED] += verb == 'Z';
}

static void
step(void)
{
	if (random_below(2))
		peer_say(&peer, "s");
	else
		peer_say(&peer, "vCont;r%s,%s:1", code[0], code[codes - 1]);
	deeds[STEPS]++;
	must_hear();
}

static void
run(void)
{
	peer_say(&peer, "c");
	deeds[RUNS]++;
	if (random_below(3) == 0) {
		usleep(random_below(1000));
		peer_send(&peer, "\x03", 1);
	}
	must_hear();
	deeds[STOPS]++;
}

static void
look(void)
{
	if (random_below(2))
		peer_say(&peer, "g");
	else
		peer_say(&peer, "m%s,%x", code[0], 1 + random_below(2000));
	must_hear();
}

static void
send_half(void)
{
	char packet[64];
	int n = snprintf(packet, sizeof(packet), "$Z0,%s,1#", code[0]);

	deeds[HALVES]++;
	peer_send(&peer, packet, 1 + random_below((unsigned)n - 1));
	pause();
}

/* Runs in a child until it is killed. */
static void
debug_until_killed(void)
{
	open_line();
	peer_say(&peer, "?");
	must_hear();
	deeds[SESSIONS]++;
	for (;;) {
		switch (random_below(12)) {
		case 0:
		case 1:
		case 2:
		case 3: insert_or_remove('Z'); break;
		case 4: insert_or_remove('z'); break;
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

static void
cycle(unsigned moment)
{
	pid_t child;
	int status;

	seed++;
	child = fork();
	if (child < 0)
		err(1, "fork");
	if (child == 0)
		debug_until_killed();
	usleep(random_below(moment));
	kill(child, SIGKILL);
	if (waitpid(child, &status, 0) < 0)
		err(1, "waitpid");
	if (!WIFSIGNALED(status))
		errx(1, "a child ended by itself (seed %u)", seed);
}

/* Do the children die too early for one of their deeds? */
static bool
die_early(unsigned cycles)
{
	int i;

	for (i = 0; i < DEEDS; i++)
		if (deeds[i] <= cycles / deed_shares[i])
			return true;
	return false;
}

static unsigned
open_files(pid_t pid)
{
	char path[64];
	unsigned n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (!dir)
		err(1, "%s", path);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Open a session, end it, and return the process at the other end. */
static pid_t
greet(void)
{
	struct ucred other;
	socklen_t size = sizeof(other);

	open_line();
	if (getsockopt(peer.fd, SOL_SOCKET, SO_PEERCRED, &other, &size) < 0)
		err(1, "SO_PEERCRED");
	peer_say(&peer, "D");
	must_hear();
	close(peer.fd);
	return other.pid;
}

static void
feed_guest(void)
{
	if (write(STDOUT_FILENO, "x", 1) != 1)
		err(1, "the guest's input");
}

/* A guest that has read its input has also checked its own code. */
static void
wait_for_guest(void)
{
	int unread = 1;

	while (unread > 0) {
		usleep(1000);
		if (ioctl(STDOUT_FILENO, FIONREAD, &unread) < 0)
			err(1, "standard output is not a pipe");
	}
}

/*
 * Wait until at most `wanted` files are open, for SETTLE_MS at most, and return
 * the number of open files.
 */
static unsigned
settled_files(pid_t pid, unsigned wanted)
{
	unsigned ms, n = open_files(pid);

	for (ms = 0; n > wanted && ms < SETTLE_MS; ms++) {
		usleep(1000);
		n = open_files(pid);
	}
	return n;
}

static void
tell(unsigned cycles, unsigned before, unsigned after)
{
	int i;

	fprintf(stderr, "%u cycles:", cycles);
	for (i = 0; i < DEEDS; i++)
		fprintf(stderr, " %lu of %u %s,", deeds[i],
		    cycles / deed_shares[i], deed_names[i]);
	fprintf(stderr, " descriptors %u then %u\n", before, after);
}

int
main(int argc, char **argv)
{
	unsigned cycles, moment, i, before, after;
	pid_t novillo;

	if (argc < 7 || strlen(argv[1]) >= sizeof(addr.sun_path))
		errx(2,
		    "usage: killer SOCKET CYCLES MOMENT SEED WATCHED CODE...");
	strcpy(addr.sun_path, argv[1]);
	cycles = (unsigned)strtoul(argv[2], NULL, 0);
	moment = (unsigned)strtoul(argv[3], NULL, 0);
	seed = (unsigned)strtoul(argv[4], NULL, 0);
	watched = argv[5];
	code = argv + 6;
	codes = (unsigned)argc - 6;
	deeds = mmap(NULL, sizeof(*deeds) * DEEDS, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (deeds == MAP_FAILED)
		err(1, "mmap");

	novillo = greet();
	feed_guest();
	wait_for_guest();
	/* novillo may not have closed the ended session yet. */
	sleep(1);
	before = open_files(novillo);
	for (i = 1; i < cycles; i++) {
		feed_guest();
		cycle(moment);
		if (die_early(i))
			moment += moment / 64;
	}
	greet();
	after = settled_files(novillo, before);
	tell(cycles, before, after);
	return after <= before ? 0 : 1;
}
