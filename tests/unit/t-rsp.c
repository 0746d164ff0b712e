/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packet codec: every vector is fed whole and byte by byte, with the same
 * result.  This test must not know the meaning of packets.
 */
#include "gdb/rsp.h"
#include "tap.h"

#include <time.h>

#define STORY_MAX 512

/*
 * The events of a vector as text: [payload] for a packet, <bytes> for bytes
 * sent, and a word for each other event.
 */
struct story {
	char text[STORY_MAX];
	size_t len;
};

static const char *const words[] = {
	[RSP_INTERRUPT] = "INTERRUPT",
	[RSP_TOO_LONG] = "TOO-LONG",
	[RSP_MALFORMED] = "MALFORMED",
	[RSP_DAMAGED] = "DAMAGED",
	[RSP_FOREIGN] = "FOREIGN",
};

/* Vectors: on a new connection, after the first packet, after a reply was
 * sent, in no-ack mode. */
#define VECTOR(name, bytes, story, last, proven, noack)                    \
	{                                                                  \
		name, bytes, sizeof(bytes) - 1, story, last, proven, noack \
	}
#define FIRST(name, bytes, story) VECTOR(name, bytes, story, NULL, false, false)
#define PLAIN(name, bytes, story) VECTOR(name, bytes, story, NULL, true, false)
#define AFTER(name, bytes, story, last) \
	VECTOR(name, bytes, story, last, true, false)
#define NOACK(name, bytes, story, last) \
	VECTOR(name, bytes, story, last, true, true)

