/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests an observer's view of the guest's files, over a scratch folder and
 * without a vCPU: what it reads and writes, and that nothing outside is
 * reached.  The tests run twice: with openat2(2), and without.
 */
#include "guestcall.h"
#include "scratch.h"

#include "hypercall/file/look.h"
#include "hypercall/file/path.h"
#include "hypercall/own/own.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static struct hc_look look;
static int image; /* the program */

static bool
one_thread(struct hc_thread *t, int *tid, char name[HC_THREAD_NAME])
{
	bool more = *tid < t->tid;

	*tid = t->tid;
	strcpy(name, "only");
	return more;
}

static const struct hc_thread_ops ops = { .next = one_thread };

static void
make(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		bail("%s cannot be made", name);
}

/* in/ is the guest's root, ro/ its volume /ro, debug/ the observer's. */
static void
make_folders(void)
{
	if (mkdir("in", 0777) < 0 || mkdir("in/dir", 0777) < 0 ||
	    mkdir("ro", 0777) < 0 || mkdir("debug", 0777) < 0 ||
	    mkdir("in/ro", 0777) < 0 || mkfifo("in/fifo", 0666) < 0 ||
	    symlink("file", "in/link") < 0 ||
	    symlink("../../outside", "in/dir/up") < 0 ||
	    symlink("/outside", "in/root") < 0 ||
	    symlink("/proc/self/maps", "in/maps") < 0)
		bail("the folders cannot be made");
	make("outside", "outside");
	make("in/file", "inside");
	make("in/dir/file", "inside");
	make("in/program", "another");
	make("ro/file", "inside");
	make("debug/file", "symbols");
	make("image", "image");
}

static int
open_as(const char *name, unsigned flags)
{
	return hc_look_open(&look, &thread, name, flags, 0644);
}

