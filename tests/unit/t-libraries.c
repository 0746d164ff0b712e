/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loader's list of objects, and thread-local storage by glibc's and musl's
 * structures, in memory that is as a guest would have it, or worse.  No guest
 * is run.
 */
#include "elfbuild.h"
#include "guestram.h"
#include "openfiles.h"
#include "scratch.h"
#include "tap.h"

#include "debugger/libraries.h"
#include "hypercall/dispatch/dispatch.h"
#include "hypercall/file/path.h"

#include <fcntl.h>
#include <stdalign.h>
#include <unistd.h>

#define RAM  (UINT64_C(4) << 20)
#define DATA UINT64_C(0x100000) /* four pages; the next one is absent */
#define END  (DATA + 4 * PAGE_4K)

/* The image, and a library. */
#define IMAGE   DATA
#define LIBRARY (DATA + PAGE_4K)

/* In the third page: structures of the loader. */
#define DYNAMIC (IMAGE + 0x100)
#define R_DEBUG (DATA + 2 * PAGE_4K)
#define MAP(n)  (R_DEBUG + 0x100 + (n)*0x40)
#define NAME(n) (R_DEBUG + 0x800 + (n)*0x40)
/* In the fourth: a thread, its vector of blocks, and a field's description. */
#define TP       (DATA + 3 * PAGE_4K)
#define VECTOR   (TP + 0x100)
#define FIELD    (TP + 0x800)
#define MODID_AT 0x28 /* of a link map */

static alignas(4096) struct machine machine;
static struct debugger_target target = { .machine = &machine, .image = -1 };
static struct elfbuild built;

static void
put(uint64_t va, uint64_t word)
{
	memcpy(machine.mem.base + va, &word, sizeof(word));
}

/* Entry `n` of the list. */
static void
put_map(unsigned n, uint64_t bias, const char *name, uint64_t dynamic,
    uint64_t next)
{
	const uint64_t map[] = { bias, NAME(n), dynamic, next };

	memcpy(machine.mem.base + MAP(n), map, sizeof(map));
	strcpy((char *)machine.mem.base + NAME(n), name);
}

/* A good list: the image, which has no name, and a library. */
static void
put_list(const char *library)
{
	static const Elf64_Dyn dynamic[] = {
		{ .d_tag = DT_NEEDED, .d_un.d_val = 1 },
		{ .d_tag = DT_DEBUG, .d_un.d_ptr = R_DEBUG },
		{ .d_tag = DT_NULL },
	};

	memset(machine.mem.base + DATA, 0, 4 * PAGE_4K);
	memcpy(machine.mem.base + DYNAMIC, dynamic, sizeof(dynamic));
	put(R_DEBUG, 1);
	put(R_DEBUG + 8, MAP(0));
	put_map(0, 0, "", DYNAMIC, MAP(1));
	put_map(1, LIBRARY, library, LIBRARY + 0x200, 0);
	machine.image.dynamic = DYNAMIC;
	machine.image.dynamic_size = sizeof(dynamic);
	machine.interp.segments = 1;
}

/* A file whose .dynsym exports `name` as `value`. */
static void
make_exporter(const char *file, const char *name, uint64_t value)
{
	int fd = open(file, O_RDWR | O_CREAT, 0644);

	elfbuild_exporter(&built, name, value);
	if (fd < 0 ||
	    write(fd, elfbuild_file(&built), built.size) != (ssize_t)built.size)
		bail("cannot make %s", file);
	close(fd);
}

/* The objects of the list, at most five. */
static unsigned
count(void)
{
	struct target_library library = { .map = 0 };
	unsigned n = 0;

	while (n < 5 && debugger_next_library(&target, &library))
		n++;
	return n;
}

/* Words that are changed in a good list, and how many objects it has then. */
static const struct {
	const char *what;
	uint64_t at, word;
	unsigned count;
} lists[] = {
	{ "a list of two", END - 8, 0, 2 },
	{ "a dynamic section that ends early", DYNAMIC, DT_NULL, 0 },
	{ "no DT_DEBUG", DYNAMIC + 16, DT_NEEDED, 0 },
	{ "a list that is not made yet", DYNAMIC + 24, 0, 0 },
	{ "a list nowhere", DYNAMIC + 24, END, 0 },
	{ "one that ends nowhere", DYNAMIC + 24, END - 8, 0 },
	{ "one that wraps", DYNAMIC + 24, UINT64_MAX - 3, 0 },
	{ "an empty list", R_DEBUG + 8, 0, 0 },
	{ "a first object nowhere", R_DEBUG + 8, END, 0 },
	{ "a second one nowhere", MAP(0) + 24, END - 16, 1 },
	{ "a list that goes round", MAP(1) + 24, MAP(0), 5 },
	{ "a name nowhere", MAP(1) + 8, END, 2 },
};

