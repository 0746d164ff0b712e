/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that no guest can make: those for other processes, above all.  Nothing
 * here may know how the user is informed.
 */
#include "hypercall/core/refused.h"

#include <asm/unistd.h>
#include <errno.h>

static const char linux_names[][28] = {
#define LINUX(number, name) [number] = #name,
#include "abi/linux.def"
#undef LINUX
};

#define LINUX_NAMES (sizeof(linux_names) / sizeof(linux_names[0]))

static const struct refused {
	uint32_t number;
	int error;
	const char *why;
} refused[] = {
#define REFUSED(number, name, error, why) { number, error, why },
#include "abi/refused.def"
#undef REFUSED
};

/* The name in a row is for its reader: check that it fits the number. */
#define REFUSED(number, name, error, why) \
	_Static_assert(__NR_##name == (number), "the number of " #name);
#include "abi/refused.def"
#undef REFUSED

static const struct refused *
find_refused(uint32_t number)
{
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (refused[i].number == number)
			return &refused[i];
	return NULL;
}

const char *
hc_linux_name(uint32_t number)
{
	return number < LINUX_NAMES && linux_names[number][0]
		   ? linux_names[number]
		   : NULL;
}

bool
hc_is_refused(uint32_t number)
{
	return find_refused(number) != NULL;
}

const char *
hc_refused_reason(uint32_t number)
{
	const struct refused *row = find_refused(number);

	return row ? row->why : NULL;
}

int64_t
hc_refuse(struct hc_call *call, uint32_t number)
{
	struct hc_policy *policy = &call->guest->policy;
	const struct refused *row = find_refused(number);

	if (!row)
		return -ENOSYS;
	if (hc_set_add(&policy->reported, number) && row->why &&
	    policy->refused)
		policy->refused(call->guest, number);
	return -row->error;
}