/* The start of a file that is opened, or "" and its error in *error. */
static const char *
contents(const char *name, int *error)
{
	static char text[65];
	int fd = open_as(name, O_RDONLY);
	ssize_t n;

	text[0] = '\0';
	*error = fd < 0 ? -fd : 0;
	if (fd < 0)
		return text;
	n = pread(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	close(fd);
	return text;
}

static void
reads(const char *name, const char *wanted)
{
	int error;

	is_str(contents(name, &error), wanted, "%s is read", name);
}

static void
fails(const char *name, unsigned flags, int error)
{
	is_int(open_as(name, flags), -error, "%s with 0x%x is refused", name,
	    flags);
}

static void
test_reading(void)
{
	struct stat st;
	char text[64];

	reads("/file", "inside");
	reads("file", "inside");
	reads("/link", "inside");
	reads("/ro/file", "inside");
	reads("/dir/../file", "inside");
	reads("/../../file", "inside");
	fails("/dir/up", O_RDONLY, ENOENT);
	fails("/root", O_RDONLY, ENOENT);
	fails("/none", O_RDONLY, ENOENT);
	fails("", O_RDONLY, ENOENT);
	fails("/dir", O_RDONLY, EISDIR);
	fails("/fifo", O_RDONLY, EACCES);
	fails("/file/", O_RDONLY, ENOTDIR);
	is_int(hc_look_stat(&look, &thread, "/link", true, &st), 0,
	    "a link has a file");
	ok(S_ISREG(st.st_mode) && st.st_size == 6, "which is described");
	is_int(hc_look_stat(&look, &thread, "/link", false, &st), 0,
	    "the link itself");
	ok(S_ISLNK(st.st_mode), "is one");
	is_int(hc_look_stat(&look, &thread, "/fifo", true, &st), 0,
	    "a FIFO is described");
	is_int(hc_look_readlink(&look, &thread, "/link", text, sizeof(text)), 4,
	    "its text is read");
	is_int(
	    hc_look_readlink(&look, &thread, "/link", text, 2), 2, "and cut");
	is_int(hc_look_readlink(&look, &thread, "/file", text, sizeof(text)),
	    -EINVAL, "a file is not a link");
}

static void
test_own(void)
{
	int error;
	struct stat st;
	char text[64];

	strcpy(thread.name, "only");
	reads("/proc/1/comm", "only\n");
	reads("/proc/self/task/1/comm", "only\n");
	is_int(strncmp(contents("/proc/1/status", &error), "Name:\tonly\n", 11),
	    0, "status is the guest's");
	ok(strstr(contents("/proc/1/maps", &error), "00100000-00101000 rw-p"),
	    "maps has its memory");
	ok(strstr(contents("/maps", &error), "00100000-"),
	    "by a link of the volume also");
	ok(strstr(contents("/proc/1/task/1/smaps", &error), "00100000-"),
	    "smaps too");
	fails("/proc/1/mem", O_RDONLY, ENOENT);
	fails("/proc/2/maps", O_RDONLY, ENOENT);
	fails("/proc/kcore", O_RDONLY, ENOENT);
	fails("/proc", O_RDONLY, EISDIR);
	fails("/dev/null", O_RDONLY, EACCES);
	fails("/proc/1/fd/0", O_RDONLY, EACCES);
	fails("/proc/1/maps", O_RDWR, EACCES);
	is_int(hc_look_stat(&look, &thread, "/proc/1/maps", true, &st), 0,
	    "maps is described");
	ok(S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0444, "as it is");
	is_int(
	    hc_look_readlink(&look, &thread, "/proc/1/cwd", text, sizeof(text)),
	    1, "cwd is a link");
}

/* The program is found by its names, whatever files have them. */
static void
test_given(void)
{
	char text[64];

	reads("/the/image", "image");
	reads("/program", "image");
	reads("/dir/../program", "image");
	reads("/proc/1/exe", "image");
	reads("/proc/self/task/1/exe", "image");
	fails("/the/image", O_WRONLY, EACCES);
	fails("/program", O_RDWR, EACCES);
	is_int(
	    hc_look_readlink(&look, &thread, "/proc/1/exe", text, sizeof(text)),
	    8, "exe is a link");
	is_int(hc_look_remove(&look, &thread, "/the/image"), -EACCES,
	    "the image is not removed");
	reads("/usr/lib/debug/file", "symbols");
	reads("/usr/lib/debug/../debug/file", "symbols");
	fails("/usr/lib/debug/none", O_RDONLY, ENOENT);
	fails("/usr/lib/debug/file", O_WRONLY, EROFS);
	fails("/usr/lib/debug/../../../outside", O_RDONLY, ENOENT);
}

static void
test_writing(void)
{
	int fd = open_as("/new", O_WRONLY | O_CREAT | O_TRUNC);

	ok(fd >= 0, "a file is made in a writable volume");
	ok(pwrite(fd, "made", 4, 0) == 4, "and written");
	close(fd);
	reads("/new", "made");
	fails("/new", O_WRONLY | O_CREAT | O_EXCL, EEXIST);
	fd = open_as("/new", O_WRONLY | O_TRUNC);
	close(fd);
	reads("/new", "");
	fails("/none/new", O_WRONLY | O_CREAT, ENOENT);
	fails("/dir", O_WRONLY | O_CREAT, EISDIR);
	fails("/ro/file", O_WRONLY, EROFS);
	fails("/ro/new", O_WRONLY | O_CREAT, EROFS);
	fails("/proc/new", O_WRONLY | O_CREAT, ENOENT);
	is_int(hc_look_remove(&look, &thread, "/new"), 0, "it is removed");
	is_int(hc_look_remove(&look, &thread, "/new"), -ENOENT, "once");
	is_int(
	    hc_look_remove(&look, &thread, "/dir"), -EISDIR, "a folder is not");
	is_int(hc_look_remove(&look, &thread, "/ro"), -EBUSY, "nor a volume");
	is_int(hc_look_remove(&look, &thread, "/ro/file"), -EROFS,
	    "nor what is in a read-only one");
	is_int(hc_look_remove(&look, &thread, "/proc/1/maps"), -EACCES,
	    "nor a file of novillo's own");
}

/* The observer reads what a guest has that may call nothing. */
static void
test_policy(void)
{
	const char *bad;
	size_t len;

	hc_set_parse(&guest.policy.allowed, "exit", &bad, &len);
	reads("/file", "inside");
	reads("/proc/1/comm", "only\n");
	ok(hc_look_opens(&look) && !hc_look_writes(&look),
	    "a guest that opens no files gives nothing to write");
	fails("/file", O_WRONLY, EPERM);
	fails("/new", O_WRONLY | O_CREAT, EPERM);
	is_int(
	    hc_look_remove(&look, &thread, "/file"), -EPERM, "nor to remove");
	hc_set_parse(&guest.policy.allowed, "@all", &bad, &len);
}

/* A guest without descriptors or room for snapshots has both for observers. */
static void
test_full(void)
{
	struct rlimit files;
	int64_t fd;
	unsigned n = 0;

	/* The guest has as many descriptors as the usual limit: novillo leaves
	 * some to itself, this test does not. */
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	strcpy(at(PAGE), "/proc/self/maps");
	while ((fd = CALL(HC_open, PAGE, O_RDONLY, 0)) >= 0)
		n++;
	ok(n > 100 && (fd == -EMFILE || fd == -ENOMEM), "a guest is full");
	reads("/file", "inside");
	reads("/proc/1/comm", "only\n");
	while (n > 0)
		CALL(HC_close, 2 + (uint64_t)n--);
}

/* Names of all kinds lead to what is inside, to novillo's own text or
 * nowhere. */
static void
test_random(void)
{
	static const char *const parts[] = { "..", ".", "", "file", "dir", "up",
		"root", "link", "ro", "proc", "self", "1", "cwd", "exe", "fd",
		"0", "maps", "usr", "lib", "debug", "task", "outside",
		"program", "comm" };
	unsigned i, k, outside = 0, inside = 0;
	char name[256];
	int error;

	for (i = 0; i < 30000; i++) {
		const char *text;

		name[0] = '\0';
		for (k = 1 + (unsigned)rand() % 7; k > 0; k--) {
			strcat(name, rand() % 5 ? "/" : "");
			strcat(name, parts[(unsigned)rand() %
					   (sizeof(parts) / sizeof(parts[0]))]);
		}
		text = contents(name, &error);
		outside += strcmp(text, "outside") == 0 ||
			   strcmp(text, "another") == 0;
		inside += strcmp(text, "inside") == 0;
	}
	is_int(outside, 0, "no random name leads outside");
	ok(inside > 100, "%u lead inside", inside);
}

static void
test_all(void)
{
	test_reading();
	test_own();
	test_given();
	test_writing();
	test_policy();
	test_full();
	test_random();
}

int
main(void)
{
	guestcall_init();
	thread.ops = &ops;
	if (!scratch_make() || chdir(scratch) < 0)
		bail("there is no scratch folder");
	make_folders();
	hc_look_init(&look, &guest);
	image = open("image", O_RDONLY);
	hc_look_give(&look, "/the/image", image);
	hc_look_give(&look, NULL, image);
	fails("/file", O_RDONLY, ENOENT);
	reads("/the/image", "image");
	if (hc_tree_mount(&guest, "in", "/", false) < 0 ||
	    hc_tree_mount(&guest, "ro", "/ro", true) < 0 ||
	    hc_tree_add(&look.tree, "debug", "/usr/lib/debug", true) < 0)
		bail("the folders are not taken");
	hc_own_set_exe(&guest, "program");
	test_all();
	guest.tree.no_openat2 = look.tree.no_openat2 = true;
	test_all();
	return done_testing();
}
