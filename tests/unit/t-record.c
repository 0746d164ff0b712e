/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the format of recordings: sums with known values, records across
 * blocks, and readers of torn, changed and foreign bytes.
 */
#include "record/call.h"
#include "tap.h"

#define FILE_MAX (4 * RECORD_BLOCK)

static struct file {
	uint8_t bytes[FILE_MAX];
	size_t len;
	size_t at;
	size_t drafted; /* the end of the last draft */
} file;

static struct record_writer w;
static struct record_reader r;

static int
write_file(void *context, const void *bytes, size_t len)
{
	struct file *f = context;

	if (len > FILE_MAX - f->len)
		return -28;
	memcpy(f->bytes + f->len, bytes, len);
	f->len += len;
	return 0;
}

/* Where write_file() is next; what is written next takes its place. */
static int
draft_file(void *context, uint64_t offset, const void *bytes, size_t len)
{
	struct file *f = context;
	int error;

	if (offset != f->len)
		return -22;
	error = write_file(f, bytes, len);
	f->drafted = f->len;
	f->len = offset;
	return error;
}

static int64_t
read_file(void *context, uint64_t offset, void *bytes, size_t len)
{
	struct file *f = context;

	(void)offset;
	/* As a pipe: in pieces. */
	if (len > 5000)
		len = 5000;
	if (len > f->len - f->at)
		len = f->len - f->at;
	memcpy(bytes, f->bytes + f->at, len);
	f->at += len;
	return (int64_t)len;
}

static void
start_writing(void)
{
	file.len = 0;
	w.write = write_file;
	w.draft = draft_file;
	w.context = &file;
	record_open(&w);
}

static void
start_reading(void)
{
	file.at = 0;
	r.read = read_file;
	r.context = &file;
	record_start(&r);
}

static void
test_sums(void)
{
	is_int(record_crc(0, "123456789", 9), 0xcbf43926,
	    "the CRC of 123456789 is that of the standard");
	ok(record_hash("", 0, 0) == UINT64_C(0xef46db3751d8e999),
	    "the hash of nothing is that of the specification");
	ok(record_hash("abc", 3, 0) == UINT64_C(0x44bc2cf5ad770999),
	    "the hash of abc is, too");
	ok(record_hash("Nobody inspects the spammish repetition", 39, 0) ==
		UINT64_C(0xfbcea83c8a378bf1),
	    "and the hash of a text with stripes");
}

static void
test_numbers(void)
{
	static const int64_t numbers[] = { 0, 1, -1, 63, 64, -64, 127, 128,
		INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN };
	const size_t n = sizeof(numbers) / sizeof(numbers[0]);
	size_t i, same = 0;

	start_writing();
	record_begin(&w, RECORD_COUNTER);
	for (i = 0; i < n; i++)
		record_put_signed(&w, numbers[i]);
	record_put_text(&w, "text");
	is_int(record_close(&w), 0, "a short recording is written");
	start_reading();
	is_int(record_next(&r), RECORD_COUNTER, "its record is read");
	for (i = 0; i < n; i++)
		same += record_get_signed(&r) == numbers[i];
	is_int((intmax_t)same, (intmax_t)n, "numbers come back");
	char text[5];

	ok(record_get_text(&r, text, sizeof(text)) && !strcmp(text, "text"),
	    "a text comes back");
	is_int(record_next(&r), 0, "nothing follows");
	is_int(r.state, RECORD_OVER, "the end is an end");
}

#define EVENTS 4000

static struct record_call
event(unsigned i)
{
	return (struct record_call){
		.number = i % 300,
		.argc = i % (RECORD_ARGS + 1),
		.arg = { i, i % RECORD_ARGS > 1 ? (uint64_t)-i : 0 },
		.sp = 0x7ff000 - 16 * (i % 5),
		.input = i % 3 ? record_hash(&i, sizeof(i), 0) : 0,
		.stream = i % 3,
		.result = (int64_t)i - 100,
		.ranges = i % 2,
	};
}

