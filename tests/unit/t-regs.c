/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register list: every register keeps the value written to it, and nothing
 * else changes.  This test must not know packets.
 *
 *	t-regs --xml[=XCR0]	prints the target description, for GDB to read
 */
#include "gdb/regs.h"
#include "gdb/text.h"
#include "tap.h"

#define ALL_PARTS 0x2e7
#define XSTATE_BV 512

static struct regs_layout layout;
static struct regs regs;

static void
begin(uint64_t xcr0)
{
	regs_layout_init(&layout, xcr0);
	regs_init(&regs, &layout);
}

static uint64_t
get(unsigned number)
{
	uint8_t value[REG_SIZE_MAX] = { 0 };
	uint64_t v;

	if (!regs_get(&regs, &layout, number, value))
		return 0xbad;
	memcpy(&v, value, sizeof(v));
	return v;
}

static void
set(unsigned number, uint64_t v)
{
	uint8_t value[REG_SIZE_MAX] = { 0 };

	memcpy(value, &v, sizeof(v));
	regs_set(&regs, &layout, number, value);
}

/* The bits that a register keeps of a written value. */
static uint32_t
kept(unsigned number)
{
	switch (number) {
	case REG_fop: return 0x7ff;
	case REG_mxcsr: return 0xffbf;
	case REG_fctrl:
	case REG_fstat: return 0xffff;
	}
	return UINT32_MAX;
}

/* A value that differs from every other register's in each byte. */
static void
value_of(unsigned number, uint8_t value[REG_SIZE_MAX])
{
	uint32_t low;

	for (unsigned i = 0; i < REG_SIZE_MAX; i++)
		value[i] = (uint8_t)(number * 37 + i * 11 + 1);
	memcpy(&low, value, sizeof(low));
	low &= kept(number);
	if (kept(number) != UINT32_MAX)
		memcpy(value, &low, sizeof(low));
}

static bool
holds(unsigned number)
{
	uint8_t want[REG_SIZE_MAX];
	uint8_t got[REG_SIZE_MAX];

	value_of(number, want);
	return regs_get(&regs, &layout, number, got) &&
	       memcmp(got, want, regs_size(number)) == 0;
}

static void
test_every_register(void)
{
	uint8_t value[REG_SIZE_MAX];
	unsigned wrong = 0;

	begin(ALL_PARTS);
	for (unsigned i = 0; i < REG_COUNT; i++) {
		value_of(i, value);
		if (i != REG_ftag)
			regs_set(&regs, &layout, i, value);
	}
	for (unsigned i = 0; i < REG_COUNT; i++)
		if (i != REG_ftag)
			ok(holds(i), "%s keeps a value of its own",
			    regs_name(i));
	for (unsigned i = REG_COUNT; i-- > 0;) {
		value_of(i, value);
		if (i != REG_ftag)
			regs_set(&regs, &layout, i, value);
	}
	for (unsigned i = 0; i < REG_COUNT; i++)
		wrong += i != REG_ftag && !holds(i);
	is_int(wrong, 0, "writing them in the other order is the same");
}

/* Flags have names where the processor's manual has them, and lie in their
 * register; each register's are in order. */
static void
test_flags(void)
{
	struct regs_flag flag;
	size_t n = 0;
	unsigned next, wrong = 0;

	for (unsigned i = 0; i < REG_COUNT; i++) {
		next = 0;
		for (n = 0; regs_flag(i, n, &flag); n++) {
			wrong += flag.low < next || flag.high < flag.low ||
				 flag.high >= 8 * regs_size(i);
			next = flag.high + 1;
		}
		wrong += n == 0 && (i == REG_eflags || i == REG_cr0);
	}
	is_int(wrong, 0, "flags are in order, in their register");
	ok(regs_flag(REG_cr0, 0, &flag) && strcmp(flag.name, "PE") == 0 &&
		flag.low == 0,
	    "the first flag of cr0 is PE");
	ok(!regs_flag(REG_rip, 0, &flag), "rip has no flags");
}

/* A write to the initial state shows up in one register. */
static void
test_each_alone(void)
{
	static struct regs before;
	uint8_t value[REG_SIZE_MAX];
	uint8_t old[REG_SIZE_MAX];
	unsigned wrong = 0;

	for (unsigned i = 0; i < REG_COUNT; i++) {
		begin(ALL_PARTS);
		before = regs;
		value_of(i, value);
		regs_set(&regs, &layout, i, value);
		for (unsigned j = 0; j < REG_COUNT; j++) {
			regs_get(&regs, &layout, j, value);
			regs_get(&before, &layout, j, old);
			if (i != j && memcmp(value, old, regs_size(j)) != 0)
				wrong++;
		}
	}
	is_int(wrong, 0, "a write changes one register and no other");
}

