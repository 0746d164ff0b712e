/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's policy.  Nothing here may know how a call is served, or what is
 * said about one that is not.
 */
#include "policy.h"

#include "hints.h"
#include "say.h"

#include "hypercall/file/path.h"
#include "hypercall/own/own.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(OPTIONS_VOLUMES <= HC_MOUNTS, "a tree has room for them all");

static const char *
volume_error(int r)
{
	switch (r) {
	case -ENOSYS: return "/proc is not mounted: volumes need it";
	case -EMEDIUMTYPE: return "a folder of /proc cannot be a volume";
	case -ENODEV: return "a device cannot be a volume";
	default: return strerror(-r);
	}
}

static int
mount_volume(struct hc_guest *guest, const struct options_volume *v)
{
	const bool root = strcmp(v->guest, "/") == 0;
	int r = hc_tree_mount(guest, v->host, v->guest, v->read_only);

	if (r < 0)
		say("--%s=%s%s%s: %s", root ? "root" : "volume", v->host,
		    root ? "" : ":", root ? "" : v->guest, volume_error(r));
	return r < 0 ? -1 : 0;
}

/* --volume-program: `real` is the program's file. */
static int
mount_program(struct hc_guest *guest, const char *real)
{
	char folder[PATH_MAX];
	const struct options_volume volume = {
		.host = folder,
		.guest = folder,
		.read_only = true,
	};
	size_t len = (size_t)(strrchr(real, '/') - real);

	memcpy(folder, real, len);
	strcpy(folder + len, len == 0 ? "/" : "");
	if (hc_tree_at(&guest->tree, folder, len))
		return 0;
	return mount_volume(guest, &volume);
}

/* Is `real` in the folder of volume `v`, and where in the guest's tree? */
static bool
place_in(const struct options_volume *v, const char *real, char place[HC_PATH])
{
	char host[PATH_MAX];
	size_t len;

	if (!realpath(v->host, host))
		return false;
	len = strcmp(host, "/") == 0 ? 0 : strlen(host);
	if (strncmp(real, host, len) != 0 || real[len] != '/')
		return false;
	return snprintf(place, HC_PATH, "%s%s",
		   strcmp(v->guest, "/") == 0 ? "" : v->guest,
		   real + len) < (int)HC_PATH;
}

/* The program's name in the guest's tree: where a volume has its file, the last
 * volume first, or as the user typed it. */
static void
name_program(const struct options *o, struct hc_guest *guest, const char *real)
{
	char place[HC_PATH];
	unsigned i = o->volumes;

	while (i > 0 && !place_in(&o->volume[i - 1], real, place))
		i--;
	hc_own_set_exe(guest, i > 0               ? place
			      : o->volume_program ? real
						  : o->guest);
}

static int
mount_volumes(const struct options *o, struct hc_guest *guest)
{
	static char real[PATH_MAX];
	unsigned i;
	int r = 0;

	for (i = 0; r == 0 && i < o->volumes; i++)
		r = mount_volume(guest, &o->volume[i]);
	if (r < 0)
		return r;
	if (!(o->volumes > 0 || o->volume_program) ||
	    !realpath(o->guest, real)) {
		hc_own_set_exe(guest, o->guest);
		return 0;
	}
	if (o->volume_program)
		r = mount_program(guest, real);
	name_program(o, guest, real);
	return r;
}

static int
enter_first(const struct options *o, struct hc_guest *guest)
{
	int r = o->chdir ? policy_enter(guest, o->chdir) : 0;

	if (r < 0)
		say("--chdir=%s: %s", o->chdir, strerror(-r));
	return r < 0 ? -1 : 0;
}

int
policy_set(const struct options *o, struct hc_guest *guest)
{
	guest->policy.allowed = o->allowed;
	guest->policy.jit = o->jit;
	guest->policy.eager = o->record || o->replay;
	guest->policy.kill = o->on_deny == ON_DENY_KILL;
	guest->policy.net = o->net;
	guest->policy.nets = o->nets;
	hints_start(o, guest);
	if (hc_set_has(&o->allowed, HC_openat) ||
	    hc_set_has(&o->allowed, HC_open))
		hc_tree_open_self(&guest->tree);
	return mount_volumes(o, guest) < 0 ? -1 : enter_first(o, guest);
}

int
policy_enter(struct hc_guest *guest, const char *folder)
{
	return hc_tree_enter(guest, folder);
}