static const struct vector {
	const char *name;
	const char *bytes;
	size_t n;
	const char *story;
	const char *last; /* the reply sent before */
	bool proven;
	bool noack;
} vectors[] = {
	FIRST("a first packet is acknowledged", "$g#67", "[g]<+>"),
	FIRST("acknowledgements before it do not hurt", "+-+$g#67", "[g]<+>"),
	FIRST("neither does Ctrl-C", "\003$g#67", "INTERRUPT[g]<+>"),
	FIRST("bytes after it are nothing", "$g#67xyz$g#67", "[g]<+>[g]<+>"),
	FIRST("half of it is nothing yet", "$m400", ""),
	FIRST("a byte before it is foreign", "x$g#67", "FOREIGN"),
	FIRST("so is a NUL", "\0$g#67", "FOREIGN"),
	FIRST("so is a request", "POST / HTTP/1.1\r\n\r\n$g#67", "FOREIGN"),
	FIRST("so is one after '+'", "+GET / HTTP/1.1\r\n$g#67", "FOREIGN"),
	FIRST("so is one after '$'", "$GET / HTTP/1.1\r\n$g#67", "FOREIGN"),
	FIRST("so is a '$' after an escape", "$}$g#67", "FOREIGN"),
	FIRST("so is a '$' in the sum", "$g#6$g#67", "FOREIGN"),
	FIRST("so is a wrong sum", "$g#68$g#67", "FOREIGN"),
	FIRST("so is a sum that is not a number", "$g#zz$g#67", "FOREIGN"),
	FIRST("so is a malformed packet", "$a}#de$g#67", "FOREIGN"),
	PLAIN("a packet is acknowledged", "$g#67", "[g]<+>"),
	PLAIN("an empty packet is one", "$#00", "[]<+>"),
	PLAIN("two packets are two", "$g#67$OK#9a", "[g]<+>[OK]<+>"),
	PLAIN("digits of the sum may be capitals", "$OK#9A", "[OK]<+>"),
	PLAIN("a wrong sum is sent back", "$g#68", "<->"),
	PLAIN("after a wrong sum the right packet is taken", "$g#68$g#67",
	    "<->[g]<+>"),
	PLAIN("a sum that is not a number is wrong", "$g#zz", "<->"),
	PLAIN("half a sum that is not a number is wrong", "$g#6x", "<->"),
	PLAIN("a sum of one digit and a new packet is given up", "$g#6$g#67",
	    "[g]<+>"),
	PLAIN("a packet begun anew is the new one", "$m400$g#67", "[g]<+>"),
	PLAIN("a packet begun anew after an escape is the new one", "$X}$g#67",
	    "[g]<+>"),
	PLAIN("bytes between packets are nothing", "abc#67$g#67xyz", "[g]<+>"),
	PLAIN("bytes with the high bit set between packets are nothing",
	    "\xff\x80$g#67", "[g]<+>"),
	PLAIN("a NUL between packets is nothing", "\0$g#67", "[g]<+>"),
	PLAIN("an acknowledgement is nothing by itself", "+", ""),
	PLAIN("a request to repeat without a reply is nothing", "-", ""),
	PLAIN("an acknowledgement before a packet does not hurt", "+$g#67",
	    "[g]<+>"),
	PLAIN("Ctrl-C between packets interrupts", "\003", "INTERRUPT"),
	PLAIN("Ctrl-C before a packet interrupts before it", "\003$g#67",
	    "INTERRUPT[g]<+>"),
	PLAIN("Ctrl-C after a packet interrupts after it", "$c#63\003",
	    "[c]<+>INTERRUPT"),
	PLAIN("two Ctrl-C are two", "\003\003", "INTERRUPTINTERRUPT"),
	PLAIN("Ctrl-C in a packet is data", "$\003#03", "[\003]<+>"),
	PLAIN("an escape hides the next byte", "$}\003#80", "[#]<+>"),
	PLAIN("an escaped escape is one", "$}]#da", "[}]<+>"),
	PLAIN("an escaped dollar is one", "$}\004#81", "[$]<+>"),
	PLAIN("an escaped star is one", "$}\n#87", "[*]<+>"),
	PLAIN(
	    "an escape before the end is malformed", "$a}#de", "MALFORMED<+>"),
	PLAIN("a run is repeated", "$0* #7a", "[0000]<+>"),
	PLAIN("the longest run is 98", "$0*~#d8",
	    "[0000000000000000000000000000000000000000000000000000000000"
	    "0000000000000000000000000000000000000000]<+>"),
	PLAIN("two runs are two", "$0* 1* #f5", "[00001111]<+>"),
	PLAIN("a run repeats an escaped byte", "$}\003* #ca", "[####]<+>"),
	PLAIN("a run of nothing is malformed", "$* #4a", "MALFORMED<+>"),
	PLAIN("a run without a count is malformed", "$0*#5a", "MALFORMED<+>"),
	PLAIN("a run with a count below a space is malformed", "$0*\x1d#77",
	    "MALFORMED<+>"),
	PLAIN("a run with a count above ~ is malformed", "$0*\x7f#d9",
	    "MALFORMED<+>"),
	PLAIN("a malformed packet with a wrong sum is sent back", "$* #00",
	    "<->"),
	PLAIN("a packet of any bytes is one", "$\xff\x80\x01#80",
	    "[\xff\x80\x01]<+>"),
	PLAIN("a packet of NULs is one", "$\0\0#00", "[..]<+>"),
	NOACK(
	    "without acks a packet is not acknowledged", "$g#67", "[g]", NULL),
	NOACK("without acks a wrong sum is damage", "$g#68", "DAMAGED", NULL),
	NOACK("without acks a packet after damage is taken", "$g#68$g#67",
	    "DAMAGED[g]", NULL),
	NOACK("without acks '-' is nothing", "-", "", "OK"),
	AFTER("a reply is sent again when asked for", "-", "<$OK#9a>", "OK"),
	AFTER("it is sent again as often as asked for", "--",
	    "<$OK#9a><$OK#9a>", "OK"),
	AFTER("an acknowledged reply is not sent again", "+-", "", "OK"),
	AFTER("a packet acknowledges the reply before it", "$g#67-", "[g]<+>",
	    "OK"),
	PLAIN("half a packet is nothing yet", "$m4000", ""),
	PLAIN("a packet without its sum is nothing yet", "$g#6", ""),
	PLAIN("a request of another protocol is nothing",
	    "GET / HTTP/1.1\r\nHost: x\r\n\r\n", ""),
};

