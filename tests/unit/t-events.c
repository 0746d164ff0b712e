/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the trace events of --trace-out: calls are dispatched without a vCPU,
 * and the file is read by the JSON reader of lib/json.
 *
 *	t-events FILE	reads the events of a guest, and prints one a line:
 *			phase, category, thread, name, and for a name of a line
 *			of the picture that name
 *	t-events --write FILE	writes a few events, for a browser
 */
#include "guestram.h"
#include "tap.h"

#include "hypercall/dispatch/dispatch.h"
#include "hypercall/trace/events.h"
#include "json/json.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define RAM  (UINT64_C(8) << 20)
#define DATA (UINT64_C(1) << 20)
#define MANY 2000 /* calls: more than the buffer holds */
#define TEXT 512

/* The members of an event that the tests look at. */
struct event {
	char ph[8], cat[16], name[64], tid[16], ts[32], dur[32], s[8];
	char arg_name[TEXT], arguments[TEXT], result[TEXT], info[TEXT];
};

static struct gmem mem;
static struct hc_guest guest;
static struct hc_events events;
static struct output out;
static struct hc_thread first = { .tid = 1, .name = "ma\"in\n\xff" };
static struct hc_thread second = { .tid = 2, .name = "worker" };
static struct event list[MANY + 64];
static char file[1 << 20];

/* A file that has no name. */
static int
new_file(void)
{
	FILE *f = tmpfile();
	int fd = f ? dup(fileno(f)) : -1;

	if (fd < 0)
		bail("cannot make a file");
	fclose(f);
	return fd;
}

static int64_t
call(struct hc_thread *thread, uint32_t number, uint64_t a, uint64_t b,
    uint64_t c)
{
	struct hc_call made = {
		.guest = &guest,
		.thread = thread,
		.arg = { a, b, c },
	};

	return hc_dispatch(&made, number);
}

/* Put the value of the last name into its member of *e. */
static void
take(const struct json *json, struct event *e, const char *name, bool inner)
{
	const struct {
		const char *name;
		bool inner;
		char *text;
		size_t size;
	} members[] = {
#define MEMBER(name, inner, member) \
	{ name, inner, e->member, sizeof(e->member) }
		MEMBER("ph", false, ph),
		MEMBER("cat", false, cat),
		MEMBER("name", false, name),
		MEMBER("tid", false, tid),
		MEMBER("ts", false, ts),
		MEMBER("dur", false, dur),
		MEMBER("s", false, s),
		MEMBER("name", true, arg_name),
		MEMBER("arguments", true, arguments),
		MEMBER("result", true, result),
		MEMBER("info", true, info),
#undef MEMBER
	};
	size_t i, n;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (strcmp(members[i].name, name) == 0 &&
		    members[i].inner == inner &&
		    !json_text(json, members[i].text, members[i].size, &n))
			bail("%s is too long", name);
}

/* Read the file: the number of its events, or -1 after a diagnostic. */
static int
parse(void)
{
	const off_t size = lseek(out.fd, 0, SEEK_END);
	struct json json;
	enum json_event event;
	char name[32] = "";
	size_t length;
	int n = -1, depth = 0;

	memset(list, 0, sizeof(list));
	if (size < 0 || size > (off_t)sizeof(file) ||
	    pread(out.fd, file, (size_t)size, 0) != size)
		bail("the file has %lld bytes", (long long)size);
	json_init(&json, file, (size_t)size);
	while ((event = json_next(&json)) > JSON_END) {
		depth += (event == JSON_OBJECT) - (event == JSON_OBJECT_END);
		if (event == JSON_OBJECT && depth == 1 &&
		    ++n == (int)(sizeof(list) / sizeof(list[0])) - 1)
			bail("there are more events");
		if (event == JSON_NAME)
			(void)json_text(&json, name, sizeof(name), &length);
		if (event == JSON_STRING || event == JSON_NUMBER)
			take(&json, &list[n], name, depth > 1);
	}
	if (event == JSON_ERROR)
		printf("# line %u: %s\n", json.line, json.error);
	return event == JSON_END ? n + 1 : -1;
}

/* The i-th event with this phase and name, or NULL. */
static const struct event *
find(const char *ph, const char *name, unsigned i)
{
	const struct event *e;

	for (e = list; e->ph[0]; e++)
		if (strcmp(e->ph, ph) == 0 && strcmp(e->name, name) == 0 &&
		    i-- == 0)
			return e;
	return NULL;
}

static const struct event *
need(const char *ph, const char *name, unsigned i)
{
	static const struct event none;
	const struct event *e = find(ph, name, i);

	ok(e, "there is an event \"%s\" of phase %s, number %u", name, ph, i);
	return e ? e : &none;
}

static void
start(void)
{
	out = (struct output){ .fd = new_file() };
	memset(&events, 0, sizeof(events));
	events.text.out = &out;
	events.most = HC_TRACE_BYTES;
	guest.traced = NULL;
	hc_events_begin(&events, &guest, "dir/gu\\est");
}

