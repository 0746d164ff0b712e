/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Landlock by its system calls, for which C libraries have no functions.
 * Nothing here may know what the files are for.
 */
#include "sandbox/landlock.h"

#include "sandbox/sys.h"

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

/* From <linux/landlock.h>, which may be older than the kernel, or missing. */
#define CREATE_RULESET_VERSION 1U
#define RULE_PATH_BENEATH      1

enum access {
	FS_EXECUTE = 1 << 0,
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_DIR = 1 << 4,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_CHAR = 1 << 6,
	FS_MAKE_DIR = 1 << 7,
	FS_MAKE_REG = 1 << 8,
	FS_MAKE_SOCK = 1 << 9,
	FS_MAKE_FIFO = 1 << 10,
	FS_MAKE_BLOCK = 1 << 11,
	FS_MAKE_SYM = 1 << 12,
	FS_REFER = 1 << 13,
	FS_TRUNCATE = 1 << 14,
	FS_IOCTL_DEV = 1 << 15,
	NET_BIND_TCP = 1 << 0,
	NET_CONNECT_TCP = 1 << 1,
	SCOPE_ABSTRACT_UNIX_SOCKET = 1 << 0,
	SCOPE_SIGNAL = 1 << 1,
};

/* struct landlock_ruleset_attr of ABI 6; an older kernel accepts it if the
 * fields it does not know are zero. */
struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

/* struct landlock_path_beneath_attr, which is packed. */
struct beneath {
	uint64_t access;
	int32_t fd;
} __attribute__((packed));

/* The kinds of access that each ABI added. */
static const struct ruleset since[] = {
	[1] = { .fs = (FS_MAKE_SYM << 1) - 1 },
	[2] = { .fs = FS_REFER },
	[3] = { .fs = FS_TRUNCATE },
	[4] = { .net = NET_BIND_TCP | NET_CONNECT_TCP },
	[5] = { .fs = FS_IOCTL_DEV },
	[6] = { .scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL },
};

#define ABIS ((int)(sizeof(since) / sizeof(since[0])))

/* The rights that exist for a file. */
#define FILE_RIGHTS \
	(FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

static const struct {
	unsigned right;
	uint64_t access;
} meanings[] = {
	{ LANDLOCK_READ, FS_READ_FILE | FS_READ_DIR },
	/* Without devices and their ioctls. */
	{ LANDLOCK_WRITE, FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE |
			      FS_MAKE_DIR | FS_MAKE_REG | FS_MAKE_SOCK |
			      FS_MAKE_FIFO | FS_MAKE_SYM | FS_REFER |
			      FS_TRUNCATE },
	{ LANDLOCK_CREATE, FS_WRITE_FILE | FS_MAKE_REG | FS_TRUNCATE },
	{ LANDLOCK_REMOVE, FS_REMOVE_FILE },
};

int
landlock_abi(void)
{
	long r = syscall(
	    SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

	return r < 0 ? -errno : (int)r;
}

static struct ruleset
forbidden_by(int abi, const struct landlock_policy *policy)
{
	struct ruleset all = { 0, 0, 0 };
	int i;

	for (i = 1; i < ABIS && i <= abi; i++) {
		all.fs |= since[i].fs;
		all.net |= since[i].net;
		all.scoped |= since[i].scoped;
	}
	if (policy->bind)
		all.net &= ~(uint64_t)NET_BIND_TCP;
	if (policy->connect)
		all.net &= ~(uint64_t)NET_CONNECT_TCP;
	return all;
}

static uint64_t
access_of(unsigned rights)
{
	uint64_t access = 0;
	size_t i;

	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (rights & meanings[i].right)
			access |= meanings[i].access;
	return access;
}

static int
add_rule(int ruleset, const struct landlock_rule *rule, uint64_t known)
{
	struct beneath beneath = {
		.access = access_of(rule->rights) & known,
		.fd = rule->fd,
	};
	struct stat st;

	if (fstat(rule->fd, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		beneath.access &= FILE_RIGHTS;
	if (beneath.access == 0)
		return 0;
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &beneath,
		0) == 0)
		return 0;
	/* A file in memory, which Landlock does not restrict. */
	return errno == EBADFD ? 0 : -errno;
}

int
landlock_confine(const struct landlock_policy *policy, const char **call)
{
	int abi = landlock_abi();
	struct ruleset all = forbidden_by(abi, policy);
	int ruleset, r = 0;
	size_t i;

	*call = "landlock_create_ruleset";
	if (abi < 0)
		return abi;
	ruleset = (int)syscall(
	    SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	if (ruleset < 0)
		return -errno;
	*call = "landlock_add_rule";
	for (i = 0; r == 0 && i < policy->n; i++)
		r = add_rule(ruleset, &policy->rules[i], all.fs);
	if (r == 0) {
		*call = "landlock_restrict_self";
		if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
			r = -errno;
	}
	close(ruleset);
	return r < 0 ? r : abi;
}
