/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests that files in memory count against the guest's memory, whichever call
 * makes the files larger; and that pipes have a limit.
 */
#include "guestcall.h"

#include "hypercall/core/memfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define ROOM (16 * P) /* the largest file here */

/* Set PAGE up: a name, a vector of two parts, a message, bytes to write. */
#define NAME   PAGE
#define VECTOR (PAGE + 64)
#define PAIR   (PAGE + 128)
#define OFFSET (PAGE + 192)
#define BYTES  (PAGE + 1024)

static int64_t
make(void)
{
	strcpy(at(NAME), "x");
	return CALL(HC_memfd_create, NAME, MFD_ALLOW_SEALING);
}

static void
set_vector(uint64_t len)
{
	const uint64_t parts[] = { BYTES, 100, BYTES, len };

	memcpy(at(VECTOR), parts, sizeof(parts));
}

/* Make a file larger by call `number`: `len` bytes at `offset`. */
static int64_t
grow(uint32_t number, uint64_t fd, uint64_t offset, uint64_t len)
{
	static int64_t from = -1;

	set_vector(len);
	CALL(HC_lseek, fd, offset, SEEK_SET);
	switch (number) {
	case HC_write: return CALL(HC_write, fd, BYTES, len);
	case HC_pwrite64: return CALL(HC_pwrite64, fd, BYTES, len, offset);
	case HC_writev: return CALL(HC_writev, fd, VECTOR, 2);
	case HC_pwritev: return CALL(HC_pwritev, fd, VECTOR, 2, offset);
	case HC_pwritev2: return CALL(HC_pwritev2, fd, VECTOR, 2, offset);
	case HC_ftruncate: return CALL(HC_ftruncate, fd, offset + len);
	case HC_fallocate: return CALL(HC_fallocate, fd, 0, offset, len);
	case HC_sendfile:
		if (from < 0) {
			from = make();
			CALL(HC_ftruncate, (uint64_t)from, P);
		}
		CALL(HC_lseek, (uint64_t)from, 0, SEEK_SET);
		return CALL(HC_sendfile, fd, (uint64_t)from, 0, len);
	case HC_torov_print: return -ENOSPC; /* tested below */
	case HC_truncate: return -ENOSPC;    /* takes a name */
	default: return 0;
	}
}

static void
test_calls(void)
{
	uint32_t nr;

	for (nr = 0; nr < HYPERCALL_END; nr++) {
		const struct hc_row *row = hc_row(nr);
		uint64_t used, fd;
		int64_t r;

		/* These do not write files in memory: test_every_row(). */
		if (nr == HC_splice || nr == HC_copy_file_range)
			continue;
		if (!row || !(row->raises & HC_SIGXFSZ))
			continue;
		if (nr == HC_sendfile)
			grow(nr, (uint64_t)make(), 0, 1);
		fd = (uint64_t)make();
		guest.space.limit = guest.space.used + ROOM;
		r = grow(nr, fd, ROOM, 10);
		is_int(r, -ENOSPC, "%s does not pass the limit", row->name);
		if (nr == HC_torov_print || nr == HC_truncate)
			continue;
		used = guest.space.used;
		r = grow(nr, fd, P, 10);
		ok(r >= 0, "within it it does (%lld)", (long long)r);
		is_int(guest.space.used - used, 2 * P, "and counts");
		grow(nr, fd, 0, 10);
		is_int(guest.space.used - used, nr == HC_ftruncate ? P : 2 * P,
		    "memory that the file has does not count again");
		CALL(HC_close, fd);
		is_int(guest.space.used, used, "and is given back at the end");
	}
	guest.space.limit = mem.size;
}

static void
test_append(void)
{
	uint64_t fd = (uint64_t)make();

	guest.space.limit = guest.space.used + ROOM;
	CALL(HC_ftruncate, fd, ROOM);
	CALL(HC_fcntl, fd, F_SETFL, O_APPEND);
	is_int(CALL(HC_pwrite64, fd, BYTES, 10, 0), -ENOSPC,
	    "a file that is appended to grows wherever it is written");
	CALL(HC_fcntl, fd, F_SETFL, 0);
	is_int(CALL(HC_pwrite64, fd, BYTES, 10, 0), 10,
	    "a file that is not appended to does not grow");
	is_int(CALL(HC_fallocate, fd, FALLOC_FL_KEEP_SIZE, ROOM, 100 * P),
	    -EOPNOTSUPP, "there are no pages beyond its end");
	is_int(CALL(HC_fallocate, fd,
		   FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, P),
	    0, "a file may have holes before its end");
	CALL(HC_dup2, fd, 1);
	memcpy(at(BYTES), "text", 5);
	is_int(CALL(HC_torov_print, 0, 0, 0, 0, 0, 0, BYTES), -ENOSPC,
	    "ToroV's text does not go there");
	CALL(HC_close, 1);
	CALL(HC_close, fd);
	guest.space.limit = mem.size;
}

