/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packet table: it finds a packet's row and parses the arguments.  It must
 * not know what packets do.
 */
#include "gdb/packet.h"

#include "gdb/nonstop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#define NEEDS(op) (offsetof(struct target_ops, op) + 1)
#define ARGS(...)           \
	{                   \
		__VA_ARGS__ \
	}
#define ANYTIME     PACKET_ANYTIME
#define STOPPED     PACKET_STOPPED
#define SUFFIX      PACKET_SUFFIX
#define BY_STOP     PACKET_BY_STOP
#define SILENT      PACKET_SILENT
#define LIVE        PACKET_LIVE
#define TRACE       PACKET_TRACE
#define HEX_DIGITS  16
#define SUFFIX_TEXT ";thread:"

static const struct packet table[] = {
#define PACKET(name, match, args, flags, needs, handler, feature) \
	{ name, MATCH_##match, args, flags, needs, feature },
#include "gdb/packets.def"
};

/* Apart from the rows: the loader relocates them, by a page fault a page. */
static packet_handler *const handlers[] = {
#define PACKET(name, match, args, flags, needs, handler, feature) handler,
#include "gdb/packets.def"
};

const struct packet *
packet_table(size_t *n)
{
	*n = sizeof(table) / sizeof(table[0]);
	return table;
}

static bool
row_matches(const struct packet *packet, const uint8_t *text, size_t n)
{
	size_t len;

	if (text[0] != (uint8_t)packet->name[0])
		return false;
	len = strlen(packet->name);
	if (n < len || memcmp(text, packet->name, len) != 0)
		return false;
	if (n == len || packet->match == MATCH_PREFIX)
		return true;
	return packet->match == MATCH_NAME && strchr(":;,", text[len]) &&
	       text[len] != '\0';
}

const struct packet *
packet_find(const uint8_t *text, size_t n)
{
	if (n == 0)
		return NULL;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (row_matches(&table[i], text, n))
			return &table[i];
	return NULL;
}

bool
packet_served(const struct stub *stub, const struct packet *packet)
{
	void (*op)(void);

	if (packet->needs == 0)
		return true;
	memcpy(&op, (const char *)stub->ops + packet->needs - 1, sizeof(op));
	return op != NULL;
}

bool
hex_parse(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
	size_t digits = 0;

	*value = 0;
	for (; *at < end && hex_digit(**at) >= 0; (*at)++, digits++)
		*value = *value << 4 | (uint64_t)hex_digit(**at);
	return digits > 0 && digits <= HEX_DIGITS;
}

/* A process or thread number: hex digits, or -1 for every one. */
static int
id_parse(const uint8_t **at, const uint8_t *end, int *id)
{
	uint64_t value;

	if (end - *at >= 2 && (*at)[0] == '-' && (*at)[1] == '1') {
		*at += 2;
		*id = THREAD_EVERY;
		return 0;
	}
	if (!hex_parse(at, end, &value) || value > INT_MAX)
		return -EINVAL;
	*id = (int)value;
	return 0;
}

/* "p" process ["." thread], or thread (GDB manual, "thread-id syntax"). */
int
thread_parse(
    struct stub *stub, const uint8_t **at, const uint8_t *end, int *tid)
{
	int pid;

	if (*at == end || **at != 'p')
		return id_parse(at, end, tid);
	++*at;
	if (id_parse(at, end, &pid) != 0)
		return -EINVAL;
	if (pid > 0 && pid != stub_pid(stub))
		return -ESRCH;
	if (*at == end || **at != '.') {
		*tid = THREAD_EVERY;
		return 0;
	}
	++*at;
	return id_parse(at, end, tid);
}

bool
thread_write(struct stub *stub, struct reply *reply, int tid)
{
	if (stub->client & CLIENT_MULTIPROCESS)
		return reply_text(reply, "p") &&
		       reply_number(reply, (uint64_t)stub_pid(stub)) &&
		       reply_text(reply, ".") &&
		       reply_number(reply, (uint64_t)tid);
	return reply_number(reply, (uint64_t)tid);
}

/* The rest of a packet, [at, end), which is decoded in place. */
struct parser {
	struct stub *stub;
	uint8_t *at;
	uint8_t *end;
};

static int
parse_hex(struct parser *in, struct args *args)
{
	const uint8_t *at = in->at;
	bool right = hex_parse(&at, in->end, &args->num[args->nums++]);

	in->at = (uint8_t *)at;
	return right ? 0 : -EINVAL;
}

static int
parse_thread(struct parser *in, struct args *args)
{
	const uint8_t *at = in->at;
	int error = thread_parse(in->stub, &at, in->end, &args->thread);

	in->at = (uint8_t *)at;
	return error;
}

static int
parse_name(struct parser *in, struct args *args)
{
	args->text = (const char *)in->at;
	while (in->at < in->end && *in->at != ':' && *in->at != ',')
		in->at++;
	args->text_len = (size_t)((const char *)in->at - args->text);
	return 0;
}

/* The NUL after the path overwrites a digit. */
static int
parse_path(struct parser *in, struct args *args)
{
	uint8_t *start = in->at;
	size_t len;

	parse_name(in, args);
	len = args->text_len / 2;
	if (args->text_len == 0 || args->text_len % 2 != 0 ||
	    !hex_decode(start, start, len) || memchr(start, '\0', len))
		return -EINVAL;
	start[len] = '\0';
	args->text_len = len;
	return 0;
}

static int
parse_tail(struct parser *in, struct args *args, bool hex)
{
	size_t len = (size_t)(in->end - in->at);

	args->bytes = in->at;
	args->len = len;
	if (hex) {
		if (len % 2 != 0 || !hex_decode(in->at, in->at, len / 2))
			return -EINVAL;
		args->len = len / 2;
	}
	in->at = in->end;
	return 0;
}

static int
parse_one(struct parser *in, uint8_t kind, struct args *args)
{
	switch (kind) {
	case ARG_HEX: return parse_hex(in, args);
	case ARG_THREAD: return parse_thread(in, args);
	case ARG_NAME: return parse_name(in, args);
	case ARG_PATH: return parse_path(in, args);
	case ARG_BYTES: return parse_tail(in, args, true);
	case ARG_TAIL: return parse_tail(in, args, false);
	}
	if (in->at == in->end || *in->at != kind)
		return -EINVAL;
	in->at++;
	return 0;
}

static int
parse(struct parser *in, const uint8_t *kinds, struct args *args)
{
	int error;

	for (; *kinds != ARG_END; kinds++) {
		if (*kinds == ARG_OPT) {
			if (in->at == in->end)
				return 0;
			continue;
		}
		error = parse_one(in, *kinds, args);
		if (error != 0)
			return error;
	}
	return in->at == in->end ? 0 : -EINVAL;
}

/*
 * Cut ";thread:ID;" off the end, which LLDB appends to packets after it has
 * asked for QThreadSuffixSupported.  These packets have no other ';'.
 */
static int
cut_suffix(struct parser *in, struct args *args)
{
	size_t len = sizeof(SUFFIX_TEXT) - 1;
	uint8_t *cut = memchr(in->at, ';', (size_t)(in->end - in->at));
	const uint8_t *at;
	int error;

	if (!cut)
		return 0;
	if ((size_t)(in->end - cut) < len || memcmp(cut, SUFFIX_TEXT, len) != 0)
		return -EINVAL;
	at = cut + len;
	error = thread_parse(in->stub, &at, in->end, &args->thread);
	if (error != 0)
		return error;
	if (at != in->end && *at == ';')
		at++;
	if (at != in->end)
		return -EINVAL;
	in->end = cut;
	return 0;
}

/* Without a trace there is nothing to change (Q), and a question (q) has the
 * answer of a trace without points and frames. */
static int
find_trace(struct stub *stub, const struct packet *packet, struct args *args)
{
	int error = stub_trace(stub, &args->trace);

	if (error != 0 || args->trace)
		return error;
	return packet->name[0] == 'q' ? 0 : -ESRCH;
}

static int
may_serve(struct stub *stub, const struct packet *packet, struct args *args)
{
	int error = 0;

	if (packet->flags & PACKET_TRACE)
		return find_trace(stub, packet, args);
	if (!(packet->flags & PACKET_STOPPED))
		return 0;
	if (stub_has_guest(stub) && stub->nonstop)
		error = nonstop_pause(stub);
	if (error != 0)
		return error;
	if (!stub_has_guest(stub))
		return -ESRCH;
	if (stub->framed && packet->flags & PACKET_LIVE)
		return -EPERM;
	return stub->state == STUB_STOPPED ? 0 : -EBUSY;
}

/* In non-stop mode the threads that ran before a packet run after it. */
static int
serve(struct stub *stub, const struct packet *packet, struct args *args)
{
	bool runs = stub->nonstop && stub->state == STUB_RUNNING;
	int error = may_serve(stub, packet, args);

	if (error == 0)
		error = handlers[packet - table](stub, args);
	if (runs && stub->nonstop)
		(void)nonstop_go(stub);
	return error;
}

static int
parse_and_serve(struct stub *stub, const struct packet *packet,
    struct parser *in, struct reply *reply)
{
	struct args args = { .thread = stub->general_tid,
		.text = "",
		.bytes = (const uint8_t *)"",
		.reply = reply };
	int error = 0;

	if (packet->flags & PACKET_SUFFIX &&
	    stub->client & CLIENT_THREAD_SUFFIX)
		error = cut_suffix(in, &args);
	if (error == 0)
		error = parse(in, packet->args, &args);
	if (error == 0)
		error = serve(stub, packet, &args);
	/* GDB takes numbers of these errors for causes of its own. */
	if (packet->flags & PACKET_TRACE && error < 0 && error != -EOPNOTSUPP)
		return reply_sentence(reply, strerror(-error));
	return error;
}

int
packet_run(struct stub *stub, uint8_t *text, size_t n, struct reply *reply)
{
	const struct packet *packet = packet_find(text, n);
	struct parser in = { .stub = stub, .end = text + n };
	int result = REPLY_EMPTY;

	if (!packet)
		return REPLY_EMPTY;
	in.at = text + strlen(packet->name);
	if (packet_served(stub, packet))
		result = parse_and_serve(stub, packet, &in, reply);
	assert(result != REPLY_BY_STOP || packet->flags & PACKET_BY_STOP);
	/* GDB would take it for the reply to its next packet. */
	if (packet->flags & PACKET_SILENT &&
	    !(stub->client & CLIENT_NATIVE_SIGNALS))
		return REPLY_NONE;
	return result;
}