static void
test_numbers(void)
{
	unsigned size = 0;

	is_int(REG_rip, 16, "rip is number 16, as in GDB");
	is_int(REG_eflags, 17, "eflags is number 17");
	is_int(REG_st0, 24, "st0 is number 24");
	is_int(REG_fctrl, 32, "fctrl is number 32");
	is_int(REG_xmm0, 40, "xmm0 is number 40");
	is_int(REG_mxcsr, 56, "mxcsr is number 56");
	is_int(REG_orig_rax, 57, "orig_rax is number 57");
	is_int(REG_fs_base, 58, "fs_base is number 58");
	is_int(REG_ymm0h, 60, "ymm0h is number 60");
	begin(ALL_PARTS);
	for (unsigned i = 0; i < REG_COUNT; i++)
		if (regs_place(i) != PLACE_CONTROL)
			size += regs_size(i);
	is_int(size, REGS_SIZE_MAX, "those of `g` are REGS_SIZE_MAX bytes");
	ok(regs_place(REG_pkru) != PLACE_CONTROL && REG_fmask == REG_COUNT - 1,
	    "no register of `g` follows a control register");
	for (unsigned i = REG_cr0; i < REG_COUNT; i++)
		ok(regs_place(i) == PLACE_CONTROL &&
			regs_is_read_only(i) != (i == REG_cr2 || i == REG_dr6),
		    "%s is a control register, and only cr2 and dr6 can be "
		    "written",
		    regs_name(i));
	is_int(regs_size(REG_st0), 10, "st0 has 10 bytes");
	is_int(regs_size(REG_zmm0h), 32, "zmm0h has 32 bytes");
	ok(!regs_has(&layout, REG_COUNT) && !regs_has(&layout, UINT32_MAX),
	    "there is no register after the last");
	begin(7);
	ok(regs_has(&layout, REG_ymm15h) && !regs_has(&layout, REG_k0) &&
		!regs_has(&layout, REG_pkru),
	    "a machine with AVX alone has no AVX-512 and no PKRU");
	begin(0x207);
	ok(!regs_has(&layout, REG_zmm31h) && regs_has(&layout, REG_pkru),
	    "a machine can have PKRU without AVX-512");
	begin(0);
	ok(regs_has(&layout, REG_xmm15) && regs_has(&layout, REG_st7) &&
		!regs_has(&layout, REG_ymm0h),
	    "every machine has x87 and SSE");
}

static void
test_initial_state(void)
{
	begin(ALL_PARTS);
	is_int(get(REG_fctrl), 0x37f, "fctrl starts as 0x37f");
	is_int(get(REG_ftag), 0xffff, "ftag starts as empty");
	is_int(get(REG_mxcsr), 0x1f80, "mxcsr starts as 0x1f80");
	is_int(get(REG_xmm3), 0, "xmm3 starts as 0");
	memset(regs.xsave + 160, 0xee, 256);
	memset(regs.xsave, 0xee, 24);
	is_int(get(REG_xmm3), 0,
	    "xmm3 is 0 as long as SSE is in its initial state");
	is_int(get(REG_fctrl), 0x37f, "so is fctrl 0x37f");
	is_int(get(REG_fstat), 0, "and fstat 0");
	set(REG_xmm3, 5);
	is_int(regs.xsave[XSTATE_BV], 2, "a write takes its part into use");
	is_int(get(REG_xmm3), 5, "and is there");
	is_int(get(REG_xmm4), 0, "its neighbour is still as it started");
	set(REG_st2, 9);
	is_int(get(REG_fctrl), 0x37f, "so is fctrl after a write of st2");
	is_int(get(REG_st1), 0, "and st1");
	is_int(get(REG_mxcsr), 0x1f80, "and mxcsr");
	set(REG_ymm7h, 1);
	set(REG_k3, 1);
	set(REG_pkru, 0x55555554);
	is_int(regs.xsave[XSTATE_BV], 0x27, "every part has a bit of its own");
	is_int(regs.xsave[XSTATE_BV + 1], 2, "PKRU's is in the second byte");
	set(REG_zmm1h, 1);
	set(REG_zmm17h, 1);
	is_int(regs.xsave[XSTATE_BV], 0xe7, "both halves of AVX-512 as well");
}

/* st(i) is hardware register (TOP + i) & 7; tags are by hardware register. */
static void
test_tags(void)
{
	static const uint8_t one[10] = { [7] = 0x80, 0xff, 0x3f };
	static const uint8_t nan[10] = { [7] = 0xc0, 0xff, 0x7f };
	static const uint8_t tiny[10] = { [0] = 1 };
	static const uint8_t unnormal[10] = { [7] = 0x40, 0xff, 0x3f };

	begin(3);
	set(REG_fstat, 6 << 11); /* TOP 6: two were pushed */
	regs_set(&regs, &layout, REG_st0, one);
	regs.xsave[4] = 0xc0; /* registers 6 and 7 */
	is_int(get(REG_ftag), 0x4fff, "st0 is valid, st1 zero, six empty");
	regs_set(&regs, &layout, REG_st1, nan);
	is_int(get(REG_ftag), 0x8fff, "a NaN is special");
	regs_set(&regs, &layout, REG_st1, tiny);
	is_int(get(REG_ftag), 0x8fff, "so is a denormal");
	regs_set(&regs, &layout, REG_st1, unnormal);
	is_int(get(REG_ftag), 0x8fff, "so is an unnormal");
	set(REG_ftag, 0xffff);
	is_int(regs.xsave[4], 0, "0xffff makes all registers empty");
	set(REG_ftag, 0x4fff);
	is_int(regs.xsave[4], 0xc0, "0x4fff puts two into use");
	set(REG_ftag, 0);
	is_int(regs.xsave[4], 0xff, "0 puts all into use");
	set(REG_fstat, 3 << 11);
	regs_set(&regs, &layout, REG_st0, one);
	is_int(get(REG_ftag) >> 6 & 3, 0, "with TOP 3, st0 is register 3");
}

