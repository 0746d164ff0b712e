/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on inotify: events of files in the guest's volumes, from the
 * host's inotify.  Nothing here may know vCPUs or KVM.
 *
 * The host takes only a name, and the guest's names are walked here; so the
 * held file's name is the number of its descriptor in /proc/self/fd, from where
 * this process works in that moment.  The names in events are those of entries
 * of the folder, which its volume shows.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>

/* The events that the host keeps are memory of its own, as a socket's are. */
static int64_t
create(struct hc_call *call, unsigned flags)
{
	struct hc_fds *fds = &call->guest->fds;
	struct hc_file *file;
	int64_t host;

	if (flags & ~(unsigned)(IN_CLOEXEC | IN_NONBLOCK))
		return -EINVAL;
	host = hc_host(SYS_inotify_init1, IN_CLOEXEC | (flags & IN_NONBLOCK));
	if (host < 0)
		return host;
	file = hc_file_new_socket(fds, (int)host);
	if (!file)
		return -ENFILE;
	file->may = HC_MAY_FLAGS;
	file->stays = true;
	return hc_fd_install(fds, file, 0, flags & IN_CLOEXEC);
}

int64_t
hc_do_inotify_init(struct hc_call *call)
{
	return create(call, 0);
}

int64_t
hc_do_inotify_init1(struct hc_call *call)
{
	return create(call, (unsigned)call->inotify_init1.flags);
}

static int64_t
watch(struct hc_guest *guest, int host, const struct hc_found *found,
    unsigned mask)
{
	char name[12];
	int64_t r;

	if (!found->mount || found->fd < 0)
		return -EACCES;
	if (guest->tree.self < 0)
		return -ENOSYS;
	(void)snprintf(name, sizeof(name), "%d", found->fd);
	r = hc_held_enter(&guest->tree, guest->tree.self);
	if (r < 0)
		return r;
	r = hc_host(SYS_inotify_add_watch, host, name,
	    mask & ~(unsigned)IN_DONT_FOLLOW);
	hc_held_leave(&guest->tree);
	return r;
}

int64_t
hc_do_inotify_add_watch(struct hc_call *call)
{
	const unsigned mask = (unsigned)call->inotify_add_watch.mask;
	struct hc_guest *guest = call->guest;
	struct hc_found found;
	struct hc_file *file;
	int64_t r;

	if (!(mask & ~(unsigned)IN_DONT_FOLLOW) ||
	    ((mask & IN_MASK_ADD) && (mask & IN_MASK_CREATE)))
		return -EINVAL;
	file = hc_fd_get(&guest->fds, call->inotify_add_watch.fd);
	if (!file)
		return -EBADF;
	r = hc_hold(call, (uint64_t)AT_FDCWD, call->inotify_add_watch.path,
	    mask & IN_DONT_FOLLOW ? AT_SYMLINK_NOFOLLOW : 0, &found);
	if (r == 0)
		r = hc_found_put(
		    &found, watch(guest, file->host, &found, mask));
	hc_file_put(file);
	return r;
}

int64_t
hc_do_inotify_rm_watch(struct hc_call *call)
{
	struct hc_file *file = hc_fd_get(
	    &call->guest->fds, call->inotify_rm_watch.fd);
	int64_t r;

	if (!file)
		return -EBADF;
	r = hc_host(SYS_inotify_rm_watch, file->host,
	    (int)call->inotify_rm_watch.watch);
	hc_file_put(file);
	return r;
}