#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static void
tell(struct story *story, const char *before, const void *p, size_t n,
    const char *after)
{
	const char *bytes = p;

	story->len += (size_t)snprintf(story->text + story->len,
	    sizeof(story->text) - story->len, "%s", before);
	for (size_t i = 0; i < n && story->len < STORY_MAX - 2; i++)
		story->text[story->len++] = bytes[i] ? bytes[i] : '.';
	story->len += (size_t)snprintf(story->text + story->len,
	    sizeof(story->text) - story->len, "%s", after);
}

static void
drain(struct rsp *rsp, struct story *story)
{
	size_t n;
	const uint8_t *bytes = rsp_output(rsp, &n);

	if (n == 0)
		return;
	tell(story, "<", bytes, n, ">");
	rsp_sent(rsp, n);
}

/* The connection is closed after RSP_FOREIGN. */
static void
feed(struct rsp *rsp, struct story *story, const uint8_t *bytes, size_t n)
{
	size_t used;

	while (n > 0 && !strstr(story->text, words[RSP_FOREIGN])) {
		enum rsp_event event = rsp_feed(rsp, bytes, n, &used);

		if (event == RSP_PACKET)
			tell(story, "[", rsp->packet, rsp->len, "]");
		else if (event != RSP_NONE)
			tell(story, words[event], "", 0, "");
		drain(rsp, story);
		bytes += used;
		n -= used;
	}
}

static struct rsp rsp;
static struct reply reply;

static void
begin(const struct vector *vector)
{
	size_t n;

	rsp_init(&rsp);
	rsp.proven = vector->proven;
	rsp.noack = vector->noack;
	if (!vector->last)
		return;
	reply_clear(&reply);
	reply_text(&reply, vector->last);
	rsp_send(&rsp, &reply);
	rsp_output(&rsp, &n);
	rsp_sent(&rsp, n);
}

static void
test_vector(const struct vector *vector)
{
	const uint8_t *bytes = (const uint8_t *)vector->bytes;
	size_t n = vector->n;
	struct story story = { .len = 0 };

	begin(vector);
	feed(&rsp, &story, bytes, n);
	is_str(story.text, vector->story, "%s", vector->name);
	memset(&story, 0, sizeof(story));
	begin(vector);
	for (size_t i = 0; i < n; i++)
		feed(&rsp, &story, bytes + i, 1);
	is_str(story.text, vector->story, "%s, byte by byte", vector->name);
}

/* Feed a packet of n equal bytes, with the right sum. */
static enum rsp_event
feed_long(size_t n, uint8_t c)
{
	static const char digits[] = "0123456789abcdef";
	unsigned sum = (unsigned)(n * c) & 0xff;
	uint8_t tail[] = { '#', (uint8_t)digits[sum >> 4],
		(uint8_t)digits[sum & 15] };
	size_t used;

	rsp_feed(&rsp, (const uint8_t *)"$", 1, &used);
	while (n-- > 0)
		rsp_feed(&rsp, &c, 1, &used);
	return rsp_feed(&rsp, tail, 3, &used);
}