static void
write_events(void)
{
	struct record_base base = { 0 };
	uint8_t bytes[40];
	unsigned i;

	start_writing();
	for (i = 0; i < EVENTS; i++) {
		struct record_call call = event(i);

		call.arg[1] = call.argc > 1 ? call.arg[1] : 0;
		call.arg[0] = call.argc > 0 ? call.arg[0] : 0;
		record_put_call(&w, &base, &call);
		if (!call.ranges)
			continue;
		memset(bytes, (int)i, sizeof(bytes));
		record_put_range(&w, &base, 0x1000 + i, sizeof(bytes));
		record_put_bytes(&w, bytes, sizeof(bytes));
	}
	(void)record_close(&w);
}

static bool
read_event(struct record_base *base, unsigned i)
{
	struct record_call call, want = event(i);
	uint64_t address, len;
	uint8_t bytes[40];

	if (record_next(&r) != RECORD_CALL || !record_get_call(&r, base, &call))
		return false;
	if (call.number != want.number || call.result != want.result ||
	    call.sp != want.sp || call.input != want.input ||
	    (call.argc > 0 && call.arg[0] != want.arg[0]))
		return false;
	if (!call.ranges)
		return true;
	return record_get_range(&r, base, &address, &len) &&
	       address == 0x1000 + i && len == sizeof(bytes) &&
	       record_get_bytes(&r, bytes, len) && bytes[39] == (uint8_t)i;
}

/* How many events can be read. */
static unsigned
read_events(void)
{
	struct record_base base = { 0 };
	unsigned i = 0;

	start_reading();
	while (i < EVENTS && read_event(&base, i))
		i++;
	return i;
}

static void
test_blocks(void)
{
	write_events();
	ok(file.len > 2 * RECORD_BLOCK, "many events need several blocks");
	is_int(read_events(), EVENTS, "all come back");
	ok(record_peek(&r) == 0 && r.state == RECORD_OVER, "and nothing more");
	ok(file.len / EVENTS < 60, "an event takes few bytes");
}

/* Cut the file at each place of a block's end, and at others. */
static void
test_torn(void)
{
	const size_t len = file.len;
	unsigned worse = 0, all = 0, good;
	size_t cut;

	for (cut = 0; cut < len; cut += 997) {
		file.len = cut;
		good = read_events();
		all += good == EVENTS;
		worse += r.state != RECORD_TORN && r.state != RECORD_OVER &&
			 r.state != RECORD_FOREIGN;
	}
	is_int(all, 0, "no torn file has all events");
	is_int(worse, 0, "each is torn, without an end, or not a recording");
	file.len = 2 * RECORD_BLOCK + 100;
	ok(read_events() > 100, "events before the tear are read");
	file.len = len;
}

/* Change one byte and, if asked, make the CRC right again. */
static unsigned
count_unseen(bool mend)
{
	unsigned unseen = 0;
	size_t at;

	for (at = 0; at < file.len; at += 613) {
		uint8_t *block = file.bytes + at / RECORD_BLOCK * RECORD_BLOCK;
		struct record_head old, head;

		memcpy(&old, block, sizeof(old));
		file.bytes[at] ^= 0x55;
		memcpy(&head, block, sizeof(head));
		if (mend && head.used <= RECORD_ROOM) {
			head.crc = 0;
			head.crc = record_crc(0, &head, sizeof(head));
			head.crc = record_crc(
			    head.crc, block + sizeof(head), head.used);
			memcpy(block, &head, sizeof(head));
		}
		unseen += read_events() == EVENTS && r.state == RECORD_GOOD &&
			  record_peek(&r) == 0 && r.state == RECORD_OVER;
		if (at % RECORD_BLOCK >= sizeof(head))
			file.bytes[at] ^= 0x55;
		memcpy(block, &old, sizeof(old));
	}
	return unseen;
}

static void
test_changes(void)
{
	write_events();
	is_int(count_unseen(false), 0, "no changed byte is read as good");
	is_int(count_unseen(true), 0, "also if the CRC is made right again");
	is_int(read_events(), EVENTS, "the test left the recording as it was");
}

