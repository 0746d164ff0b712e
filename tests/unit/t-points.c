/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store of expressions, and printf.  This test must not know packets.
 */
#include "tap.h"

#include "gdb/format.h"
#include "gdb/points.h"

#include <errno.h>

static struct points points;
static unsigned printed;

static bool
read_mem(void *ctx, uint64_t addr, void *buf, size_t n)
{
	static const char memory[] = "hello\0\033[2Jx\n";

	(void)ctx;
	if (addr >= sizeof(memory) || n > sizeof(memory) - addr)
		return false;
	memcpy(buf, memory + addr, n);
	return true;
}

static bool
count(void *ctx, const struct agent_print *print)
{
	(void)ctx;
	(void)print;
	printed++;
	return true;
}

static const struct agent_env env = { .read_mem = read_mem, .print = count };

static const uint8_t no[] = { 0x22, 0, 0x27 }, yes[] = { 0x22, 1, 0x27 };
static const uint8_t say[] = { 0x22, 0, 0x22, 0, 0x34, 0, 0, 1, 0, 0x27 };

static struct target_break
at(uint64_t addr, const struct target_code *code, size_t codes)
{
	return (struct target_break){
		.addr = addr, .kind = 1, .code = code, .codes = codes
	};
}

static bool
stops(uint64_t addr)
{
	const struct target_break brk = at(addr, NULL, 0);

	return points_stop(&points, &brk, &env);
}

static void
set(uint64_t addr, const struct target_code *code, size_t codes, int result,
    const char *name)
{
	const struct target_break brk = at(addr, code, codes);

	is_int(points_set(&points, &brk), result, "%s", name);
}

static void
test_few(void)
{
	const struct target_code both[] = { { no, sizeof(no), false },
		{ yes, sizeof(yes), false }, { say, sizeof(say), true } };
	struct target_break brk = at(0x1000, NULL, 0);

	ok(stops(0x1000), "a breakpoint without expressions is a stop");
	set(0x1000, both, 1, 0, "a condition is set");
	ok(!stops(0x1000), "and decides");
	ok(stops(0x1001), "on this breakpoint");
	brk.type = BREAK_HARD;
	ok(points_stop(&points, &brk, &env), "of this type");
	set(0x1000, both, 2, 0, "others replace it");
	ok(stops(0x1000), "any that is true is enough");
	set(0x1000, both, 3, 0, "a command");
	ok(!stops(0x1000) && printed == 1, "runs in place of the stop");
	set(0x1000, both, 0, 0, "none");
	ok(stops(0x1000) && printed == 1, "are none");
}

static void
test_many(void)
{
	const struct target_code code = { no, sizeof(no), false };
	struct target_break brk;
	unsigned i, wrong = 0;

	for (i = 0; i < POINTS_MAX; i++) {
		brk = at(0x400000 + 3 * (uint64_t)i, &code, 1);
		wrong += points_set(&points, &brk) != 0;
	}
	is_int(wrong, 0, "%d breakpoints have conditions", POINTS_MAX);
	set(0x10, &code, 1, -ENOSPC, "and no more");
	for (i = 0; i < POINTS_MAX; i += 2) {
		brk = at(0x400000 + 3 * (uint64_t)i, NULL, 0);
		points_drop(&points, &brk);
	}
	for (i = 0; i < POINTS_MAX; i++)
		wrong += stops(0x400000 + 3 * (uint64_t)i) != (i % 2 == 0);
	is_int(wrong, 0, "each other one is removed");
	set(0x10, &code, 1, 0, "which makes room");
	points_clear(&points);
	ok(stops(0x400003) && stops(0x10), "all are removed");
}