static void
test_length(void)
{
	struct story story = { .len = 0 };
	const uint8_t *out;
	size_t used;
	size_t n;

	rsp_init(&rsp);
	is_int(feed_long(RSP_PACKET_MAX + 1, 'a'), RSP_FOREIGN,
	    "a first packet that is too long is foreign");
	rsp_init(&rsp);
	is_int(feed_long(RSP_PACKET_MAX, 'a'), RSP_PACKET,
	    "a packet of PacketSize is taken");
	is_int(rsp.len, RSP_PACKET_MAX, "it is all there");
	drain(&rsp, &story);
	is_int(feed_long(RSP_PACKET_MAX + 1, 'a'), RSP_TOO_LONG,
	    "one byte more is too long");
	out = rsp_output(&rsp, &n);
	ok(n == 1 && out[0] == '+',
	    "a packet that is too long is not asked for again");
	drain(&rsp, &story);
	is_int(feed_long(1 << 20, 'x'), RSP_TOO_LONG,
	    "1 MiB is too long, and that is all");
	drain(&rsp, &story);
	is_int(rsp_feed(&rsp, (const uint8_t *)"$g#67", 5, &used), RSP_PACKET,
	    "the packet after one that was too long is taken");
	drain(&rsp, &story);
	for (size_t i = 0; i < (1 << 20); i++)
		rsp_feed(&rsp, (const uint8_t *)(i ? "y" : "$"), 1, &used);
	is_int(rsp_feed(&rsp, (const uint8_t *)"$g#67", 5, &used), RSP_PACKET,
	    "a packet after 1 MiB without an end is taken");
}

static void
test_run_length(void)
{
	struct story story = { .len = 0 };
	char bytes[64];
	size_t used;
	unsigned sum = 'a';
	int n;

	/* 1 + 97 * 1351 + 24 = PacketSize - 1 */
	rsp_init(&rsp);
	rsp.proven = true;
	rsp_feed(&rsp, (const uint8_t *)"$a", 2, &used);
	for (unsigned i = 0; i < 1352; i++) {
		rsp_feed(&rsp, (const uint8_t *)"*~", 2, &used);
		sum += '*' + '~';
	}
	n = snprintf(bytes, sizeof(bytes), "#%02x", sum & 0xff);
	is_int(rsp_feed(&rsp, (const uint8_t *)bytes, (size_t)n, &used),
	    RSP_TOO_LONG, "runs that grow beyond PacketSize are too long");
	drain(&rsp, &story);
}

static const char *
frame_of(struct story *story)
{
	memset(story, 0, sizeof(*story));
	rsp_init(&rsp);
	rsp_send(&rsp, &reply);
	drain(&rsp, story);
	return story->text;
}

static void
test_frames(void)
{
	static const uint8_t special[] = "a#b$c}d*e";
	struct story story;
	unsigned wrong = 0;

	reply_clear(&reply);
	is_str(frame_of(&story), "<$#00>", "an empty reply is a frame");
	reply_clear(&reply);
	reply_text(&reply, "OK");
	is_str(frame_of(&story), "<$OK#9a>", "a reply is framed");
	reply_clear(&reply);
	reply_number(&reply, 0);
	reply_text(&reply, ",");
	reply_number(&reply, 0xabc);
	reply_text(&reply, ",");
	reply_number(&reply, UINT64_MAX);
	ok(memcmp(reply.buf, "0,abc,ffffffffffffffff", 22) == 0 &&
		reply.len == 22,
	    "numbers have the digits they need");
	reply_clear(&reply);
	reply_hex(&reply, "\x00\x01\x9a\xaf\xff\x10", 6);
	reply_byte(&reply, 5);
	ok(reply.len == 14 && memcmp(reply.buf, "00019aafff1005", 14) == 0,
	    "bytes have two digits each");
	reply_clear(&reply);
	is_int(reply_binary(&reply, special, 9), 9, "binary bytes fit");
	ok(reply.len == 13 &&
		memcmp(reply.buf, "a}\003b}\004c}]d}\ne", 13) == 0,
	    "special bytes are escaped");
	reply_clear(&reply);
	reply_text(&reply, "000000000000000000000000");
	is_str(frame_of(&story), "<$0*4#8e>", "24 zeroes are a run");
	reply_clear(&reply);
	reply_text(&reply, "00000000");
	is_str(frame_of(&story), "<$00000000#80>", "8 are not worth it");
	for (unsigned n = 16; n < 200; n++) {
		reply_clear(&reply);
		memset(reply.buf, '0', n);
		reply.len = n;
		for (const char *p = frame_of(&story); (p = strchr(p, '*'));
		     p += 2)
			wrong += strchr("#$+-", p[1]) != NULL;
	}
	is_int(wrong, 0, "no count is a character of the framing");
}

