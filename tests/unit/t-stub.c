/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session over the made-up machine: transcripts, tests/rsp, and properties
 * of the whole packet table.  This test must not know KVM.
 *
 * A transcript consists of lines.  It begins with a fresh machine, stopped at
 * its entry, and an open session.  \xNN stands for a byte, \\ for a backslash.
 *
 *	= text		a claim; it holds if the lines up to the next one do
 *	> payload	a packet to the stub
 *	< payload	the stub's reply; a '*' stands for anything
 *	!		there is no reply
 *	raw bytes	to the stub, without a frame
 *	sent bytes	the bytes that come from the stub
 *	run n		the machine runs n instructions
 *	run-out		it is at the end of its history
 *	fail errno	the machine's next fallible operation fails
 *	untraced	the machine has no trace
 *	changed addr	a byte becomes 0xee, and no packet has done it
 *	ahead, not-ahead	the debugger is silent: the next reply is made
 *			ahead; the stub would make none
 *	forget		the reply that was made ahead
 *	open, close	a session begins, ends
 *	wants input, wants close, wants nothing	the stub wants this
 *	free, stopped, running, gone	the state of the machine
 *	breaks n, attached n, detached n, killed n, files n	fake's counts
 */
#include "faketarget.h"
#include "gdb/packet.h"
#include "gdb/signals.h"
#include "tap.h"

#include <glob.h>

#define LINE_MAX_ 8192

static struct stub stub;
static struct fake fake;
static struct rsp decoder;
static bool used_rows[256];

/* The bytes from the stub that no line has consumed yet. */
static struct {
	uint8_t bytes[4 * RSP_FRAME_MAX];
	size_t len;
} came;

/* The claim that the current lines test. */
static struct {
	char name[LINE_MAX_];
	char why[LINE_MAX_];
	bool any;
} claim;

static void
finish_claim(void)
{
	if (!claim.any)
		return;
	ok(claim.why[0] == '\0', "%s", claim.name);
	if (claim.why[0])
		printf("# %s\n", claim.why);
	claim.any = false;
}

__attribute__((format(printf, 1, 2))) static void
fail(const char *fmt, ...)
{
	va_list ap;

	if (claim.why[0])
		return;
	va_start(ap, fmt);
	vsnprintf(claim.why, sizeof(claim.why), fmt, ap);
	va_end(ap);
}

static void
drain(void)
{
	const uint8_t *bytes;
	size_t n;

	for (bytes = stub_output(&stub, &n); n > 0;
	     bytes = stub_output(&stub, &n)) {
		if (n > sizeof(came.bytes) - came.len)
			bail("too much came");
		memcpy(came.bytes + came.len, bytes, n);
		came.len += n;
		stub_sent(&stub, n);
	}
}

static void
send_raw(const uint8_t *bytes, size_t n)
{
	size_t used;

	while (n > 0) {
		used = stub_input(&stub, bytes, n);
		fake_settle(&fake);
		drain();
		if (used == 0)
			break;
		bytes += used;
		n -= used;
	}
	if (n > 0 && !stub_wants_close(&stub))
		fail("%zu bytes were not wanted", n);
}

static void
send_packet(const uint8_t *payload, size_t n)
{
	static uint8_t frame[RSP_FRAME_MAX];
	const struct packet *packet = packet_find(payload, n);
	const struct packet *table = packet_table(&(size_t){ 0 });
	unsigned sum = 0;
	char tail[8];

	if (packet)
		used_rows[packet - table] = true;
	frame[0] = '$';
	memcpy(frame + 1, payload, n);
	for (size_t i = 0; i < n; i++)
		sum += payload[i];
	snprintf(tail, sizeof(tail), "#%02x", sum & 0xff);
	memcpy(frame + 1 + n, tail, 3);
	send_raw(frame, n + 4);
}

/* Decode the next packet from the stub, past acknowledgements. */
static bool
next_reply(void)
{
	enum rsp_event event;
	size_t used;

	rsp_init(&decoder);
	decoder.noack = true;
	event = rsp_feed(&decoder, came.bytes, came.len, &used);
	memmove(came.bytes, came.bytes + used, came.len - used);
	came.len -= used;
	return event == RSP_PACKET;
}