static void
test_lists(void)
{
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		put_list("/lib/some.so");
		put(lists[i].at, lists[i].word);
		is_int(count(), lists[i].count, "%s", lists[i].what);
		is_int(debugger_library_tls(&target, MAP(1), TP), 0,
		    "which has no thread-local block");
	}
	put_list("/lib/some.so");
	machine.image.dynamic_size = sizeof(Elf64_Dyn) + 8;
	is_int(count(), 0, "a dynamic section that is too short");
	machine.image.dynamic_size = UINT64_MAX;
	machine.image.dynamic = END - 8;
	is_int(count(), 0, "a dynamic section nowhere");
}

static void
test_objects(void)
{
	static struct hc_mapped_file program = { .name = "" };
	static struct hc_mapped_file named = { .name = "/mapped" };
	struct target_library library = { .map = 0 };

	put_list("/lib/some.so");
	ok(debugger_next_library(&target, &library) && library.image &&
		library.map == MAP(0),
	    "the first object is the image");
	is_str(library.name, "", "which has no name");
	ok(debugger_map_is_image(&target, MAP(0)), "by its link map also");
	ok(debugger_next_library(&target, &library) && !library.image &&
		library.bias == LIBRARY && library.dynamic == LIBRARY + 0x200,
	    "the second one is not");
	is_str(library.name, "/lib/some.so", "and has one");
	ok(!debugger_map_is_image(&target, MAP(1)), "by its link map neither");
	ok(!debugger_map_is_image(&target, END - 8), "nor is one nowhere");
	hc_mapped_set(&machine.guest.mapped, IMAGE, LIBRARY, &program, 0);
	hc_mapped_set(&machine.guest.mapped, LIBRARY, R_DEBUG, &named, 0);
	put(MAP(1) + 8, END);
	library.map = MAP(0);
	ok(debugger_next_library(&target, &library), "without a name");
	is_str(library.name, "/mapped", "an object has that of its file");
	/* The kernel's limit, and no NUL in it. */
	memset(machine.mem.base + LIBRARY, 'a', PAGE_4K);
	put(MAP(1) + 8, LIBRARY);
	library.map = MAP(0);
	ok(debugger_next_library(&target, &library), "so it is with a name");
	is_str(library.name, "/mapped", "that does not end");
	hc_mapped_set(&machine.guest.mapped, IMAGE, R_DEBUG, NULL, 0);
}

/* The image is the loader: it exports the list's place. */
static void
test_loader(void)
{
	make_exporter("loader", "_r_debug", R_DEBUG - IMAGE);
	put_list("/lib/some.so");
	machine.interp.segments = 0;
	machine.image.bias = IMAGE;
	target.image = open("loader", O_RDONLY);
	is_int(count(), 2, "a loader that is run exports its list");
	target.r_debug = 0;
	is_int(count(), 0, "which is looked for once");
	target.r_debug_sought = false;
	is_int(count(), 2, "in its file");
	close(target.image);
	target.image = -1;
	target.r_debug_sought = false;
	target.r_debug = 0;
	is_int(count(), 0, "a static program has none");
	machine.image.bias = 0;
}

/* Words that are changed for a thread of glibc with one library, which is
 * number 2, and the block that is found. */
static const struct {
	const char *what;
	uint64_t at, word, block;
} glibc[] = {
	{ "glibc's vector has the block", END - 8, 0, 0x1234 },
	{ "a block that is not made yet", VECTOR + 32, UINT64_MAX, 0 },
	{ "an object without a number", MAP(1) + MODID_AT, 0, 0 },
	/* The heap's next word follows. */
	{ "a vector that is not as long yet", VECTOR - 16, 1, 0 },
	{ "a number that wraps", MAP(1) + MODID_AT, UINT64_MAX / 16, 0 },
	{ "a vector nowhere", TP + 8, END, 0 },
	{ "a field of another size", FIELD, 32, 0 },
	{ "a field elsewhere", FIELD + 8, UINT32_MAX, 0 },
	{ "a C library elsewhere", MAP(1), END, 0 },
	{ "a C library that cannot be read", NAME(1), 0x6f6e2f, 0 },
};

