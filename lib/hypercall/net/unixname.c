/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of AF_UNIX sockets on both sides.  Nothing here may know the call that
 * uses the name.
 *
 * The host finds a socket by its path alone, so a held file is named by
 * /proc/self/fd.  For bind(2) that is the folder, and the socket's name on the
 * host does not contain the guest's name: both are kept with the file.
 */
#include "hypercall/net/unixname.h"

#include "hypercall/core/hostcall.h"
#include "hypercall/file/path.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define UNNAMED ((socklen_t)offsetof(struct sockaddr_un, sun_path))

/* The names of a socket. */
struct names {
	char own[HC_UNIX + 1];
	char host[HC_UNIX + 1]; /* that name on the host */
	char peer[HC_UNIX + 1];
};

_Static_assert(sizeof(struct names) <= HC_NAMES, "there is room for them");

static struct names *
names_of(struct hc_guest *guest, const struct hc_file *file)
{
	return (struct names *)hc_file_names(&guest->fds, file);
}

/* The names of a file, empty at first; the list is locked. */
static struct names *
make_names(struct hc_guest *guest, struct hc_file *file)
{
	return (struct names *)hc_file_make_names(&guest->fds, file);
}

static void
copy_name(char to[HC_UNIX + 1], const char *from)
{
	size_t len = strnlen(from, HC_UNIX);

	memcpy(to, from, len);
	to[len] = '\0';
}

/* The guest's name, terminated; an empty one asks for an abstract name. */
static int
take_name(struct hc_unix *u, const struct sockaddr_un *un, socklen_t len)
{
	u->held = -1;
	if (len < UNNAMED || len > sizeof(*un))
		return -EINVAL;
	memcpy(u->name, un->sun_path, len - UNNAMED);
	u->name[len - UNNAMED] = '\0';
	return u->name[0] ? 0 : -EPERM;
}

/* The host's name of the held file, or of `name` in the held folder. */
static int
set_host_name(struct hc_unix *u, const char *name)
{
	int n;

	u->host = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(u->host.sun_path, sizeof(u->host.sun_path),
	    "/proc/self/fd/%d%s%s", u->held, *name ? "/" : "", name);
	return n < (int)sizeof(u->host.sun_path) ? 0 : -ENAMETOOLONG;
}

/* The bound socket that the host knows by that path; the list is locked. */
static const struct names *
find_host(struct hc_guest *guest, const char *path)
{
	struct hc_fds *fds = &guest->fds;
	const struct names *names;
	unsigned at;

	for (at = 0; (names = (struct names *)hc_fds_next_names(fds, &at));
	     at++)
		if (names->own[0] && strncmp(names->host, path, HC_UNIX) == 0)
			return names;
	return NULL;
}

static bool
is_taken(struct hc_guest *guest, const char *path)
{
	bool taken;

	pthread_mutex_lock(&guest->fds.lock);
	taken = find_host(guest, path) != NULL;
	pthread_mutex_unlock(&guest->fds.lock);
	return taken;
}

/* Give the socket a name that no other has on the host's side: if the folder's
 * descriptor number was used before, take the next. */
static int
set_host_alone(struct hc_guest *guest, struct hc_unix *u, const char *name)
{
	int r = set_host_name(u, name);

	while (r == 0 && is_taken(guest, u->host.sun_path)) {
		int64_t next = hc_host(
		    SYS_fcntl, u->held, F_DUPFD_CLOEXEC, u->held + 1);

		if (next < 0)
			return (int)next;
		close(u->held);
		u->held = (int)next;
		r = set_host_name(u, name);
	}
	return r;
}