/* Whether text[n] matches the pattern; a '*' matches anything. */
static bool
is_like(const uint8_t *text, size_t n, const uint8_t *pattern, size_t m)
{
	if (m == 0)
		return n == 0;
	if (*pattern != '*')
		return n > 0 && *text == *pattern &&
		       is_like(text + 1, n - 1, pattern + 1, m - 1);
	for (size_t i = 0; i <= n; i++)
		if (is_like(text + i, n - i, pattern + 1, m - 1))
			return true;
	return false;
}

static void
expect_reply(const uint8_t *pattern, size_t m)
{
	if (!next_reply())
		fail("no reply; expected %.*s", (int)m, (const char *)pattern);
	else if (!is_like(decoder.packet, decoder.len, pattern, m))
		fail("got \"%s\", expected \"%.*s\"",
		    (const char *)decoder.packet, (int)m,
		    (const char *)pattern);
}

static void
expect_sent(const uint8_t *bytes, size_t n)
{
	if (came.len != n || memcmp(came.bytes, bytes, n) != 0)
		fail("got \"%.*s\", expected \"%.*s\"", (int)came.len,
		    (const char *)came.bytes, (int)n, (const char *)bytes);
	came.len = 0;
}

static void
expect_none(void)
{
	if (next_reply())
		fail("got \"%s\", expected nothing",
		    (const char *)decoder.packet);
}

static void
expect_count(const char *what, unsigned got, const char *want)
{
	if (got != strtoul(want, NULL, 0))
		fail("%s is %u, expected %s", what, got, want);
}

static void
expect_state(bool is, const char *what)
{
	if (!is)
		fail("it is not: %s", what);
}

static void
expect_wants(const char *what)
{
	if (strcmp(what, "input") == 0)
		expect_state(stub_wants_input(&stub), "wants input");
	else if (strcmp(what, "close") == 0)
		expect_state(stub_wants_close(&stub), "wants close");
	else
		expect_state(
		    !stub_wants_input(&stub) && !stub_wants_close(&stub),
		    "wants nothing");
}

static void
begin(void)
{
	static const struct stop entry = { .kind = STOP_NONE, .tid = 1 };

	stub_init(&stub, fake_ops(), &fake);
	fake_init(&fake, &stub);
	stub_stop(&stub, &entry);
	stub_open(&stub);
	came.len = 0;
}

/* Replace \xNN and \\ in place.  Returns the number of bytes. */
static size_t
unescape(char *s)
{
	uint8_t *out = (uint8_t *)s;
	const char *in = s;

	while (*in) {
		if (in[0] == '\\' && in[1] == 'x' &&
		    hex_decode(out, (const uint8_t *)in + 2, 1)) {
			in += 4;
			out++;
		} else {
			in += in[0] == '\\' && in[1] == '\\';
			*out++ = (uint8_t)*in++;
		}
	}
	*out = '\0';
	return (size_t)(out - (uint8_t *)s);
}

/* Texts that each end in NUL, in quotes. */
static void
expect_texts(const char *what, const char *texts, size_t size, const char *want)
{
	char got[512] = "";
	size_t at = 0, n = 0;

	for (; at < size; at += strlen(texts + at) + 1)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s\"%s\"",
		    n ? " " : "", texts + at);
	if (strcmp(got, want) != 0)
		fail("%s are %s", what, got);
}