/* Bytes with runs, with special ones, and with digits that repeat. */
static void
make_bytes(uint8_t *data, size_t len, unsigned round, uint32_t *random)
{
	for (size_t i = 0; i < len; i++) {
		*random = *random * 1664525 + 1013904223;
		data[i] = i > 0 && *random >> 28 < round % 16
			      ? data[i - 1]
			      : (uint8_t)(*random >> 20);
		if (round % 3 == 0 && (*random >> 16) % 5 == 0)
			data[i] = (uint8_t) "#$}*\003"[*random >> 29 & 3];
		if (round % 7 == 0 && data[i] > 64)
			data[i] = (uint8_t)(data[i] % 16 * 0x11);
	}
}

/* The reply's text before the bytes, and whether they lie in its hole. */
static const uint8_t *
place_bytes(const uint8_t *data, size_t len, const char *text, bool hole)
{
	uint8_t *in = reply_hole(&reply, strlen(text), len);

	if (hole)
		memcpy(in, data, len);
	reply_text(&reply, text);
	return hole ? in : data;
}

/* The payload as another codec reads it; NULL if it reads no packet. */
static const uint8_t *
read_back(size_t *len)
{
	static struct rsp other;
	const uint8_t *out;
	size_t n, used;

	rsp_init(&rsp);
	rsp_send(&rsp, &reply);
	out = rsp_output(&rsp, &n);
	rsp_init(&other);
	if (rsp_feed(&other, out, n, &used) != RSP_PACKET)
		return NULL;
	*len = other.len;
	return other.packet;
}

/* One codec reads any bytes that another writes. */
static void
test_round_trips(void)
{
	static uint8_t data[3000], again[3000];
	const uint8_t *bytes, *back;
	uint32_t random = 1;
	unsigned wrong = 0;

	for (unsigned round = 0; round < 4000; round++) {
		size_t len = round % sizeof(data), n = 0;

		make_bytes(data, len, round, &random);
		reply_clear(&reply);
		bytes = place_bytes(data, len, "b", round / 2 % 2);
		if (round % 2) {
			reply_hex(&reply, bytes, len);
			back = read_back(&n);
			wrong += !back || n != 1 + 2 * len ||
				 !hex_decode(again, back + 1, len) ||
				 memcmp(again, data, len) != 0;
		} else {
			reply_binary(&reply, bytes, len);
			back = read_back(&n);
			wrong += !back || n != 1 + len ||
				 memcmp(back + 1, data, len) != 0;
		}
	}
	is_int(wrong, 0, "4000 replies of all kinds of bytes are read back");
}

/* A text is compressed in place: a long run after a short one overwrites its
 * own bytes. */
static void
test_runs_in_a_row(void)
{
	static char text[2000];
	const uint8_t *back;
	unsigned wrong = 0;
	size_t n = 0;

	for (size_t first = 0; first < 200; first++) {
		memset(text, 'y', sizeof(text) - 1);
		memset(text, 'x', first);
		reply_clear(&reply);
		reply_text(&reply, text);
		back = read_back(&n);
		wrong += !back || n != sizeof(text) - 1 ||
			 memcmp(back, text, n) != 0 || reply.len > n / 2;
	}
	is_int(wrong, 0, "a long run after a run of any length is read back");
}

/* The processor time to send these bytes 20 times. */
static double
time_to_send(const uint8_t *bytes, size_t n)
{
	clock_t begin = clock();

	for (unsigned i = 0; i < 20; i++) {
		reply_clear(&reply);
		reply_hex(&reply, bytes, n);
		rsp_init(&rsp);
		rsp_send(&rsp, &reply);
	}
	return (double)(clock() - begin + 1);
}