/* Memory that may outlive its descriptor still counts. */
static void
test_lent(void)
{
	const uint64_t used = guest.space.used;
	uint64_t fd = (uint64_t)make();
	int pair[2];

	CALL(HC_ftruncate, fd, 4 * P);
	CALL(HC_dup2, fd, 100);
	CALL(HC_close, fd);
	is_int(guest.space.used - used, 4 * P, "a duplicate keeps it");
	CALL(HC_close, 100);
	is_int(guest.space.used, used,
	    "closing the last duplicate gives the memory back");
	fd = (uint64_t)make();
	CALL(HC_ftruncate, fd, 4 * P);
	ok(CALL(HC_mmap, 0, P, PROT_READ, MAP_SHARED, fd, 0) > 0,
	    "a page of it is mapped");
	CALL(HC_close, fd);
	is_int(guest.space.used - used, 4 * P,
	    "the mapping of one page keeps the whole file");
	fd = (uint64_t)make();
	CALL(HC_ftruncate, fd, 2 * P);
	CALL(HC_socketpair, AF_UNIX, SOCK_STREAM, 0, PAIR);
	memcpy(pair, at(PAIR), sizeof(pair));
	{
		uint64_t control[] = { 20,
			(uint64_t)SCM_RIGHTS << 32 | SOL_SOCKET, fd };
		uint64_t message[] = { 0, 0, VECTOR, 1, PAGE + 512, 24, 0 };

		set_vector(0);
		memcpy(at(PAGE + 512), control, sizeof(control));
		memcpy(at(PAGE + 768), message, sizeof(message));
	}
	is_int(CALL(HC_sendmsg, (uint64_t)pair[0], PAGE + 768, 0), 100,
	    "it is sent");
	CALL(HC_close, fd);
	is_int(guest.space.used - used, 6 * P, "a file in flight still counts");
	is_int(CALL(HC_recvmsg, (uint64_t)pair[1], PAGE + 768, 0), 100,
	    "it arrives");
	memcpy(&fd, at(PAGE + 512 + 16), sizeof(fd));
	guest.space.limit = guest.space.used + ROOM;
	is_int(CALL(HC_ftruncate, (uint32_t)fd, 100 * P), -ENOSPC,
	    "a received file still has its limit");
	guest.space.limit = mem.size;
}

/* Files of all kinds that a call may read from, at these descriptors. */
enum {
	TRIED = 59,
	FROM_MEMORY,
	FROM_DEVICE,
	FROM_PIPE,
	INTO_PIPE,
	SOURCES = 3
};

static void
make_sources(void)
{
	int pair[2];

	CALL(HC_dup2, (uint64_t)make(), FROM_MEMORY);
	CALL(HC_pwrite64, FROM_MEMORY, BYTES, 2 * P, 0);
	strcpy(at(NAME), "/dev/zero");
	CALL(HC_dup2, (uint64_t)CALL(HC_open, NAME, O_RDWR), FROM_DEVICE);
	CALL(HC_pipe2, PAIR, O_NONBLOCK);
	memcpy(pair, at(PAIR), sizeof(pair));
	CALL(HC_dup2, (uint64_t)pair[0], FROM_PIPE);
	CALL(HC_dup2, (uint64_t)pair[1], INTO_PIPE);
}

/* Call row `nr` with the file in memory at the descriptor in argument `place`
 * and `source` at others; all else is plausible for most calls. */
static int64_t
call_row(uint32_t nr, unsigned place, uint64_t source, uint64_t fd)
{
	const struct hc_row *row = hc_row(nr);
	uint64_t args[HC_ARGS] = { 0 };
	unsigned i;

	for (i = 0; i < row->argc && i < HC_ARGS; i++) {
		switch (hc_args(row)[i].kind) {
		case HC_ARG_FD: args[i] = i == place ? fd : source; break;
		case HC_ARG_INBUF: args[i] = BYTES; break;
		case HC_ARG_INIOV: args[i] = VECTOR; break;
		default: break;
		}
	}
	for (i = 0; i < row->argc && i < HC_ARGS; i++) {
		const struct hc_arg *arg = &hc_args(row)[i];

		if (arg->kind == HC_ARG_INBUF)
			args[arg->length] = 100;
		else if (arg->kind == HC_ARG_INIOV)
			args[arg->length] = 2;
		else if (!strcmp(arg->name, "length") ||
			 !strcmp(arg->name, "count"))
			args[i] = 100;
	}
	return call(nr, args);
}

