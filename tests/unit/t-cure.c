/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the smallest --allow for what a guest was denied, and the families of
 * programs.
 */
#include "tap.h"

#include "hypercall/core/cure.h"
#include "hypercall/core/table.h"

#include <asm/unistd.h>
#include <string.h>

static struct hc_set
set_of(const char *list)
{
	struct hc_set set = { 0 };
	const char *bad;
	size_t len;

	if (*list && hc_set_parse(&set, list, &bad, &len) < 0)
		bail("%.*s is not a call", (int)len, bad);
	return set;
}

/* A guest is allowed `allowed` and wants `wanted`: the cure. */
static const char *
cure(const char *allowed, const char *wanted, const char *cure)
{
	static char text[HC_CURE_TEXT];
	const struct hc_set may = set_of(allowed), wants = set_of(wanted);
	const struct hc_wish wish = { .allowed = &may, .calls = &wants };

	hc_cure(&wish, text);
	is_str(text, cure, "with %s, %s needs %s", allowed,
	    *wanted ? wanted : "nothing", *cure ? cure : "nothing");
	return text;
}

static void
test_classes(void)
{
	cure("@base", "", "");
	cure("@base", "read,exit_group", "");
	cure("@base", "epoll_create1,eventfd2,ppoll,socketpair,pipe2", "");
	cure("@base", "openat,socket,epoll_wait", "@file,@net");
	cure("@base,openat", "newfstatat", "@file");
	cure("@base,@file", "newfstatat,socket", "@net");
	cure("@all", "newfstatat,socket", "");
}

/* A call of two classes: the one that allows less beyond @base is chosen. */
static void
test_least(void)
{
	cure("write,exit_group", "read", "@base");
	cure("write,exit_group", "read,openat", "@file");
	cure("@base,-@memory", "mmap", "@memory");
	cure("@base,-@time", "clock_gettime,nanosleep", "@time");
	cure("@base,-@poll", "openat,epoll_create1,ppoll", "@file,@poll");
	cure("@base,-@time,-@memory", "clock_gettime,mmap", "@time,@memory");
}

/* A class that the user has taken calls out of. */
static void
test_names(void)
{
	cure("@base,-write", "write", "write");
	cure("@base,@file,-unlink,-rmdir", "unlink", "unlink");
	cure("@base,@net,-bind", "bind,openat", "@file,bind");
	cure(
	    "@all,-bind,-mmap,-unlink", "unlink,mmap,bind", "mmap,bind,unlink");
}

static void
test_addresses(void)
{
	static const char bind[] = "bind:0.0.0.0:80";
	static const char connect[] = "connect:[::1]:53";
	const struct hc_set may = set_of("@base"), wants = set_of("socket");
	struct hc_net_rule rule[2];
	struct hc_wish wish = { &may, &wants, rule, 2 };
	char text[HC_CURE_TEXT];

	hc_net_rule_parse(&rule[0], bind, sizeof(bind) - 1);
	hc_net_rule_parse(&rule[1], connect, sizeof(connect) - 1);
	hc_cure(&wish, text);
	is_str(text, "@net,bind:0.0.0.0:80,connect:[::1]:53",
	    "addresses are added to calls");
	wish.calls = &may;
	wish.rules = 1;
	hc_cure(&wish, text);
	is_str(text, "bind:0.0.0.0:80", "and can be all that is missing");
}

/* For every call and each of these policies, the cure allows the call, and
 * --allow takes the cure as it is. */
static void
test_every_call(void)
{
	static const char *const policies[] = { "@base", "@all", "exit_group",
		"@base,@file", "@base,-@memory", "@net,@poll" };
	unsigned wrong = 0, tried = 0;
	char text[HC_CURE_TEXT], list[HC_CURE_TEXT + 64];
	uint32_t number;
	size_t i;

	for (i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
		for (number = 0; number < HYPERCALL_END; number++) {
			struct hc_set may = set_of(policies[i]), call = { 0 };
			struct hc_wish wish = { &may, &call, NULL, 0 };

			if (!hc_row(number))
				continue;
			/* A call that was taken away by its name. */
			if (strcmp(policies[i], "@all") == 0)
				may.bits[number / 64] &= ~(
				    UINT64_C(1) << number % 64);
			hc_set_add(&call, number);
			hc_cure(&wish, text);
			tried++;
			if (!*text) {
				wrong += !hc_set_has(&may, number);
				continue;
			}
			snprintf(
			    list, sizeof(list), "%s,%s", policies[i], text);
			may = set_of(list);
			wrong += !hc_set_has(&may, number);
		}
	ok(tried > 1000, "each call is tried with each policy: %u", tried);
	is_int(wrong, 0, "and its cure allows it");
}

/* The longest cure that there can be has room. */
static void
test_room(void)
{
	struct hc_set all = set_of("@all"), none = { 0 };
	struct hc_net_rule rule[64];
	struct hc_wish wish = { &none, &all, rule, 64 };
	static const char longest[] =
	    "connect:[1111:1111:1111:1111:1111:1111:1111:1111]/128:65535";
	char text[HC_CURE_TEXT];
	size_t names = 0, i;
	uint32_t number;

	for (number = 0; number < HYPERCALL_END; number++)
		names += hc_row(number) ? strlen(hc_row(number)->name) + 1 : 0;
	for (i = 0; i < 64; i++)
		hc_net_rule_parse(&rule[i], longest, sizeof(longest) - 1);
	ok(names + 64 * (sizeof(longest) + 1) < HC_CURE_TEXT,
	    "every name and 64 rules have room");
	hc_cure(&wish, text);
	is_str(strrchr(text, ',') + 1,
	    "connect:[1111:1111:1111:1111:1111:1111:"
	    "1111:1111]:65535",
	    "and the last rule is whole");
}

static const char *
family(const char *refused, const char *asked, uint32_t extra)
{
	struct hc_set no = set_of(refused), all = set_of(asked);
	const struct hc_family *family;
	size_t i;

	if (extra)
		hc_set_add(&no, extra);
	for (i = 0; i < sizeof(all.bits) / sizeof(all.bits[0]); i++)
		all.bits[i] |= no.bits[i];
	family = hc_family(&no, &all);
	return family ? family->what : "none";
}

static void
test_families(void)
{
	is_str(family("socket", "set_tid_address,epoll_create1", 0),
	    "an event loop, as Tokio has one",
	    "epoll and a socket make an event loop");
	is_str(family("openat", "sched_getaffinity,mmap", 0), "a Go program",
	    "Go's runtime is known by what it asks no C library for");
	is_str(family("openat", "sched_getaffinity,set_tid_address", 0), "none",
	    "a C program that opens a file is of no family");
	is_str(family("", "getppid,set_tid_address", __NR_fork), "a shell",
	    "a shell forks");
	is_str(family("pipe2", "getppid,set_tid_address", 0), "a shell",
	    "or makes a pipe for one");
	is_str(family("", "set_tid_address", __NR_fork), "none",
	    "others fork as well");
	is_str(family("", "epoll_create1,eventfd2,getppid", 0), "none",
	    "a program that is refused nothing has no family");
}

int
main(void)
{
	test_classes();
	test_least();
	test_names();
	test_addresses();
	test_every_call();
	test_room();
	test_families();
	return done_testing();
}
