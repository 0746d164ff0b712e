/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of AF_UNIX sockets on both sides.  Nothing here may know the call that
 * uses the name.
 *
 * The host finds a socket by its path alone, so a held file is named by
 * /proc/self/fd.  For bind(2) that is the folder, and the socket's name on the
 * host does not contain the guest's name: both are kept with the file.  A name
 * that has no room there is bound from within its folder.  For an abstract name
 * the host chooses a free one.
 */
#include "hypercall/net/unixname.h"

#include "hypercall/core/hostcall.h"
#include "hypercall/file/path.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define UNNAMED ((socklen_t)offsetof(struct sockaddr_un, sun_path))

/* As many as the shortest name that is bound from within its folder leaves. */
#define SLASHES "/////////////////////////"
_Static_assert(sizeof(SLASHES) >= sizeof("/proc/self/fd/2147483647/"),
    "no place has more room before the name");

/* The names of a socket. */
struct names {
	struct hc_unix_name own;
	struct hc_unix_name host; /* that name on the host */
	struct hc_unix_name peer;
	bool holds; /* bound to an abstract name, and not accepted */
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

static bool
is_abstract(const struct hc_unix_name *name)
{
	return name->len > 0 && !name->text[0];
}

static bool
is_same(const struct hc_unix_name *a, const struct hc_unix_name *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* The name in the `len` bytes of an address.  A file's name ends at its NUL. */
static struct hc_unix_name
name_in(const struct sockaddr_un *un, socklen_t len)
{
	struct hc_unix_name name = { 0 };

	if (len > UNNAMED)
		name.len = (uint8_t)(len - UNNAMED);
	if (name.len > 0 && un->sun_path[0])
		name.len = (uint8_t)strnlen(un->sun_path, name.len);
	memcpy(name.text, un->sun_path, name.len);
	return name;
}

static int
take_name(struct hc_unix *u, const struct sockaddr_un *un, socklen_t len)
{
	u->held = -1;
	u->entered = NULL;
	if (len < UNNAMED || len > sizeof(*un))
		return -EINVAL;
	u->name = name_in(un, len);
	return 0;
}

/* A file's name, terminated. */
struct text {
	char text[HC_UNIX + 1];
};

static struct text
text_of(const struct hc_unix_name *name)
{
	struct text text = { 0 };

	memcpy(text.text, name->text, name->len);
	return text;
}

/* The host's name of the held socket. */
static void
set_host_name(struct hc_unix *u)
{
	u->host = (struct sockaddr_un){ .sun_family = AF_UNIX };
	u->host_len = sizeof(u->host);
	(void)snprintf(u->host.sun_path, sizeof(u->host.sun_path),
	    "/proc/self/fd/%d", u->held);
}

static int
enter(struct hc_guest *guest, struct hc_unix *u)
{
	int r = u->entered ? 0 : hc_held_enter(&guest->tree, u->held);

	if (r == 0)
		u->entered = &guest->tree;
	return r;
}

/* The host's name of `name` in the held folder.  A long one is that name alone,
 * and the folder is entered: it may be written with a dot and `slashes` before
 * it, as far as there is room. */
static int
set_host_place(struct hc_guest *guest, struct hc_unix *u, const char *name,
    unsigned slashes)
{
	char text[HC_PATH];
	int n = snprintf(
	    text, sizeof(text), "/proc/self/fd/%d/%s", u->held, name);
	int r = 0;

	if (n > (int)HC_UNIX) {
		n = snprintf(text, sizeof(text), "%s%.*s%s",
		    slashes > 0 ? "." : "", (int)slashes, SLASHES, name);
		r = n > (int)HC_UNIX ? -ENAMETOOLONG : enter(guest, u);
	}
	u->host = (struct sockaddr_un){ .sun_family = AF_UNIX };
	u->host_len = sizeof(u->host);
	if (r == 0)
		memcpy(u->host.sun_path, text, (size_t)n);
	return r;
}

/* The bound socket that the host knows by this name; or that the guest bound to
 * it as an abstract name of its own.  The list is locked. */
static const struct names *
find_bound(
    struct hc_guest *guest, const struct hc_unix_name *name, bool on_host)
{
	const struct names *names;
	unsigned at;

	for (at = 0;
	     (names = (struct names *)hc_fds_next_names(&guest->fds, &at));
	     at++)
		if (on_host ? names->own.len > 0 && is_same(&names->host, name)
			    : names->holds && is_same(&names->own, name))
			return names;
	return NULL;
}

static bool
is_taken(struct hc_guest *guest, const struct hc_unix *u)
{
	struct hc_unix_name host = name_in(&u->host, u->host_len);
	bool taken;

	pthread_mutex_lock(&guest->fds.lock);
	taken = find_bound(guest, &host, true) != NULL;
	pthread_mutex_unlock(&guest->fds.lock);
	return taken;
}

/* Numbers of a folder's descriptor from `from` on that names have. */
struct numbers {
	int from;
	bool taken[HC_NAMED];
};

static bool
has_number(const struct numbers *n, int number)
{
	return number - n->from < (int)HC_NAMED && n->taken[number - n->from];
}

/* Note the number in the host's name of a socket, if that ends in `name`. */
static void
note_number(
    struct numbers *n, const struct hc_unix_name *host, const char *name)
{
	static const char before[] = "/proc/self/fd/";
	const struct text text = text_of(host);
	long number;
	char *end;

	if (strncmp(text.text, before, sizeof(before) - 1) != 0)
		return;
	number = strtol(text.text + sizeof(before) - 1, &end, 10) - n->from;
	if (*end == '/' && strcmp(end + 1, name) == 0 && number >= 0 &&
	    number < (long)HC_NAMED)
		n->taken[number] = true;
}

/* Give the held folder another number, after one look at all names: any number
 * of sockets may have been bound to this one before. */
static int
renumber(struct hc_guest *guest, struct hc_unix *u, const char *name)
{
	struct numbers n = { .from = u->held };
	const struct names *names;
	int64_t next = u->held;
	unsigned at;

	pthread_mutex_lock(&guest->fds.lock);
	for (at = 0;
	     (names = (struct names *)hc_fds_next_names(&guest->fds, &at));
	     at++)
		note_number(&n, &names->host, name);
	pthread_mutex_unlock(&guest->fds.lock);
	do {
		while (has_number(&n, (int)next))
			next++;
		next = hc_host(SYS_fcntl, u->held, F_DUPFD_CLOEXEC, next);
		if (next < 0)
			return (int)next;
		close(u->held);
		u->held = (int)next;
	} while (has_number(&n, u->held));
	return 0;
}

/* Give the socket a name that no other has on the host's side: if the folder's
 * descriptor number was used before, take another.  A long name has no number,
 * but the more slashes. */
static int
set_host_alone(struct hc_guest *guest, struct hc_unix *u, const char *name)
{
	unsigned slashes = 0;
	int r = set_host_place(guest, u, name, slashes);

	while (r == 0 && is_taken(guest, u)) {
		if (u->entered)
			slashes++;
		else
			r = renumber(guest, u, name);
		if (r == 0)
			r = set_host_place(guest, u, name, slashes);
	}
	return r;
}

int
hc_unix_place(struct hc_guest *guest, struct hc_unix *u,
    const struct sockaddr_un *un, socklen_t len)
{
	struct hc_found found;
	int r = take_name(u, un, len);

	if (r < 0 || u->name.len == 0 || is_abstract(&u->name))
		return r;
	r = hc_path_find_for(
	    guest, text_of(&u->name).text, HC_PATH_ENTRY, &found);
	if (r < 0)
		return r;
	u->held = found.fd;
	if (found.entry == HC_ENTRY_POINT)
		r = -EADDRINUSE;
	else if (found.entry == HC_ENTRY_OWN)
		r = -ENOENT;
	else if (found.entry == HC_ENTRY_NONE ||
		 found.entry == HC_ENTRY_SHARED ||
		 found.entry == HC_ENTRY_QUEUE || found.read_only)
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

/* A bound name: an address for the host. */
static void
put_host(struct hc_unix *u, const struct hc_unix_name *name)
{
	u->host = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(u->host.sun_path, name->text, name->len);
	u->host_len = UNNAMED + name->len;
}

static int
find_abstract_host(struct hc_guest *guest, struct hc_unix *u)
{
	const struct names *names;

	pthread_mutex_lock(&guest->fds.lock);
	names = find_bound(guest, &u->name, false);
	if (names)
		put_host(u, &names->host);
	pthread_mutex_unlock(&guest->fds.lock);
	return names ? 0 : -ECONNREFUSED;
}

int
hc_unix_find(struct hc_guest *guest, struct hc_unix *u,
    const struct sockaddr_un *un, socklen_t len)
{
	struct hc_found found;
	int r = take_name(u, un, len);

	if (r == 0 && u->name.len == 0)
		r = -EINVAL;
	if (r < 0)
		return r;
	if (is_abstract(&u->name))
		return find_abstract_host(guest, u);
	r = hc_path_find_for(
	    guest, text_of(&u->name).text, HC_PATH_FOLLOW, &found);
	if (r < 0)
		return r;
	if (found.leads != HC_LEADS_HOST)
		return -ECONNREFUSED;
	u->held = found.fd;
	r = check_socket(u->held);
	if (r == 0)
		set_host_name(u);
	else
		hc_unix_put(u);
	return r;
}

void
hc_unix_put(struct hc_unix *u)
{
	if (u->entered)
		hc_held_leave(u->entered);
	u->entered = NULL;
	if (u->held >= 0)
		close(u->held);
	u->held = -1;
}

/* The name by which the host knows the socket. */
static int
get_host_name(const struct hc_file *file, struct hc_unix_name *name)
{
	struct sockaddr_un un = { 0 };
	socklen_t len = sizeof(un);
	int64_t r = hc_host(SYS_getsockname, file->host, &un, &len);

	*name = (struct hc_unix_name){ 0 };
	if (r == 0 && un.sun_family == AF_UNIX)
		*name = name_in(&un, len);
	return (int)r;
}

/* Bind a socket without a name, and record both names; the list is locked. */
static int
bind_abstract(struct hc_guest *guest, struct hc_file *file,
    const struct hc_unix_name *own)
{
	const struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct hc_unix_name host;
	struct names *names;
	int64_t r;

	if (own->len > 0 && find_bound(guest, own, false))
		return -EADDRINUSE;
	r = hc_host(SYS_bind, file->host, &un, UNNAMED);
	if (r == 0)
		r = get_host_name(file, &host);
	if (r < 0)
		return (int)r;
	names = make_names(guest, file);
	names->own = own->len > 0 ? *own : host;
	names->host = host;
	names->holds = file->bound = true;
	return 0;
}

/* For a socket that has a name the host would do nothing. */
int
hc_unix_bind(
    struct hc_guest *guest, struct hc_file *file, const struct hc_unix *u)
{
	struct hc_unix_name before;
	int r;

	pthread_mutex_lock(&guest->fds.lock);
	r = get_host_name(file, &before);
	if (r == 0 && before.len > 0)
		r = u->name.len > 0 ? -EINVAL : 0;
	else if (r == 0)
		r = bind_abstract(guest, file, &u->name);
	pthread_mutex_unlock(&guest->fds.lock);
	return r;
}

bool
hc_unix_is_abstract(struct hc_guest *guest, const struct hc_file *file)
{
	bool abstract;

	pthread_mutex_lock(&guest->fds.lock);
	abstract = file->named && is_abstract(&names_of(guest, file)->own);
	pthread_mutex_unlock(&guest->fds.lock);
	return abstract;
}

void
hc_unix_bound(
    struct hc_guest *guest, struct hc_file *file, const struct hc_unix *to)
{
	struct names *names;

	pthread_mutex_lock(&guest->fds.lock);
	names = make_names(guest, file);
	names->own = to->name;
	names->host = name_in(&to->host, to->host_len);
	pthread_mutex_unlock(&guest->fds.lock);
}

void
hc_unix_connected(
    struct hc_guest *guest, struct hc_file *file, const struct hc_unix *to)
{
	pthread_mutex_lock(&guest->fds.lock);
	make_names(guest, file)->peer = to->name;
	pthread_mutex_unlock(&guest->fds.lock);
}

void
hc_unix_accepted(struct hc_guest *guest, struct hc_file *file,
    const struct hc_file *listener)
{
	pthread_mutex_lock(&guest->fds.lock);
	if (listener->named) {
		struct names *names = make_names(guest, file);

		names->own = names_of(guest, listener)->own;
		names->host = names_of(guest, listener)->host;
	}
	pthread_mutex_unlock(&guest->fds.lock);
}

static socklen_t
put_unix_name(struct sockaddr_un *un, const struct hc_unix_name *name)
{
	*un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!name || name->len == 0)
		return UNNAMED;
	memcpy(un->sun_path, name->text, name->len);
	/* A file's name that fills its field has no NUL there. */
	return UNNAMED + name->len +
	       (!is_abstract(name) && name->len < HC_UNIX);
}

socklen_t
hc_unix_own(
    struct hc_guest *guest, const struct hc_file *file, struct sockaddr_un *un)
{
	socklen_t len;

	pthread_mutex_lock(&guest->fds.lock);
	len = put_unix_name(
	    un, file->named ? &names_of(guest, file)->own : NULL);
	pthread_mutex_unlock(&guest->fds.lock);
	return len;
}

/* A socket of the guest's own, or the peer that it connected to. */
socklen_t
hc_unix_peer(struct hc_guest *guest, const struct hc_file *file,
    struct sockaddr_un *un, socklen_t len)
{
	const struct hc_unix_name host = name_in(un, len), *name = NULL;
	const struct names *found = NULL;

	pthread_mutex_lock(&guest->fds.lock);
	if (host.len > 0)
		found = find_bound(guest, &host, true);
	if (found)
		name = &found->own;
	else if (host.len > 0 && file->named)
		name = &names_of(guest, file)->peer;
	len = put_unix_name(un, name);
	pthread_mutex_unlock(&guest->fds.lock);
	return len;
}
