/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The plan of the next run: what a debugger asks for becomes argv and envp, and
 * nothing that lies in a plan leads out of it.
 */
#include "tap.h"

#include "debugger/plan.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static struct debugger_plan next;
static char *argv[PLAN_ARGS + 1], *envp[PLAN_ARGS + 1];
static char a0[] = "guest", a1[] = "first", a2[] = "second";
static char *const first_argv[] = { a0, a1, a2, NULL };
static char e1[] = "ONE=1", e2[] = "TWO=2", e3[] = "ONEMORE=3";
static char *const first_env[] = { e1, e2, e3, NULL };

/* The strings with a blank between them. */
static const char *
joined(char *const *strings)
{
	static char text[4096];

	text[0] = '\0';
	for (; *strings; strings++) {
		if (text[0])
			strcat(text, " ");
		strcat(text, *strings);
	}
	return text;
}

static bool
argv_is(const char *want)
{
	return debugger_plan_argv(&next, first_argv, argv) == 0 &&
	       strcmp(joined(argv), want) == 0;
}

static bool
env_is(const char *want)
{
	return debugger_plan_env(&next, first_env, envp) == 0 &&
	       strcmp(joined(envp), want) == 0;
}

static int
run_with(const char *args, size_t size)
{
	const struct target_run run = {
		.path = "", .args = args, .size = size
	};

	return debugger_plan_run(&next, &run);
}

static void
test_arguments(void)
{
	static const char args[] = "a\0b c\0\0d";
	static char many[PLAN_TEXT + 1];

	ok(argv_is("guest first second"), "a plan begins with the first run's");
	ok(run_with(args, sizeof(args)) == 0 && next.asked,
	    "a run is asked for");
	ok(argv_is("guest a b c  d"), "with arguments");
	ok(argv[3] && argv[3][0] == '\0' && argv[5] == NULL,
	    "of which one may be empty");
	ok(run_with(NULL, 0) == 0 && argv_is("guest first second"),
	    "without any it has the first run's");
	memset(many, 0, sizeof(many));
	ok(run_with(many, PLAN_ARGS - 2) == 0 &&
		debugger_plan_argv(&next, first_argv, argv) == 0,
	    "there may be %d", PLAN_ARGS - 2);
	ok(run_with(many, PLAN_ARGS) == 0 &&
		debugger_plan_argv(&next, first_argv, argv) == -E2BIG,
	    "but not more");
	ok(run_with(many, sizeof(many)) == -E2BIG, "nor more text than fits");
}

static void
test_environment(void)
{
	static char large[PLAN_TEXT];

	memset(&next, 0, sizeof(next));
	ok(env_is("ONE=1 TWO=2 ONEMORE=3"),
	    "the environment is the first run's");
	debugger_plan_set(&next, SETTING_ENV, "FOUR=4");
	ok(env_is("ONE=1 TWO=2 ONEMORE=3 FOUR=4"), "a variable is added");
	debugger_plan_set(&next, SETTING_ENV, "ONE=x=y");
	ok(env_is("ONE=x=y TWO=2 ONEMORE=3 FOUR=4"), "changed");
	debugger_plan_set(&next, SETTING_UNSET_ENV, "ONE");
	ok(env_is("TWO=2 ONEMORE=3 FOUR=4"), "and removed");
	debugger_plan_set(&next, SETTING_UNSET_ENV, "NONE");
	ok(env_is("TWO=2 ONEMORE=3 FOUR=4"), "if it is there");
	debugger_plan_set(&next, SETTING_ENV, "ONE=again");
	ok(env_is("TWO=2 ONEMORE=3 FOUR=4 ONE=again"), "and added again");
	debugger_plan_set(&next, SETTING_RESET_ENV, "");
	ok(env_is("ONE=1 TWO=2 ONEMORE=3"), "a reset forgets all that");
	memset(large, 'x', sizeof(large) - 1);
	large[1] = '=';
	ok(debugger_plan_set(&next, SETTING_ENV, large) == 0 &&
		debugger_plan_set(&next, SETTING_ENV, "A=1") == -E2BIG,
	    "there is room for a limited number");
}

static void
test_folder(void)
{
	static char name[PLAN_FOLDER + 1];

	ok(debugger_plan_set(&next, SETTING_FOLDER, "/a") == 0 &&
		strcmp(next.folder, "/a") == 0,
	    "a folder is named");
	memset(name, 'x', PLAN_FOLDER);
	ok(debugger_plan_set(&next, SETTING_FOLDER, name) == -E2BIG &&
		strcmp(next.folder, "/a") == 0,
	    "one whose name is too long is not");
}

static bool
leads_inside(char *const *strings)
{
	const uintptr_t start = (uintptr_t)&next;

	for (; *strings; strings++) {
		uintptr_t at = (uintptr_t)*strings;

		if (at >= start && at < start + sizeof(next) &&
		    at + strlen(*strings) >= start + sizeof(next))
			return false;
	}
	return true;
}

/* A worker that its guest has taken over writes what it likes. */
static void
test_garbage(void)
{
	static const size_t used[] = { 1, PLAN_TEXT - 1, PLAN_TEXT,
		PLAN_TEXT + 1, SIZE_MAX };
	static const uint8_t fill[] = { 0, 'x', '=', 0xff };
	bool safe = true;

	for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
		for (size_t j = 0; j < sizeof(fill); j++) {
			memset(&next, fill[j], sizeof(next));
			next.args.used = next.env.used = used[i];
			(void)debugger_plan_argv(&next, first_argv, argv);
			(void)debugger_plan_env(&next, first_env, envp);
			safe = safe && leads_inside(argv) && leads_inside(envp);
			(void)debugger_plan_set(&next, SETTING_ENV, "A=1");
			safe = safe && next.args.used == used[i];
		}
	ok(safe, "no length and no text leads out of a plan");
}

int
main(void)
{
	test_arguments();
	test_environment();
	test_folder();
	test_garbage();
	return done_testing();
}