int
hc_unix_place(struct hc_guest *guest, struct hc_unix *u,
    const struct sockaddr_un *un, socklen_t len)
{
	struct hc_found found;
	int r = take_name(u, un, len);

	if (r < 0)
		return r;
	r = hc_path_find_for(guest, u->name, HC_PATH_ENTRY, &found);
	if (r < 0)
		return r;
	u->held = found.fd;
	if (found.entry == HC_ENTRY_POINT)
		r = -EADDRINUSE;
	else if (found.entry == HC_ENTRY_OWN)
		r = -ENOENT;
	else if (found.entry == HC_ENTRY_NONE || found.read_only)
		r = -EROFS;
	else
		r = set_host_alone(guest, u, found.last);
	if (r < 0)
		hc_unix_put(u);
	return r;
}

static int
check_socket(int fd)
{
	struct stat st;
	int64_t r = hc_host(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH);

	if (r < 0)
		return (int)r;
	return S_ISSOCK(st.st_mode) ? 0 : -ECONNREFUSED;
}

int
hc_unix_find(struct hc_guest *guest, struct hc_unix *u,
    const struct sockaddr_un *un, socklen_t len)
{
	struct hc_found found;
	int r = take_name(u, un, len);

	if (r < 0)
		return r;
	r = hc_path_find_for(guest, u->name, HC_PATH_FOLLOW, &found);
	if (r < 0)
		return r;
	if (found.leads != HC_LEADS_HOST)
		return -ECONNREFUSED;
	u->held = found.fd;
	r = check_socket(u->held);
	if (r == 0)
		r = set_host_name(u, "");
	if (r < 0)
		hc_unix_put(u);
	return r;
}

void
hc_unix_put(struct hc_unix *u)
{
	if (u->held >= 0)
		close(u->held);
	u->held = -1;
}

void
hc_unix_bound(
    struct hc_guest *guest, struct hc_file *file, const struct hc_unix *to)
{
	struct names *names;

	pthread_mutex_lock(&guest->fds.lock);
	names = make_names(guest, file);
	copy_name(names->own, to->name);
	copy_name(names->host, to->host.sun_path);
	pthread_mutex_unlock(&guest->fds.lock);
}

void
hc_unix_connected(
    struct hc_guest *guest, struct hc_file *file, const struct hc_unix *to)
{
	pthread_mutex_lock(&guest->fds.lock);
	copy_name(make_names(guest, file)->peer, to->name);
	pthread_mutex_unlock(&guest->fds.lock);
}

void
hc_unix_accepted(struct hc_guest *guest, struct hc_file *file,
    const struct hc_file *listener)
{
	pthread_mutex_lock(&guest->fds.lock);
	if (listener->named) {
		struct names *names = make_names(guest, file);

		copy_name(names->own, names_of(guest, listener)->own);
		copy_name(names->host, names_of(guest, listener)->host);
	}
	pthread_mutex_unlock(&guest->fds.lock);
}

static socklen_t
put_unix_name(struct sockaddr_un *un, const char *name)
{
	size_t len = name ? strnlen(name, HC_UNIX) : 0;

	*un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (len == 0)
		return UNNAMED;
	memcpy(un->sun_path, name, len);
	/* A name that fills its field has no NUL there. */
	return UNNAMED + (socklen_t)len + (len < HC_UNIX);
}

socklen_t
hc_unix_own(
    struct hc_guest *guest, const struct hc_file *file, struct sockaddr_un *un)
{
	socklen_t len;

	pthread_mutex_lock(&guest->fds.lock);
	len = put_unix_name(
	    un, file->named ? names_of(guest, file)->own : NULL);
	pthread_mutex_unlock(&guest->fds.lock);
	return len;
}

/* A socket of the guest's own, or the peer that it connected to. */
socklen_t
hc_unix_peer(struct hc_guest *guest, const struct hc_file *file,
    struct sockaddr_un *un, socklen_t len)
{
	const struct names *found = NULL;
	const char *name = NULL;

	pthread_mutex_lock(&guest->fds.lock);
	if (len > UNNAMED && un->sun_path[0])
		found = find_host(guest, un->sun_path);
	if (found)
		name = found->own;
	else if (len > UNNAMED && file->named)
		name = names_of(guest, file)->peer;
	len = put_unix_name(un, name);
	pthread_mutex_unlock(&guest->fds.lock);
	return len;
}