/* Blocks of two recordings do not mix. */
static void
test_order(void)
{
	static uint8_t block[RECORD_BLOCK];

	write_events();
	memcpy(block, file.bytes, RECORD_BLOCK);
	memcpy(file.bytes, file.bytes + RECORD_BLOCK, RECORD_BLOCK);
	memcpy(file.bytes + RECORD_BLOCK, block, RECORD_BLOCK);
	is_int(read_events(), 0, "blocks in another order are not read");
	is_int(r.state, RECORD_DAMAGED, "the recording is damaged then");
	file.len = 0;
	is_int((int)record_next(&r) + (start_reading(), (int)record_next(&r)),
	    0, "an empty file has no record");
	is_int(r.state, RECORD_FOREIGN, "it is not a recording");
}

/* One that ends in a zero, or is longer than it may be, or empty, is wrong. */
static bool
reads_signal(uint64_t len, uint8_t last)
{
	uint8_t bytes[2 * RECORD_INFO], info[RECORD_INFO];

	memset(bytes, 1, sizeof(bytes));
	if (len > 0)
		bytes[len - 1] = last;
	start_writing();
	record_begin(&w, RECORD_SIGNAL);
	record_put(&w, len);
	record_put_bytes(&w, bytes, len);
	(void)record_close(&w);
	start_reading();
	return record_next(&r) == RECORD_SIGNAL &&
	       record_get_signal(&r, info) && info[len - 1] == last;
}

static void
test_signals(void)
{
	uint8_t info[RECORD_INFO] = { 17, 0, 0, 0, 0xff }, there[RECORD_INFO];

	start_writing();
	record_put_signal(&w, info);
	(void)record_close(&w);
	start_reading();
	is_int(record_next(&r), RECORD_SIGNAL, "a signal is a record");
	ok(record_get_signal(&r, there) &&
		memcmp(info, there, sizeof(info)) == 0,
	    "its siginfo comes back, with the zeros at its end");
	ok(reads_signal(1, 2) && reads_signal(RECORD_INFO, 2),
	    "a siginfo may be short or full");
	ok(!reads_signal(0, 0) && !reads_signal(RECORD_INFO + 1, 2),
	    "but not empty or longer");
	ok(!reads_signal(8, 0), "nor end in a zero");
}

/* Is a number of these bytes read? */
static bool
reads_number(const void *bytes, size_t len)
{
	start_writing();
	record_begin(&w, RECORD_COUNTER);
	record_put_bytes(&w, bytes, len);
	(void)record_close(&w);
	start_reading();
	(void)record_next(&r);
	(void)record_get(&r);
	return r.state == RECORD_GOOD;
}