/* Their bytes are reused, wherever the holes are. */
static void
test_room(void)
{
	static uint8_t large[AGENT_CODE_MAX];
	const struct target_code code = { large, sizeof(large), false };
	struct target_break brk;
	unsigned i, n = 0, wrong = 0;

	memcpy(large, no, sizeof(no));
	for (brk = at(0, &code, 1); points_set(&points, &brk) == 0; n++)
		brk.addr++;
	ok(n >= POINTS_CODE_MAX / (sizeof(large) + 64),
	    "the room is filled by %u large expressions", n);
	for (i = 0; i < n; i += 3) {
		brk.addr = i;
		points_drop(&points, &brk);
	}
	for (i = 0; i < 10 * n; i++) {
		brk.addr = i % n;
		wrong += points_set(&points, &brk) != 0;
	}
	is_int(wrong, 0, "each is set again ten times");
	for (i = 0; i < n; i++)
		wrong += stops(i);
	is_int(wrong, 0, "and all are right");
	points_clear(&points);
}

static const struct {
	const char *format;
	uint64_t args[3];
	const char *text; /* NULL: an error */
} prints[] = {
	{ "plain 100%%\n", { 0 }, "plain 100%\n" },
	{ "%d %i %u", { (uint64_t)-1, 0xffffffff, 0xffffffff },
	    "-1 -1 4294967295" },
	{ "%ld %lld %lu", { (uint64_t)-1, UINT64_MAX, UINT64_MAX },
	    "-1 -1 18446744073709551615" },
	{ "%hd %hhd %hhu", { 0x18000, 0x180, 0x1ff }, "-32768 -128 255" },
	{ "%zd %jd %td", { 1, 2, 3 }, "1 2 3" },
	{ "%x %X %#x", { 0xabc, 0xabc, 0xabc }, "abc ABC 0xabc" },
	{ "%o %#o %#X", { 8, 8, 10 }, "10 010 0XA" },
	{ "[%5d|%-5d|%05d]", { 42, 42, (uint64_t)-42 }, "[   42|42   |-0042]" },
	{ "[%+d|% d|%.3d]", { 7, 7, 7 }, "[+7| 7|007]" },
	{ "[%8.3x|%#8x|%#010x]", { 10, 10, 10 },
	    "[     00a|     0xa|0x0000000a]" },
	{ "%d%.0d|%x", { 0, 0, 0 }, "0|0" },
	{ "%ld", { UINT64_C(1) << 63 }, "-9223372036854775808" },
	{ "%p", { 0x401000 }, "0x401000" },
	{ "%c%c", { 'a', 27 }, "a?" },
	{ "[%s|%8s|%.2s]", { 0, 0, 0 }, "[hello|   hello|he]" },
	{ "[%-8s]", { 0 }, "[hello   ]" },
	{ "%s", { 6 }, "?[2Jx\n" },
	{ "%s", { 4711 }, NULL },
	{ "a\\tb\\\\\\\"\\n\\101\\0112", { 0 }, "a\tb\\\"\nA\t2" },
	{ "\\", { 0 }, "" },
	{ "%f", { 0 }, NULL },
	{ "%n", { 0 }, NULL },
	{ "%", { 0 }, NULL },
	{ "%d %d %d %d", { 1, 2, 3 }, NULL },
};

static void
test_print(void)
{
	char buf[256];
	struct text text;
	size_t i;

	for (i = 0; i < sizeof(prints) / sizeof(prints[0]); i++) {
		const struct agent_print print = {
			.format = prints[i].format,
			.args = prints[i].args,
			.n = 3,
		};
		bool right;

		text_init(&text, buf, sizeof(buf));
		right = format_print(&text, &env, &print);
		if (prints[i].text)
			is_str(buf, prints[i].text, "%s", prints[i].format);
		else
			ok(!right, "%s is refused", prints[i].format);
	}
	text_init(&text, buf, sizeof(buf));
	format_print(&text, &env,
	    &(struct agent_print){
		.format = "%99999999999d%s", .args = prints[0].args, .n = 2 });
	ok(text.len == FORMAT_WIDTH_MAX + 5, "a field is not wider than %d",
	    FORMAT_WIDTH_MAX);
}

int
main(void)
{
	test_few();
	test_many();
	test_room();
	test_print();
	return done_testing();
}
