/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contents of /proc on the guest's volumes and open files (proc(5)).
 * Nothing here may know how a file is opened.
 */
#include "hypercall/core/hostcall.h"
#include "hypercall/own/own.h"
#include "hypercall/task/mqueue.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Novillo's own file systems, after which the volumes are numbered.  `number`
 * is that of mountinfo, and the minor number that stat(2) reports. */
enum {
	OWN_PROC = 1,
	OWN_DEV,
	OWN_SYS,
	OWN_ROOT,
	FIRST_VOLUME,
	OWN_SHM = FIRST_VOLUME + HC_MOUNTS,
	OWN_QUEUES = HC_MQ_DEVICE,
};

_Static_assert(OWN_QUEUES == OWN_SHM + 1, "each has a number");

static const struct own_mount {
	unsigned number;
	const char *at, *type, *source, *way;
} ours[] = {
	{ OWN_PROC, "/proc", "proc", "proc", "ro" },
	{ OWN_DEV, "/dev", "devtmpfs", "dev", "ro" },
	{ OWN_SYS, "/sys", "sysfs", "sysfs", "ro" },
	{ OWN_SHM, HC_SHARED_PLACE, "tmpfs", "shm", "rw" },
	{ OWN_QUEUES, HC_MQ_PLACE, "mqueue", "mqueue", "rw" },
};

#define OURS (sizeof(ours) / sizeof(ours[0]))

/* A name whose blanks Linux writes as octal numbers. */
static void
put_name(struct hc_text *text, const char *name)
{
	for (; *name; name++)
		if (strchr(" \t\n\\", *name))
			hc_text_put(text, "\\%03o", (unsigned)*name);
		else
			hc_text_bytes(text, name, 1);
}

static const char *
place_of(const struct hc_mount *mount)
{
	return mount->len ? mount->at : "/";
}

/* The number of the mount in which `at` lies: the volume with the longest place
 * above it, or else the root that novillo makes up. */
static unsigned
mount_above(const struct hc_tree *tree, const char *at)
{
	unsigned i, found = OWN_ROOT;
	size_t longest = 0;

	for (i = 0; i < tree->mounts; i++) {
		const struct hc_mount *m = &tree->mount[i];

		if (strncmp(at, m->at, m->len) != 0 || at[m->len] != '/' ||
		    m->len < longest)
			continue;
		longest = m->len;
		found = FIRST_VOLUME + i;
	}
	return found;
}

void
hc_own_mounts(struct hc_text *text)
{
	const struct hc_tree *tree = &text->call->guest->tree;
	unsigned i;

	if (mount_above(tree, "/") == OWN_ROOT)
		hc_text_put(text, "novillo / tmpfs ro 0 0\n");
	for (i = tree->mounts; i-- > 0;) {
		const struct hc_mount *mount = &tree->mount[i];

		hc_text_put(text, "novillo ");
		put_name(text, place_of(mount));
		hc_text_put(
		    text, " novillo %s 0 0\n", mount->read_only ? "ro" : "rw");
	}
	for (i = 0; i < OURS; i++)
		hc_text_put(text, "%s %s %s %s 0 0\n", ours[i].source,
		    ours[i].at, ours[i].type, ours[i].way);
}

static void
put_mount(struct hc_text *text, const struct hc_tree *tree, unsigned i)
{
	const struct hc_mount *m = &tree->mount[i];
	const char *way = m->read_only ? "ro" : "rw";

	hc_text_put(text, "%u %u %u:%u / ", FIRST_VOLUME + i,
	    m->len ? mount_above(tree, m->at) : 0U, major(m->id.dev),
	    minor(m->id.dev));
	put_name(text, place_of(m));
	hc_text_put(text, " %s - novillo novillo %s\n", way, way);
}

void
hc_own_mountinfo(struct hc_text *text)
{
	const struct hc_tree *tree = &text->call->guest->tree;
	unsigned i;

	if (mount_above(tree, "/") == OWN_ROOT)
		hc_text_put(text, "%d 0 0:%d / / ro - tmpfs novillo ro\n",
		    OWN_ROOT, OWN_ROOT);
	for (i = tree->mounts; i-- > 0;)
		put_mount(text, tree, i);
	for (i = 0; i < OURS; i++)
		hc_text_put(text, "%u %u 0:%u / %s %s - %s %s %s\n",
		    ours[i].number, mount_above(tree, ours[i].at),
		    ours[i].number, ours[i].at, ours[i].way, ours[i].type,
		    ours[i].source, ours[i].way);
}

/* The number of the mount that a file lies in.  Pipes, sockets and others lie
 * in none; Linux has internal ones for them. */
static unsigned
mount_of(const struct hc_file *file)
{
	const struct hc_own own = hc_own_of(file);
	unsigned i;

	if (file->shared)
		return OWN_SHM;
	if (file->queue)
		return OWN_QUEUES;
	if (file->mount)
		return FIRST_VOLUME + file->mount - 1U;
	if (!own.row)
		return 0;
	/* Those in others' folders come after them. */
	for (i = OURS; i-- > 0;)
		if (strncmp(hc_own_row_of(&own)->path, ours[i].at,
			strlen(ours[i].at)) == 0)
			return ours[i].number;
	return OWN_ROOT;
}

static int64_t
flags_of(const struct hc_file *file)
{
	int64_t flags = hc_file_flags(file);

	return flags < 0 ? 0 : flags;
}

/* The inode number that fstat(2) reports. */
static uint64_t
inode_of(const struct hc_call *call, const struct hc_file *file)
{
	const struct hc_own own = hc_own_of(file);
	struct stat st;
	int r;

	if (hc_answer_stat(call->guest, file, &st))
		return st.st_ino;
	r = own.row ? hc_own_stat(call, &own, &st)
		    : (int)hc_host(SYS_fstat, file->host, &st);
	return r < 0 ? 0 : st.st_ino;
}

void
hc_own_fdinfo(struct hc_text *text)
{
	struct hc_fds *fds = &text->call->guest->fds;
	struct hc_file *file = hc_fd_get(fds, (uint64_t)text->number);
	int64_t at;

	if (!file)
		return;
	at = file->queue ? (int64_t)file->queue->at
			 : hc_host(SYS_lseek, file->host, 0, SEEK_CUR);
	hc_text_put(text,
	    "pos:\t%" PRId64 "\nflags:\t0%" PRIo64
	    "\nmnt_id:\t%u\nino:\t%" PRIu64 "\n",
	    at < 0 ? 0 : at,
	    flags_of(file) | (fds->fd[text->number].cloexec ? O_CLOEXEC : 0),
	    mount_of(file), inode_of(text->call, file));
	hc_file_put(file);
}