static void
test_strange_numbers(void)
{
	ok(reads_number("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10),
	    "a number of 64 bits is read");
	ok(!reads_number("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10),
	    "but not one of 65");
	ok(!reads_number("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11),
	    "nor one that does not end");
	ok(!reads_number("\x81\0", 2), "nor one with a zero in front");
	ok(!reads_number("\x81", 1), "nor half of one");
}

/* Is a call read that has these numbers?  A hash that is there is 0. */
static bool
reads_call(uint64_t number, uint64_t argc, uint64_t hash, uint64_t stream)
{
	struct record_base base = { 0 };
	struct record_call call;
	unsigned i;

	start_writing();
	record_begin(&w, RECORD_CALL);
	record_put(&w, number);
	record_put(&w, argc);
	for (i = 0; i < argc + 1; i++) /* and the stack pointer */
		record_put_signed(&w, i);
	record_put(&w, hash);
	for (i = 0; hash == 1 && i < sizeof(call.input); i++)
		record_put_bytes(&w, "", 1);
	record_put(&w, stream);
	record_put_signed(&w, -1);
	record_put(&w, 0);
	(void)record_close(&w);
	start_reading();
	(void)record_next(&r);
	return record_get_call(&r, &base, &call) && call.result == -1;
}

static void
test_strange_calls(void)
{
	ok(reads_call(UINT32_MAX, RECORD_ARGS, 0, RECORD_ERRORS),
	    "a call is read");
	ok(!reads_call(UINT64_C(1) << 32, 0, 0, 0),
	    "but not with a number of more than 32 bits");
	ok(!reads_call(1, RECORD_ARGS + 1, 0, 0),
	    "nor with more arguments than a call has");
	ok(!reads_call(1, 0, 1, 0), "nor with a hash of 0");
	ok(!reads_call(1, 0, 2, 0), "nor with two hashes");
	ok(!reads_call(1, 0, 0, RECORD_ERRORS + 1), "nor to a third stream");
}

static int64_t
fail_to_read(void *context, uint64_t offset, void *bytes, size_t len)
{
	unsigned *times = context;

	(void)offset;
	(void)bytes;
	(void)len;
	++*times;
	return -5; /* EIO */
}

static void
test_failing_reads(void)
{
	unsigned times = 0;

	r.read = fail_to_read;
	r.context = &times;
	record_start(&r);
	is_int(record_next(&r), 0, "a file that cannot be read has no record");
	is_int(r.state, RECORD_FAILED, "reading has failed");
	is_str(record_state_text(&r), strerror(5), "and the reason is known");
	is_int(record_get(&r), 0, "after it there is nothing");
	is_int(times, 1, "and nothing is read");
}

static void
test_texts(void)
{
	const unsigned last = RECORD_PREEMPT;
	unsigned a, b, same = 0;

	for (a = 0; a <= last; a++)
		for (b = 0; b < a; b++)
			same += strcmp(record_kind_text(a),
				    record_kind_text(b)) == 0;
	is_int(same, 0, "each kind of a record has a text of its own");
	is_str(record_kind_text(last + 100), record_kind_text(0),
	    "and those that are none have one");
	r.state = RECORD_GOOD;
	is_str(record_state_text(&r), "the recording has more records",
	    "a state has a text");
	r.state = RECORD_OVER;
	is_str(record_state_text(&r), "the recording has no end",
	    "so has another");
}

static void
test_errors(void)
{
	static uint8_t much[FILE_MAX];

	start_writing();
	record_begin(&w, RECORD_CALL);
	record_put_bytes(&w, much, sizeof(much));
	record_put_bytes(&w, much, sizeof(much));
	is_int(record_close(&w), -28, "the first error of a writer stays");
	is_int((intmax_t)file.len, FILE_MAX, "nothing is written after it");
}

#define DRAFTED 40000

/* Every so many records the writer writes what there is. */
static unsigned
write_drafted(unsigned every)
{
	unsigned i, errors = 0;

	start_writing();
	for (i = 0; i < DRAFTED; i++) {
		record_begin(&w, RECORD_COUNTER);
		record_put_signed(&w, (int64_t)i);
		if (every && i % every == 0)
			errors += record_flush(&w) < 0;
	}
	return errors;
}

static void
test_drafts(void)
{
	static struct file plain;
	intmax_t n = 0;

	(void)write_drafted(0);
	(void)record_close(&w);
	plain = file;
	is_int(write_drafted(777), 0, "a block that is not full is written");
	is_int(record_flush(&w), 0, "also the last");
	ok(file.drafted > file.len, "which is to be written again");
	start_reading();
	file.len = file.drafted;
	while (record_next(&r) == RECORD_COUNTER)
		n += record_get_signed(&r) == n;
	is_int(n, DRAFTED, "what was written so far can be read");
	is_int(r.state, RECORD_OVER, "up to its end");
	file.len = (size_t)w.written;
	(void)record_close(&w);
	ok(file.len == plain.len &&
		memcmp(file.bytes, plain.bytes, plain.len) == 0,
	    "and the whole is as without that");
}

int
main(void)
{
	test_sums();
	test_numbers();
	test_blocks();
	test_torn();
	test_changes();
	test_order();
	test_signals();
	test_strange_numbers();
	test_strange_calls();
	test_failing_reads();
	test_texts();
	test_errors();
	test_drafts();
	return done_testing();
}