/* Does the call make the file larger without counting it? */
static bool
hides(uint32_t nr, unsigned place, uint64_t source)
{
	const uint64_t used = guest.space.used, fd = (uint64_t)make();
	struct stat *st = at(PAGE + 512);
	bool hidden;

	CALL(HC_dup2, fd, TRIED);
	set_vector(100);
	CALL(HC_write, INTO_PIPE, BYTES, 100);
	CALL(HC_lseek, FROM_MEMORY, 0, SEEK_SET);
	call_row(nr, place, source, TRIED);
	st->st_size = 0;
	CALL(HC_fstat, fd, PAGE + 512);
	hidden = st->st_size > 0 && guest.space.used < used + P;
	if (hidden)
		printf("# %s: argument %u, from %d\n", hc_row(nr)->name, place,
		    (int)source);
	CALL(HC_close, TRIED);
	CALL(HC_close, fd);
	return hidden;
}

/* Whatever call makes a file in memory larger, and from whatever file the bytes
 * come, its size counts. */
static void
test_every_row(void)
{
	unsigned place, i, tried = 0, hidden = 0;
	uint32_t nr;

	make_sources();
	for (nr = 0; nr < HYPERCALL_END; nr++) {
		const struct hc_row *row = hc_row(nr);

		for (place = 0; row && place < row->argc; place++) {
			if (hc_args(row)[place].kind != HC_ARG_FD)
				continue;
			for (i = 0; i < SOURCES; i++, tried++)
				hidden += hides(nr, place, FROM_MEMORY + i);
		}
	}
	ok(tried > 100, "%u ways to make a call on a file in memory", tried);
	is_int(hidden, 0, "all count what they make larger");
}

/* Does a call that writes succeed with `fd`, which is also standard output? */
static bool
is_written(uint32_t nr, uint64_t fd)
{
	const struct hc_row *row = hc_row(nr);
	bool written = false;
	unsigned i;

	strcpy(at(BYTES), "text");
	if (nr == HC_torov_print)
		return CALL(HC_torov_print, 0, 0, 0, 0, 0, 0, BYTES) >= 0;
	for (i = 0; i < row->argc; i++)
		written |= hc_args(row)[i].kind == HC_ARG_FD &&
			   call_row(nr, i, fd, fd) >= 0;
	return written;
}

/* Bytes that nobody has checked go neither to a socket that asks the kernel nor
 * to a file that was opened for reading, whatever call writes. */
static void
test_unwritable(void)
{
	unsigned kind, calls, written;
	struct hc_file *file;
	uint64_t fd;
	uint32_t nr;

	for (kind = 0; kind < 2; kind++) {
		fd = (uint64_t)(kind ? make()
				     : CALL(HC_socket, AF_NETLINK,
					   SOCK_RAW | SOCK_NONBLOCK, 0));
		file = hc_fd_get(&guest.fds, fd);
		if (file && kind)
			file->refuses = HC_NO_WRITE;
		CALL(HC_dup2, fd, STDOUT_FILENO);
		set_vector(100);
		for (nr = calls = written = 0; nr < HYPERCALL_END; nr++) {
			const struct hc_row *row = hc_row(nr);

			if (!row || (row->raises & HC_WRITES) != HC_WRITES)
				continue;
			calls++;
			if (!is_written(nr, fd))
				continue;
			printf("# %s writes\n", row->name);
			written++;
		}
		ok(file && calls > 5 && written == 0,
		    "%u calls do not write to %s", calls,
		    kind ? "what was opened for reading" : "the kernel");
		if (file)
			hc_file_put(file);
		CALL(HC_close, STDOUT_FILENO);
		CALL(HC_close, fd);
	}
}

/* Another thread moves the position while a call writes. */
static void
test_race(void)
{
	const uint64_t fd = (uint64_t)make(), used = guest.space.used;
	struct hc_file *file = hc_fd_get(&guest.fds, fd);
	struct hc_growth growth;
	struct stat *st = at(PAGE + 512);

	guest.space.limit = used + 4 * P;
	is_int(hc_memfile_begin(&growth, &guest, file, HC_AT_POSITION, P), 0,
	    "a page is to be written at the start");
	ok(pwrite(file->host, at(BYTES), 10, 3 * P) == 10 &&
		hc_memfile_end(&growth, 10) == 10,
	    "it is written elsewhere, where there is room");
	is_int(guest.space.used - used, 4 * P, "and counts");
	hc_memfile_begin(&growth, &guest, file, 0, P);
	ok(pwrite(file->host, at(BYTES), 10, 9 * P) == 10,
	    "it is written where there is no room");
	is_int(hc_memfile_end(&growth, 10), -ENOSPC, "that is an error");
	CALL(HC_fstat, fd, PAGE + 512);
	is_int(st->st_size, 3 * P + 10, "and is cut off");
	is_int(guest.space.used - used, 4 * P, "and does not count");
	hc_file_put(file);
	CALL(HC_close, fd);
	is_int(guest.space.used, used, "all is given back");
	guest.space.limit = mem.size;
}

