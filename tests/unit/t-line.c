/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests novillo's own connection with bytes from hostile and from ignorant
 * peers: input that killed other stubs, and debuggers that come and go at any
 * time.
 */
#include "scratch.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MS 10000
#define MIB       (1 << 20)

static char path[64], output[64];
static pid_t server;
static uint8_t answer[1 << 18];
static uint8_t long_packet[MIB];

static const char *
program(void)
{
	static char name[4096];
	const char *named = getenv("NOVILLO");
	const char *dir = getenv("top_builddir");

	snprintf(name, sizeof(name), "%s/bin/novillo", dir ? dir : ".");
	return named ? named : name;
}

static pid_t
spawn(const char *arg, const char *guest, const char *number)
{
	const char *dir = getenv("top_builddir");
	char file[4096];
	const char *argv[] = { program(), arg, file, number, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int r;

	snprintf(file, sizeof(file), "%s/guest/%s", dir ? dir : ".", guest);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output,
	    O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_addopen(
	    &actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	r = posix_spawn(&pid, argv[0], &actions, NULL,
	    (char *const *)(uintptr_t)argv, environ);
	if (r != 0)
		bail("%s: %s", argv[0], strerror(r));
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static int
try_connect(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Connect to the socket; wait while it does not exist yet. */
static int
connect_to(void)
{
	int fd, tries;

	for (tries = 0; tries < 600; tries++) {
		fd = try_connect();
		if (fd >= 0)
			return fd;
		usleep(50000);
	}
	bail("nobody listens at %s", path);
	return -1;
}

static void
start(const char *guest, const char *number)
{
	char arg[80];

	snprintf(arg, sizeof(arg), "--gdb=unix:%s", path);
	server = spawn(arg, guest, number);
}

static int
finish(void)
{
	int status;

	if (waitpid(server, &status, 0) != server)
		bail("waitpid: %s", strerror(errno));
	unlink(path);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Send all bytes, unless the peer has closed the connection. */
static void
say(int fd, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;

	while (n > 0) {
		ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		at += sent;
		n -= (size_t)sent;
	}
}

static void
say_packet(int fd, const char *payload)
{
	char frame[256];
	unsigned char sum = 0;
	const char *p;

	for (p = payload; *p; p++)
		sum = (unsigned char)(sum + *p);
	say(fd, frame,
	    (size_t)snprintf(frame, sizeof(frame), "$%s#%02x", payload, sum));
}

/* Whether `wanted` arrives in time, among any other bytes. */
static bool
hear(int fd, const char *wanted)
{
	struct pollfd p = { fd, POLLIN, 0 };
	size_t n = 0;

	while (poll(&p, 1, ANSWER_MS) > 0) {
		ssize_t got = recv(fd, answer + n, sizeof(answer) - 1 - n, 0);

		if (got <= 0)
			return false;
		n += (size_t)got;
		if (memmem(answer, n, wanted, strlen(wanted)))
			return true;
		if (n > sizeof(answer) / 2)
			n = 0;
	}
	return false;
}

/* Packets that ToroV's, Solo5's, or gdbserver's stub died of or ignored. */
static const char *const packets[] = {
	"m0,10000",
	"m0,1000",
	"m0,ffffffff",
	"m401000,ffffffffffffffff",
	"mffffffffffffffff,2",
	"Mffffffffffffffff,1:00",
	"m401000",
	"m",
	"m,",
	"Z0",
	"Z0,401000",
	"Z0,ffffffff00000000,1",
	"z0,ffffffff00000000,1",
	"Z9,401000,1",
	"Z2,401000,7fff",
	"z2,401000,7fff",
	"P0",
	"P0=",
	"Pffff=00",
	"pffffffff",
	"M401000,4:00",
	"M401000,1:zz",
	"X401000,4:a",
	"G00",
	"G",
	"g0",
	"vCont;",
	"vCont;s:99",
	"vCont;x",
	"vCont;r",
	"Hgzz",
	"Hg99",
	"T99",
	"qXfer:features:read:",
	"qXfer:features:read:target.xml:ffffffffffffffff,10",
	"qXfer:nothing:read::0,10",
	"vFile:open:2f6574632f706173737764,0,0",
	"vFile:pread:77,10,0",
	"vFile:close:ffffffffffffffff",
	"qRcmd,zz",
	"qSupported:;;;;",
	"qThreadExtraInfo,",
	"vAttach;zz",
	"vKill;77",
	"D;77",
	"QStartNoAckModeX",
	"~~~~",
};

static const struct {
	const char *name;
	const char *bytes;
	size_t n;
} raw[] = {
#define RAW(name, text)                      \
	{                                    \
		name, text, sizeof(text) - 1 \
	}
	RAW("bytes that are not ASCII", "\xff\x80$\xff\xfe#ff"),
	RAW("NULs", "\0\0$\0#00"),
	RAW("a wrong sum", "$g#00"),
	RAW("a sum that is none", "$g#zz"),
	RAW("half a packet, and another", "$m4010$?#3f"),
	RAW("an escape at the end", "$X401000,1:}#91"),
	RAW("a run of nothing", "$*~#a8"),
	RAW("ends without beginnings", "####"),
	RAW("beginnings without ends", "$$$$"),
	RAW("acknowledgements", "+++---+-"),
	RAW("Ctrl-C many times", "\3\3\3\3"),
#undef RAW
};

static bool
alive(int fd)
{
	say_packet(fd, "qC");
	return hear(fd, "$QC1#");
}

static void
test_malformed(void)
{
	size_t i;
	int fd;

	start("status.elf", "7");
	fd = connect_to();
	for (i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		say_packet(fd, packets[i]);
		ok(alive(fd), "\"%s\" does no harm", packets[i]);
	}
	for (i = 0; i < sizeof(raw) / sizeof(raw[0]); i++) {
		say(fd, raw[i].bytes, raw[i].n);
		ok(alive(fd), "%s: no harm", raw[i].name);
	}
	say(fd, "$qC#b4$qC#b4$?#3f", 17);
	ok(hear(fd, "$T05"), "packets that come at once are all answered");
	memset(long_packet, 'm', sizeof(long_packet));
	long_packet[0] = '$';
	say(fd, long_packet, sizeof(long_packet));
	ok(alive(fd), "1 MiB that does not end: no harm");
	say(fd, long_packet, sizeof(long_packet));
	say(fd, "#00", 3);
	ok(alive(fd), "1 MiB that ends: no harm");
	close(fd);
	is_int(finish(), 7, "and none to the guest, which ends as it would");
}

static void
test_comings(void)
{
	int fd, other;

	start("status.elf", "7");
	fd = connect_to();
	ok(alive(fd), "one debugger is there");
	other = connect_to();
	ok(!alive(other), "a second one is sent away");
	ok(alive(fd), "which does not disturb the first");
	close(other);
	say_packet(fd, "k");
	ok(!hear(fd, "$"), "`k` has no answer but the end of the connection");
	close(fd);
	is_int(finish(), 128 + SIGKILL, "and of the guest");

	start("compute.elf", "2000000");
	close(connect_to());
	fd = connect_to();
	say(fd, "$m4010", 6);
	close(fd);
	fd = connect_to();
	say_packet(fd, "Z0,401000,1");
	say_packet(fd, "c");
	close(fd);
	fd = connect_to();
	ok(alive(fd), "after those who hung up at any point another is let in");
	close(fd);
	is_int(finish(), 0, "and the guest ends by itself");
}

/* Skip the tests if no guest can run here. */
static void
need_kvm(void)
{
	char command[4200];

	snprintf(command, sizeof(command), "'%s' --probe >/dev/null 2>&1",
	    program());
	if (system(command) == 0)
		return;
	if (kvm_is_required())
		bail("no usable KVM");
	skip_all("no usable KVM");
}

int
main(void)
{
	need_kvm();
	if (!scratch_make())
		bail("%s: %s", scratch, strerror(errno));
	snprintf(path, sizeof(path), "%s/line", scratch);
	snprintf(output, sizeof(output), "%s/output", scratch);
	test_malformed();
	test_comings();
	return done_testing();
}
