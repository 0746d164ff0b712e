/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked for and cannot be had: other processes, above all.  Nothing
 * here may know who is told.
 */
#include "hypercall/refused.h"

#include <asm/unistd.h>
#include <errno.h>

static const char *const linux_names[] = {
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

/* A row's name is there for its reader: it must be that of its number. */
#define REFUSED(number, name, error, why) \
	_Static_assert(__NR_##name == (number), "the number of " #name);
#include "abi/refused.def"
#undef REFUSED

static const struct refused *
find(uint32_t number)
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
	return number < LINUX_NAMES ? linux_names[number] : NULL;
}

bool
hc_is_refused(uint32_t number)
{
	return find(number) != NULL;
}

const char *
hc_refused_reason(uint32_t number)
{
	const struct refused *row = find(number);

	return row ? row->why : NULL;
}

int64_t
hc_refuse(struct hc_call *call, uint32_t number)
{
	struct hc_policy *policy = &call->guest->policy;
	const struct refused *row = find(number);

	if (!row)
		return -ENOSYS;
	if (row->why && policy->refused && !hc_set_has(&policy->told, number))
		policy->refused(call->guest, number);
	policy->told.bits[number / 64] |= UINT64_C(1) << number % 64;
	return -row->error;
}