/* A sealed file cannot be cut off again: no write reaches past its count,
 * wherever another thread moves the position. */
static void
test_sealed(void)
{
	const uint64_t fd = (uint64_t)make(), used = guest.space.used;
	struct hc_file *file = hc_fd_get(&guest.fds, fd);
	struct hc_file *const held[2] = { file, file };
	long number = SYS_write, arg[HC_ARGS] = { 0, 0, 10 };
	struct hc_growth growth;
	struct stat *st = at(PAGE + 512);

	is_int(CALL(HC_fcntl, fd, F_ADD_SEALS, F_SEAL_SHRINK), 0, "sealed");
	guest.space.limit = used + 4 * P;
	CALL(HC_lseek, fd, P, SEEK_SET);
	is_int(hc_memfile_call(&growth, &guest, &number, held, arg, 0), 0,
	    "a write at the position is counted");
	ok(number == SYS_pwrite64 && arg[3] == P,
	    "and is made at the counted offset");
	CALL(HC_lseek, fd, 100 * P, SEEK_SET);
	ok(pwrite(file->host, at(BYTES), 10, arg[3]) == 10 &&
		hc_memfile_end(&growth, 10) == 10,
	    "also if the position is elsewhere by then");
	is_int(CALL(HC_lseek, fd, 0, SEEK_CUR), P + 10, "where it is after it");
	is_int(guest.space.used - used, 2 * P, "the size counts");
	CALL(HC_lseek, fd, 100 * P, SEEK_SET);
	is_int(CALL(HC_write, fd, BYTES, 10), -ENOSPC, "there is no more room");
	CALL(HC_lseek, fd, 0, SEEK_SET);
	is_int(CALL(HC_sendfile, fd, fd, 0, 10), -EINVAL,
	    "a call that has no offset is refused");
	file->may = 0;
	is_int(CALL(HC_fcntl, fd, F_ADD_SEALS, F_SEAL_GROW), -EPERM,
	    "a file that the guest did not make is not sealed");
	file->may = HC_MAY_CHANGE;
	CALL(HC_fcntl, fd, F_ADD_SEALS, F_SEAL_GROW);
	is_int(CALL(HC_ftruncate, fd, 100 * P), -EPERM,
	    "what cannot grow is not counted before");
	CALL(HC_fstat, fd, PAGE + 512);
	is_int(st->st_size, P + 10, "its size is what it was");
	hc_file_put(file);
	CALL(HC_close, fd);
	is_int(guest.space.used, used, "all is given back");
	guest.space.limit = mem.size;
}

static void
test_pipes(void)
{
	unsigned larger = 0, i;
	int pair[2];

	for (i = 0; i < 40; i++) {
		if (CALL(HC_pipe2, PAIR, 0) < 0)
			bail("pipe2");
		memcpy(pair, at(PAIR), sizeof(pair));
		if (CALL(HC_fcntl, (uint64_t)pair[1], F_SETPIPE_SZ, 1 << 20) >
		    0)
			larger++;
		CALL(HC_close, (uint64_t)pair[0]);
	}
	ok(larger <= 16, "%u pipes of 40 may have 1 MiB", larger);
	is_int(CALL(HC_fcntl, (uint64_t)pair[1], F_SETPIPE_SZ, 1 << 16),
	    1 << 16, "all may have 64 KiB");
}

/* The same call by the host, of a file in memory. */
static int64_t
grow_natively(uint32_t number, int fd, off_t offset, size_t len)
{
	struct iovec part = { at(BYTES), len };
	int64_t r;

	switch (number) {
	case HC_pwrite64: r = pwrite(fd, at(BYTES), len, offset); break;
	case HC_pwritev: r = pwritev(fd, &part, 1, offset); break;
	case HC_pwritev2: r = pwritev2(fd, &part, 1, offset, 0); break;
	case HC_ftruncate: r = ftruncate(fd, offset); break;
	case HC_fallocate: r = fallocate(fd, 0, offset, (off_t)len); break;
	case HC_lseek: r = lseek(fd, offset, SEEK_SET); break;
	default: bail("no such call");
	}
	return r < 0 ? -errno : r;
}