static void
test_fixed_bits(void)
{
	begin(3);
	set(REG_mxcsr, 0xffffffff);
	is_int(
	    get(REG_mxcsr), 0xffbf, "mxcsr keeps bits clear outside its mask");
	regs.xsave[28] = 0xff;
	regs.xsave[29] = 0xff;
	regs.xsave[30] = 0x02;
	set(REG_mxcsr, 0xffffffff);
	is_int(get(REG_mxcsr), 0x2ffff, "the mask in the area is obeyed");
	set(REG_fop, 0xffff);
	is_int(get(REG_fop), 0x7ff, "fop has eleven bits");
	set(REG_fioff, 0x11223344);
	set(REG_fiseg, 0x55667788);
	ok(regs.xsave[8] == 0x44 && regs.xsave[12] == 0x88 &&
		regs.xsave[15] == 0x55,
	    "fioff and fiseg are halves of the 64-bit pointer");
	regs.rflags = 0xaaaabbbbccccddddu;
	set(REG_eflags, 0x202);
	ok(regs.rflags == 0xaaaabbbb00000202u,
	    "eflags leaves the upper half of rflags alone");
}

static void
test_places(void)
{
	uint8_t value[REG_SIZE_MAX];

	begin(ALL_PARTS);
	layout.offset[XSAVE_PKRU] = 832; /* as on AMD's Zen 3 */
	set(REG_pkru, 0x12345678);
	is_int(regs.xsave[832], 0x78, "PKRU is where the layout says");
	layout.offset[XSAVE_PKRU] = REGS_XSAVE_SIZE - 3;
	ok(!regs_get(&regs, &layout, REG_pkru, value),
	    "a place outside of the area is unavailable");
	begin(ALL_PARTS);
	regs.xsave_valid = 3;
	ok(!regs_get(&regs, &layout, REG_ymm0h, value) &&
		!regs_set(&regs, &layout, REG_ymm0h, value),
	    "a part that is not valid is unavailable");
	ok(regs_get(&regs, &layout, REG_xmm0, value) &&
		regs_get(&regs, &layout, REG_rax, value),
	    "the others are not");
}

/* Every tag that opens is closed, in order. */
static bool
well_formed(const char *s)
{
	const char *open[8];
	size_t depth = 0;

	while ((s = strchr(s, '<')) != NULL) {
		size_t len = strcspn(++s, " />");
		const char *end = strchr(s, '>');

		if (!end)
			return false;
		if (*s == '?' || *s == '!' || end[-1] == '/')
			continue;
		if (*s != '/') {
			if (depth == 8)
				return false;
			open[depth++] = s;
			continue;
		}
		len = strcspn(s + 1, ">");
		if (depth == 0 || strncmp(open[--depth], s + 1, len) != 0)
			return false;
	}
	return depth == 0;
}

static void
test_xml(void)
{
	static char buf[0x10000];
	static char small[100];
	struct text text;
	char line[64];
	unsigned missing = 0;

	begin(ALL_PARTS);
	text_init(&text, buf, sizeof(buf));
	regs_xml(&layout, &text);
	ok(!text.full, "the description fits");
	ok(well_formed(buf), "it is well-formed");
	for (unsigned i = 0; i < REG_COUNT; i++) {
		snprintf(line, sizeof(line), "<reg name=\"%s\" bitsize=\"%u\"",
		    regs_name(i), 8 * regs_size(i));
		missing += strstr(buf, line) == NULL;
	}
	is_int(missing, 0, "every register is in it");
	text_init(&text, buf, sizeof(buf));
	begin(3);
	regs_xml(&layout, &text);
	ok(strstr(buf, "ymm0h") == NULL && strstr(buf, "xmm15") != NULL,
	    "a register that the machine lacks is not");
	text_init(&text, small, sizeof(small));
	regs_xml(&layout, &text);
	ok(text.full && strlen(small) < sizeof(small),
	    "a buffer that is too small says so");
}

static int
print_xml(const char *xcr0)
{
	static char buf[0x10000];
	struct text text;

	begin(xcr0 ? strtoull(xcr0, NULL, 0) : ALL_PARTS);
	text_init(&text, buf, sizeof(buf));
	regs_xml(&layout, &text);
	fputs(buf, stdout);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strncmp(argv[1], "--xml", 5) == 0)
		return print_xml(argv[1][5] == '=' ? argv[1] + 6 : NULL);
	test_numbers();
	test_every_register();
	test_flags();
	test_each_alone();
	test_initial_state();
	test_tags();
	test_fixed_bits();
	test_places();
	test_xml();
	return done_testing();
}