/* Regression: a run took a thousand times as long. */
static void
test_long_runs(void)
{
	static uint8_t noise[RSP_PACKET_MAX / 2], zeros[RSP_PACKET_MAX / 2];
	uint32_t random = 1;
	double without;

	for (size_t i = 0; i < sizeof(noise); i++) {
		random = random * 1664525 + 1013904223;
		noise[i] = (uint8_t)(random >> 20);
	}
	without = time_to_send(noise, sizeof(noise));
	ok(time_to_send(zeros, sizeof(zeros)) < 100 * without,
	    "a packet of zeros takes no longer than its length explains");
}

static void
test_bounds(void)
{
	static uint8_t bytes[RSP_PACKET_MAX];
	uint8_t *hole;
	bool same = true;
	size_t n;

	memset(bytes, '#', sizeof(bytes));
	reply_clear(&reply);
	ok(reply_hex(&reply, bytes, RSP_PACKET_MAX / 2),
	    "a reply holds PacketSize / 2 bytes in digits");
	is_int(reply_room(&reply), 0, "then it is full");
	ok(!reply_text(&reply, "x") && !reply_byte(&reply, 1) &&
		!reply_number(&reply, 1) && reply_binary(&reply, bytes, 1) == 0,
	    "nothing more is appended");
	is_int(reply.len, RSP_PACKET_MAX, "and its length stays");
	rsp_init(&rsp);
	rsp_send(&rsp, &reply);
	rsp_output(&rsp, &n);
	ok(n <= RSP_FRAME_MAX, "a full reply is sent");
	reply_clear(&reply);
	ok(!reply_hex(&reply, bytes, RSP_PACKET_MAX / 2 + 1),
	    "one byte more is refused as a whole");
	is_int(reply_binary(&reply, bytes, sizeof(bytes)), RSP_PACKET_MAX / 2,
	    "binary bytes are taken as far as they fit with their escapes");
	reply_clear(&reply);
	hole = reply_hole(&reply, 0, RSP_PACKET_MAX / 2);
	for (size_t i = 0; i < RSP_PACKET_MAX / 2; i++)
		hole[i] = (uint8_t)(i * 7);
	ok(reply_hex(&reply, hole, RSP_PACKET_MAX / 2),
	    "digits can be made of bytes in the reply's own hole");
	ok(hex_decode(bytes, reply.buf, RSP_PACKET_MAX / 2), "they are digits");
	for (size_t i = 0; i < RSP_PACKET_MAX / 2; i++)
		same = same && bytes[i] == (uint8_t)(i * 7);
	ok(same, "and the right ones");
	ok(!hex_decode(bytes, (const uint8_t *)"0g", 1) &&
		!hex_decode(bytes, (const uint8_t *)"/0", 1) &&
		hex_digit('@') < 0 && hex_digit('`') < 0 && hex_digit(':') < 0,
	    "the characters next to digits are not digits");
}

static void
test_sending(void)
{
	struct story story = { .len = 0 };
	size_t used;

	rsp_init(&rsp);
	rsp_feed(&rsp, (const uint8_t *)"$g#67", 5, &used);
	reply_clear(&reply);
	reply_text(&reply, "OK");
	rsp_send(&rsp, &reply);
	ok(rsp_feed(&rsp, (const uint8_t *)"$g#67", 5, &used) == RSP_NONE &&
		used == 0,
	    "no byte is taken while there is something to send");
	drain(&rsp, &story);
	is_str(story.text, "<+$OK#9a>",
	    "the acknowledgement and the reply go out together");
	rsp_feed(&rsp, (const uint8_t *)"-", 1, &used);
	rsp_sent(&rsp, 2);
	memset(&story, 0, sizeof(story));
	drain(&rsp, &story);
	is_str(story.text, "<K#9a>", "a reply can be sent in pieces");
}

int
main(void)
{
	for (size_t i = 0; i < VECTORS; i++)
		test_vector(&vectors[i]);
	test_length();
	test_run_length();
	test_frames();
	test_round_trips();
	test_runs_in_a_row();
	test_long_runs();
	test_bounds();
	test_sending();
	return done_testing();
}