static int64_t
grow_here(uint32_t number, uint64_t fd, uint64_t offset, uint64_t len)
{
	const uint64_t part[] = { BYTES, len };

	memcpy(at(VECTOR), part, sizeof(part));
	switch (number) {
	case HC_pwrite64: return CALL(HC_pwrite64, fd, BYTES, len, offset);
	case HC_pwritev: return CALL(HC_pwritev, fd, VECTOR, 1, offset);
	case HC_pwritev2: return CALL(HC_pwritev2, fd, VECTOR, 1, offset);
	case HC_ftruncate: return CALL(HC_ftruncate, fd, offset);
	case HC_fallocate: return CALL(HC_fallocate, fd, 0, offset, len);
	default: return CALL(HC_lseek, fd, offset, SEEK_SET);
	}
}

/* Offsets and lengths that are at a bound or have a meaning of novillo's own:
 * the host's answer, unless there is no memory for it. */
static void
test_bounds(void)
{
	static const uint32_t numbers[] = { HC_pwrite64, HC_pwritev,
		HC_pwritev2, HC_ftruncate, HC_fallocate, HC_lseek };
	static const uint64_t offsets[] = { 0, 1, P, UINT64_MAX, UINT64_MAX - 1,
		UINT64_MAX - 2, UINT64_MAX - 3, UINT64_MAX - P, INT64_MAX,
		INT64_MAX - 1, INT64_MAX - P, (uint64_t)INT64_MAX + 1 };
	static const uint64_t lengths[] = { 0, 1, 1000, INT64_MAX, UINT64_MAX,
		(uint64_t)INT64_MAX + 1, INT64_MAX - P };
	unsigned n, o, l, seals, wrong = 0, tried = 0;

	guest.space.limit = guest.space.used + ROOM;
	for (n = 0; n < 6 * 7 * 2; n++)
		for (o = 0; o < sizeof(offsets) / sizeof(offsets[0]); o++) {
			const uint32_t nr = numbers[n % 6];
			const uint64_t fd = (uint64_t)make();
			int native = memfd_create("x", MFD_ALLOW_SEALING);
			int64_t here, there;
			bool full;

			l = n / 6 % 7;
			seals = n / 42 ? F_SEAL_SHRINK : 0;
			/* Only fallocate() takes any length. */
			if (l > 2 && nr != HC_fallocate)
				l = 2;
			CALL(HC_fcntl, fd, F_ADD_SEALS, seals);
			fcntl(native, F_ADD_SEALS, seals);
			here = grow_here(nr, fd, offsets[o], lengths[l]);
			/* The host stores no pages without contents. */
			full = here == -ENOSPC && offsets[o] <= INT64_MAX &&
			       (nr == HC_ftruncate ||
				   lengths[l] <= INT64_MAX - offsets[o]);
			there = full ? here
				     : grow_natively(nr, native,
					   (off_t)offsets[o], lengths[l]);
			tried++;
			if (here != there) {
				wrong++;
				printf("# %s at %llx, %llx bytes: %lld, %lld\n",
				    hc_row(nr)->name,
				    (unsigned long long)offsets[o],
				    (unsigned long long)lengths[l],
				    (long long)here, (long long)there);
			}
			CALL(HC_close, fd);
			close(native);
		}
	is_int(wrong, 0, "%u calls at bounds return what the host's do", tried);
	guest.space.limit = mem.size;
}

/* The work for a file in memory does not grow with their number. */
static void
test_many(void)
{
	unsigned i, longest = 0;
	uint32_t n;

	for (i = 0; i < 800 && make() >= 0; i++)
		;
	for (n = 0; n < HC_OWNERS; n++) {
		uint32_t at_place = guest.fds.owner[n];
		unsigned length = 0;

		for (; at_place; length++)
			at_place = guest.fds.file[at_place - 1].next_owner;
		if (length > longest)
			longest = length;
	}
	ok(longest > 0 && longest <= 8,
	    "of %u files in memory a look at one finds %u at most", i, longest);
	CALL(HC_close_range, 3, UINT32_MAX, 0);
	for (n = 0; n < HC_OWNERS; n++)
		longest += guest.fds.owner[n] ? 100 : 0;
	ok(longest <= 8, "and none after all are closed");
}

int
main(void)
{
	guestcall_init();
	test_bounds();
	test_many();
	test_calls();
	test_append();
	test_lent();
	test_race();
	test_sealed();
	test_pipes();
	test_every_row();
	test_unwritable();
	return done_testing();
}
