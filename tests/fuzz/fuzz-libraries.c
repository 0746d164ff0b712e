/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the list of libraries that a debugger reads out of guest memory, and
 * the thread-local storage that is found by it.  An input's first bytes say
 * where the list is sought; two bytes each make a word of the page that should
 * hold it.
 *
 * Each name ends within its bound, and reading changes no memory.
 */
#include "fakevm.h"

#include "debugger/libraries.h"

#define RAM   (UINT64_C(16) << 20)
#define DATA  (UINT64_C(4) << 20) /* a page, between holes */
#define WORDS 128U                /* of the list; names follow */
#define FEW   12U                 /* objects that are looked at */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct debugger_target target = { .machine = &m };

/* The names, and one without an end. */
static const char *const names[] = { "/lib/libc.so.6", "/libc.so.6", "", "x",
	"/lib/../libm.so.6", "\033[31m\n" };
#define NAME_SIZE 64U

static void
start(void)
{
	static struct hc_mapped_file file = { .name = "/lib/libmapped.so" };
	uint8_t *page;
	size_t i;

	fakevm_init(RAM);
	space_take(
	    &m.guest.space, DATA, PAGE_4K, space_bits(PROT_READ | PROT_WRITE));
	hc_mapped_set(&m.guest.mapped, DATA + 256, DATA + 512, &file, PAGE_4K);
	m.image.segment[0].vaddr = DATA + 512;
	m.image.segment[0].memsz = 256;
	m.image.segments = 1;
	page = m.mem.base + DATA;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		strcpy((char *)page + WORDS * 8 + i * NAME_SIZE, names[i]);
	memset(page + PAGE_4K - NAME_SIZE, 'n', NAME_SIZE);
	hc_look_init(&target.look, &m.guest);
	hc_look_give(&target.look, names[0],
	    fakevm_file("_thread_db_link_map_l_tls_modid", 64));
}

/* A word: a place in the list, a name, a number or the end of a page. */
static uint64_t
word(const uint8_t *b)
{
	static const uint64_t edges[] = { 0, 1, 64, DT_DEBUG, UINT64_MAX,
		UINT64_C(64) | UINT64_C(1) << 32, DATA + PAGE_4K - 8,
		DATA + PAGE_4K - 31, DATA + PAGE_4K - 32, DATA + PAGE_4K - 1,
		DATA + PAGE_4K, DATA - 8, RAM - 8, RAM, SPACE_END,
		UINT64_C(1) << 63, UINT64_MAX - 31 };

	switch (b[0] % 4) {
	case 0: return DATA + b[1] % WORDS * 8;
	case 1: return DATA + WORDS * 8 + b[1] % 8 * NAME_SIZE;
	case 2: return edges[b[1] % (sizeof(edges) / sizeof(edges[0]))];
	default: return b[1];
	}
}

/* Where the list is sought: in the program's dynamic section, or where a loader
 * exports it. */
static void
begin(uint8_t how, uint8_t where)
{
	const uint64_t at = DATA + where % WORDS * 8;

	m.interp.segments = how & 1;
	m.image.bias = how & 2 ? 8 : 0;
	m.image.dynamic = at;
	m.image.dynamic_size = how & 4 ? UINT64_MAX : 16U * (how >> 4);
	target.r_debug_sought = true;
	target.r_debug = at;
}

/* Whether the list ends soon. */
static bool
look_at_list(void)
{
	static struct target_library library;
	unsigned n;

	library.map = 0;
	for (n = 0; n < FEW; n++) {
		memset(library.name, 'n', sizeof(library.name));
		if (!debugger_next_library(&target, &library))
			return true;
		if (!memchr(library.name, '\0', sizeof(library.name)))
			abort();
	}
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t list[WORDS], left[WORDS];
	size_t i;

	if (!m.mem.base)
		start();
	if (size < 4)
		return 0;
	begin(data[0], data[1]);
	memset(list, 0, sizeof(list));
	for (i = 0; i < WORDS && 4 + 2 * i <= size; i++)
		list[i] = word(data + 2 + 2 * i);
	memcpy(m.mem.base + DATA, list, sizeof(list));
	/* A list without an end takes as long as hundreds of others. */
	if (look_at_list() || data[0] == UINT8_MAX)
		(void)debugger_library_tls(
		    &target, DATA, word(data + size - 2));
	memcpy(left, m.mem.base + DATA, sizeof(left));
	if (memcmp(list, left, sizeof(list)) != 0)
		abort();
	return 0;
}