/* Lines about the machine: a word and perhaps a number. */
static bool
machine_line(const char *word, const char *rest)
{
	if (strcmp(word, "run") == 0) {
		fake_run(&fake, (unsigned)strtoul(rest, NULL, 0));
		drain();
	} else if (strcmp(word, "run-out") == 0) {
		fake_run_out(&fake);
		drain();
	} else if (strcmp(word, "fail") == 0) {
		fake_fail(&fake, 0, (int)strtol(rest, NULL, 0));
	} else if (strcmp(word, "untraced") == 0) {
		fake.untraced = true;
	} else if (strcmp(word, "changed") == 0) {
		fake.mem[strtoul(rest, NULL, 16) - FAKE_BASE] = 0xee;
	} else if (strcmp(word, "ahead") == 0) {
		expect_state(stub_may_read_ahead(&stub), word);
		stub_read_ahead(&stub);
	} else if (strcmp(word, "not-ahead") == 0) {
		expect_state(!stub_may_read_ahead(&stub), word);
	} else if (strcmp(word, "forget") == 0) {
		stub_forget_ahead(&stub);
	} else if (strcmp(word, "free") == 0) {
		expect_state(fake_is_free(&fake), word);
	} else if (strcmp(word, "stopped") == 0) {
		expect_state(!fake.running && !fake.gone, word);
	} else if (strcmp(word, "running") == 0) {
		expect_state(fake.running, word);
	} else if (strcmp(word, "gone") == 0) {
		expect_state(fake.gone, word);
	} else if (strcmp(word, "breaks") == 0) {
		expect_count(word, (unsigned)fake.break_count, rest);
	} else if (strcmp(word, "attached") == 0) {
		expect_count(word, fake.attached, rest);
	} else if (strcmp(word, "detached") == 0) {
		expect_count(word, fake.detached, rest);
	} else if (strcmp(word, "killed") == 0) {
		expect_count(word, fake.killed, rest);
	} else if (strcmp(word, "args") == 0) {
		expect_texts(word, fake.args, fake.args_size, rest);
	} else if (strcmp(word, "settings") == 0) {
		expect_texts(word, fake.settings, fake.settings_size, rest);
	} else if (strcmp(word, "passed") == 0) {
		expect_state(fake.pass == strtoull(rest, NULL, 16), word);
	} else if (strcmp(word, "files") == 0) {
		expect_count(word, fake.open_files, rest);
	} else {
		return false;
	}
	return true;
}

static void
begin_claim(const char *path, const char *name)
{
	const char *base = strrchr(path, '/');

	finish_claim();
	snprintf(claim.name, sizeof(claim.name), "%s: %s",
	    base ? base + 1 : path, name);
	claim.why[0] = '\0';
	claim.any = true;
}

static void
do_line(const char *path, char *line)
{
	char *rest = strchr(line, ' ');
	uint8_t *bytes;
	size_t n;

	if (rest)
		*rest++ = '\0';
	else
		rest = line + strlen(line);
	if (strcmp(line, "=") == 0) {
		begin_claim(path, rest);
		return;
	}
	if (machine_line(line, rest))
		return;
	n = unescape(rest);
	bytes = (uint8_t *)rest;
	if (strcmp(line, ">") == 0)
		send_packet(bytes, n);
	else if (strcmp(line, "<") == 0)
		expect_reply(bytes, n);
	else if (strcmp(line, "!") == 0)
		expect_none();
	else if (strcmp(line, "raw") == 0)
		send_raw(bytes, n);
	else if (strcmp(line, "sent") == 0)
		expect_sent(bytes, n);
	else if (strcmp(line, "wants") == 0)
		expect_wants(rest);
	else if (strcmp(line, "open") == 0)
		stub_open(&stub);
	else if (strcmp(line, "close") == 0)
		stub_closed(&stub);
	else
		bail("%s: what is \"%s\"?", path, line);
}

/* A line, and the next one if it ends with a backslash. */
static bool
read_line(FILE *file, char *line, int size)
{
	int len = 0;

	while (fgets(line + len, size - len, file)) {
		len += (int)strcspn(line + len, "\n");
		line[len] = '\0';
		if (len == 0 || line[len - 1] != '\\')
			return true;
		len--;
	}
	return false;
}

static void
play(const char *path)
{
	static char line[LINE_MAX_];
	FILE *file = fopen(path, "r");

	if (!file)
		bail("%s cannot be opened", path);
	begin();
	while (read_line(file, line, sizeof(line)))
		if (line[0] != '\0' && line[0] != '#')
			do_line(path, line);
	fclose(file);
	finish_claim();
	stub_closed(&stub);
}