static void
test_calls(void)
{
	static const char text[] = "say \"a\\b\"\n\1";
	const siginfo_t info = { .si_signo = SIGSEGV, .si_code = SEGV_MAPERR };
	const struct event *e;

	start();
	gmem_write(&mem, DATA, text, sizeof(text));
	call(&first, HC_write, 77, DATA, sizeof(text) - 1);
	call(&second, HC_getpid, 0, 0, 0);
	call(&second, 9999, 1, 2, 3);
	memcpy(first.name, "renamed", 8);
	call(&first, HC_getpid, 0, 0, 0);
	hc_trace_signal(&guest, 2, &info);
	hc_events_mark(&events, 1, "stop", "breakpoint");
	hc_events_mark(&events, 0, "end", "exited with 0");
	hc_events_end(&events);
	ok(out.error == 0 && parse() > 0, "the file is JSON");
	e = need("M", "process_name", 0);
	is_str(e->arg_name, "dir/gu\\est", "it names the process");
	e = need("M", "thread_name", 0);
	is_str(e->arg_name, "ma\"in\n\303\277", "a name may have any bytes");
	e = need("M", "thread_name", 1);
	is_str(e->arg_name, "worker", "each thread has its own line");
	e = need("M", "thread_name", 2);
	is_str(e->arg_name, "renamed", "a new name is written");
	ok(!find("M", "thread_name", 3), "and none without need");
	e = need("X", "write", 0);
	is_str(e->arguments, "77, \"say \\\"a\\\\b\\\"\\n\\1\", 11",
	    "a call has the arguments of --trace");
	ok(strstr(e->result, "-1 EBADF (") == e->result, "and its result");
	is_str(e->tid, "1", "on its thread's line");
	is_str(e->cat, "call", "it is a call");
	ok(strtod(e->ts, NULL) > 0 && strtod(e->dur, NULL) > 0,
	    "at a time and for a time");
	e = need("X", "getpid", 0);
	is_str(e->tid, "2", "another thread has another line");
	is_str(e->arguments, "", "a call may have no argument");
	(void)need("X", "syscall_0x270f", 0);
	e = need("i", "SIGSEGV", 0);
	ok(strstr(e->info, "si_code=SEGV_MAPERR"), "a signal says more");
	is_str(e->s, "t", "it is its thread's");
	is_str(e->tid, "2", "which took it");
	is_str(need("i", "breakpoint", 0)->cat, "stop", "a stop is a moment");
	is_str(need("i", "exited with 0", 0)->s, "p", "the end is for all");
	close(out.fd);
}

/* A wait is a slice within its call. */
static void
test_waits(void)
{
	const struct timespec wait = { 0, 100L * HC_EVENTS_WAIT_NS };
	const struct event *nap, *e;
	double begin, end;

	start();
	gmem_write(&mem, DATA, &wait, sizeof(wait));
	call(&first, HC_nanosleep, DATA, 0, 0);
	hc_events_end(&events);
	ok(parse() > 0, "the file is JSON");
	nap = need("X", "nanosleep", 0);
	e = need("X", "waits", 0);
	is_str(e->cat, "wait", "a wait is shown as such");
	begin = strtod(nap->ts, NULL);
	end = begin + strtod(nap->dur, NULL);
	ok(strtod(e->ts, NULL) > begin - 0.01 &&
		strtod(e->ts, NULL) + strtod(e->dur, NULL) < end + 0.01,
	    "it lies within its call");
	ok(strtod(e->dur, NULL) * 1000 >= HC_EVENTS_WAIT_NS,
	    "a shorter one would not be shown");
	close(out.fd);
}

static void
test_many(void)
{
	unsigned i, n = 0;

	start();
	for (i = 0; i < MANY; i++)
		call(&first, HC_getppid, i, 0, 0);
	ok(lseek(out.fd, 0, SEEK_CUR) > 0 && events.text.used <= OUTPUT_BUFFER,
	    "events are written before the guest ends");
	hc_events_end(&events);
	ok(parse() >= MANY, "all of them are JSON");
	while (find("X", "getppid", n))
		n++;
	is_int(n, MANY, "no event is lost");
	close(out.fd);
}

/* A call of a guest that ends has no result. */
static void
test_ending(void)
{
	start();
	events.trace.ending = true;
	call(&first, HC_exit_group, 3, 0, 0);
	hc_events_end(&events);
	ok(parse() > 0, "the file is JSON");
	is_str(need("X", "exit_group", 0)->result, "?",
	    "a call that does not return has no result");
	close(out.fd);
}

static int
print(const char *name)
{
	const struct event *e;

	out.fd = open(name, O_RDONLY);
	if (out.fd < 0 || parse() < 0)
		return 1;
	for (e = list; e->ph[0]; e++)
		printf("%s %s %s %s%s%s\n", e->ph, e->cat[0] ? e->cat : "-",
		    e->tid, e->name, e->arg_name[0] ? " " : "", e->arg_name);
	return 0;
}

/* Three calls of two threads. */
static int
write_events(const char *name)
{
	start();
	close(out.fd);
	out.fd = open(name, O_WRONLY | O_CREAT, 0600);
	call(&first, HC_getpid, 0, 0, 0);
	call(&second, HC_getpid, 0, 0, 0);
	call(&second, HC_write, 77, DATA, 3);
	hc_events_end(&events);
	return out.error;
}

int
main(int argc, char **argv)
{
	if (argc == 2)
		return print(argv[1]);
	guestram_init(&mem, RAM);
	hc_guest_init(&guest, &mem);
	space_init(&guest.space, &mem, 2 << 20, 7 << 20);
	space_take(
	    &guest.space, DATA, PAGE_4K, space_bits(PROT_READ | PROT_WRITE));
	hc_set_change(&guest.policy.allowed, "@all", 4);
	if (argc == 3)
		return write_events(argv[2]);
	test_calls();
	test_waits();
	test_many();
	test_ending();
	return done_testing();
}