static void
test_glibc(void)
{
	unsigned before = count_open();
	size_t i;

	make_exporter(
	    "libc.so.6", "_thread_db_link_map_l_tls_modid", FIELD - LIBRARY);
	for (i = 0; i < sizeof(glibc) / sizeof(glibc[0]); i++) {
		put_list("/libc.so.6");
		put(MAP(1) + MODID_AT, 2);
		put(TP + 8, VECTOR);
		put(VECTOR - 16, 16);
		put(VECTOR + 32, 0x1234);
		put(FIELD, 64 | UINT64_C(1) << 32);
		put(FIELD + 8, MODID_AT);
		put(glibc[i].at, glibc[i].word);
		is_int(debugger_library_tls(&target, MAP(1), TP),
		    glibc[i].block, "%s", glibc[i].what);
	}
	put_list("/none/libc.so.6");
	is_int(debugger_library_tls(&target, MAP(1), TP), 0,
	    "a C library that is not there");
	is_int(
	    debugger_library_tls(&target, MAP(1), END), 0, "a thread nowhere");
	is_int(count_open(), before, "no descriptor stays open");
}

/* The same with musl: the image has thread-local variables, and the library. */
static const struct {
	const char *what;
	uint64_t at, word, block;
} musl[] = {
	{ "musl's vector has the block", END - 8, 0, 0x5678 },
	{ "a vector of a thread before dlopen()", VECTOR, 1, 0 },
	{ "a library without variables", LIBRARY + 0x40, PT_LOAD, 0 },
	{ "one whose variables are empty", LIBRARY + 0x40 + 40, 0, 0 },
	{ "headers nowhere", LIBRARY + 32, END, 0 },
	{ "a file that is not ELF", LIBRARY, 0, 0 },
	{ "an object elsewhere", MAP(1), END, 0 },
	{ "another C library", NAME(1), 0x6f6e2f, 0 },
};

static void
test_musl(void)
{
	const Elf64_Ehdr header = {
		.e_ident = ELFMAG, .e_phoff = 0x40, .e_phnum = 1
	};
	const Elf64_Phdr phdr = { .p_type = PT_TLS, .p_memsz = 8 };
	size_t i;

	machine.image.tls_size = 8;
	for (i = 0; i < sizeof(musl) / sizeof(musl[0]); i++) {
		put_list("/lib/ld-musl-x86_64.so.1");
		memcpy(machine.mem.base + LIBRARY, &header, sizeof(header));
		memcpy(machine.mem.base + LIBRARY + 0x40, &phdr, sizeof(phdr));
		put(TP + 8, VECTOR);
		put(VECTOR, 2);
		put(VECTOR + 8, 0x1111);
		put(VECTOR + 16, 0x5678);
		put(musl[i].at, musl[i].word);
		is_int(debugger_library_tls(&target, MAP(1), TP), musl[i].block,
		    "%s", musl[i].what);
	}
	put_list("/lib/ld-musl-x86_64.so.1");
	put(TP + 8, VECTOR);
	put(VECTOR, 1);
	put(VECTOR + 8, 0x1111);
	is_int(debugger_library_tls(&target, MAP(0), TP), 0x1111,
	    "the image is the first");
	machine.image.tls_size = 0;
	is_int(debugger_library_tls(&target, MAP(0), TP), 0,
	    "unless it has no variables");
	is_int(debugger_library_tls(&target, MAP(1), TP), 0,
	    "a library that has none has no number");
}

int
main(void)
{
	if (!scratch_make() || chdir(scratch) < 0)
		bail("cannot make %s", scratch);
	guestram_init(&machine.mem, RAM);
	hc_guest_init(&machine.guest, &machine.mem);
	hc_look_init(&target.look, &machine.guest);
	if (hc_tree_mount(&machine.guest, scratch, "/", true) < 0)
		bail("cannot mount");
	space_init(&machine.guest.space, &machine.mem, 2 << 20, RAM);
	space_take(&machine.guest.space, DATA, END - DATA,
	    space_bits(PROT_READ | PROT_WRITE));
	machine.image.segments = 1;
	machine.image.segment[0].vaddr = IMAGE;
	machine.image.segment[0].memsz = PAGE_4K;
	test_lists();
	test_objects();
	test_loader();
	test_glibc();
	test_musl();
	return done_testing();
}