static void
play_all(void)
{
	const char *top = getenv("top_srcdir");
	char pattern[4096];
	glob_t found;

	snprintf(
	    pattern, sizeof(pattern), "%s/tests/rsp/*.txt", top ? top : ".");
	if (glob(pattern, 0, NULL, &found) != 0)
		bail("no transcripts: %s", pattern);
	for (size_t i = 0; i < found.gl_pathc; i++)
		play(found.gl_pathv[i]);
	globfree(&found);
}

/* A row is reached by its own name, and by its name and a separator. */
static void
test_table(void)
{
	size_t n;
	const struct packet *table = packet_table(&n);
	uint8_t text[64];
	unsigned hidden = 0;
	unsigned wrong = 0;

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(table[i].name);

		memcpy(text, table[i].name, len);
		hidden += packet_find(text, len) != &table[i];
		if (table[i].match == MATCH_EXACT)
			continue;
		text[len] = table[i].args[0] > ARG_OPT ? table[i].args[0] : ':';
		if (table[i].match == MATCH_NAME)
			hidden += packet_find(text, len + 1) != &table[i];
		for (size_t j = i + 1; j < n; j++)
			hidden += table[i].match == MATCH_PREFIX &&
				  strncmp(table[j].name, table[i].name, len) ==
				      0;
		wrong += table[i].args[ARGS_MAX - 1] != ARG_END;
	}
	is_int(hidden, 0, "no row hides another");
	is_int(wrong, 0, "every argument list ends");
	ok(!packet_find((const uint8_t *)"vContx", 6) &&
		!packet_find((const uint8_t *)"qSupportedx", 11) &&
		!packet_find((const uint8_t *)"qCx", 3),
	    "a name that goes on is another name");
	ok(!packet_find((const uint8_t *)"", 0), "nothing is not a packet");
}

/* Each row is in a transcript. */
static void
test_coverage(void)
{
	size_t n;
	const struct packet *table = packet_table(&n);

	for (size_t i = 0; i < n; i++)
		ok(used_rows[i], "a transcript has %s", table[i].name);
}

static void
test_signals(void)
{
	unsigned wrong = 0;

	for (int i = 0; i <= SIGNALS_LINUX_MAX; i++)
		if (i != 16 && signal_from_gdb(signal_to_gdb(i)) != i)
			wrong++;
	is_int(wrong, 0, "every signal but SIGSTKFLT has a number of GDB's");
	is_int(signal_to_gdb(7), 10, "SIGBUS is 10 to GDB");
	is_int(signal_to_gdb(63), 75, "SIG63 is 75");
	is_int(signal_to_gdb(16), 143, "SIGSTKFLT is unknown");
	is_int(signal_from_gdb(7), -1, "Linux has no number for GDB's SIGEMT");
	is_int(signal_from_gdb(1000), -1, "nor is 1000");
}

/* A machine with only the [must] operations can be debugged. */
static void
test_least(void)
{
	static const struct stop entry = { .kind = STOP_NONE, .tid = 1 };
	const struct target_ops *all = fake_ops();
	struct target_ops least = {
		.threads = all->threads,
		.read_regs = all->read_regs,
		.write_regs = all->write_regs,
		.regs_layout = all->regs_layout,
		.read_mem = all->read_mem,
		.write_mem = all->write_mem,
		.resume = all->resume,
		.attach = all->attach,
		.interrupt = all->interrupt,
		.kill = all->kill,
		.detach = all->detach,
	};

	stub_init(&stub, &least, &fake);
	fake_init(&fake, &stub);
	stub_stop(&stub, &entry);
	stub_open(&stub);
	came.len = 0;
	send_packet((const uint8_t *)"qSupported", 10);
	ok(next_reply() && strstr((char *)decoder.packet, "PacketSize") &&
		!strstr((char *)decoder.packet, "auxv") &&
		!strstr((char *)decoder.packet, "exec-file") &&
		!strstr((char *)decoder.packet, "siginfo"),
	    "missing operations are not advertised");
	send_packet((const uint8_t *)"Z0,401000,1", 11);
	ok(next_reply() && decoder.len == 0,
	    "nor served: their packets are unknown");
	send_packet((const uint8_t *)"qXfer:threads:read::0,100", 25);
	ok(next_reply() && strstr((char *)decoder.packet, "id=\"1\""),
	    "threads without names are listed");
	send_packet((const uint8_t *)"jThreadsInfo", 12);
	ok(next_reply() && strstr((char *)decoder.packet, "{\"tid\":1,"),
	    "to LLDB also");
	send_packet((const uint8_t *)"qRcmd,68656c70", 14);
	ok(next_reply() && decoder.len > 0, "monitor help answers");
	stub_closed(&stub);
}

/* A guest's names must not drive the terminal of the debugger's user. */
static void
test_names(void)
{
	static const char *const packets[] = { "qThreadExtraInfo,1",
		"qXfer:threads:read::0,1000", "jThreadsInfo" };
	size_t i;

	begin();
	fake.threads[0].name = "a\033[2Jb";
	for (i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		send_packet((const uint8_t *)packets[i], strlen(packets[i]));
		ok(next_reply() && !strstr((char *)decoder.packet, "1b5b32") &&
			!strchr((char *)decoder.packet, '\033') &&
			!strstr((char *)decoder.packet, "u001b"),
		    "%s has no escape sequence", packets[i]);
	}
}

static void
send_text(const char *text)
{
	send_packet((const uint8_t *)text, strlen(text));
}

/* The next reply is that text. */
static bool
came_text(const char *text)
{
	return next_reply() && strcmp((char *)decoder.packet, text) == 0;
}

/* Another process has died in the middle of a packet. */
static void
test_death(void)
{
	static const struct stop killed = {
		.kind = STOP_KILLED, .tid = 1, .signal = 9
	};

	begin();
	send_text("c");
	stub_adopt(&stub, fake_ops(), &fake);
	stub_stop(&stub, &killed);
	drain();
	ok(came_text("X09"), "a death is the stop that was waited for");
	send_text("g");
	ok(came_text("E03"), "then there is no guest");
	begin();
	send_text("QStartNoAckMode");
	(void)next_reply();
	stub.serving = true;
	stub_adopt(&stub, fake_ops(), &fake);
	stub_stop(&stub, &killed);
	drain();
	ok(came_text("E03") && !next_reply(),
	    "or an error, if a packet was being served");
	ok(stub.rsp.noack, "what the session agreed on stays");
	send_text("?");
	ok(came_text("X09"), "and the outcome is known");
}

/* Whatever lies in its memory, a stub that is adopted works. */
static void
test_adopted_garbage(void)
{
	static const uint8_t values[] = { 0xff, 0x55, 0x80, 1 };
	bool works = true;

	for (size_t i = 0; i < sizeof(values); i++) {
		begin();
		memset(&stub, values[i], sizeof(stub));
		stub_adopt(&stub, fake_ops(), &fake);
		drain();
		stub_closed(&stub);
		stub_open(&stub);
		came.len = 0;
		send_text("qC");
		works = works && came_text("E03");
	}
	ok(works, "a stub full of garbage serves the next session");
}

/* Input byte by byte, and replies sent in pieces, make no difference. */
static void
test_pieces(void)
{
	static const char bytes[] = "$g#67$m401000,4#f2\003$?#3f";
	const uint8_t *out;
	size_t n;
	size_t at = 0;

	begin();
	while (at < sizeof(bytes) - 1) {
		at += stub_input(&stub, (const uint8_t *)bytes + at, 1);
		out = stub_output(&stub, &n);
		if (n > 0) {
			came.bytes[came.len++] = out[0];
			stub_sent(&stub, 1);
		}
	}
	drain();
	ok(next_reply() && decoder.len == 2 * REGS_SIZE_MAX,
	    "registers come in pieces");
	ok(next_reply() && strcmp((char *)decoder.packet, "90909090") == 0,
	    "so does memory");
	ok(next_reply() && strncmp((char *)decoder.packet, "T05", 3) == 0,
	    "and a stop");
	stub_closed(&stub);
}

int
main(void)
{
	test_table();
	test_signals();
	play_all();
	test_coverage();
	test_least();
	test_names();
	test_pieces();
	test_death();
	test_adopted_garbage();
	return done_testing();
}
