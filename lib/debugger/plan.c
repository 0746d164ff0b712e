/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The next run of the guest.  Nothing here may know who reads the plan.
 */
#include "debugger/plan.h"

#include <errno.h>
#include <string.h>

static int
append(struct debugger_texts *texts, const char *text, size_t size)
{
	if (texts->used > PLAN_TEXT || size > PLAN_TEXT - texts->used)
		return -E2BIG;
	if (size > 0)
		memcpy(texts->text + texts->used, text, size);
	texts->used += size;
	return 0;
}

/* The text at *at, which moves past it; NULL: there is none, or no end. */
static char *
next_text(const struct debugger_texts *texts, size_t *at)
{
	const char *text = texts->text + *at;
	size_t left;
	const char *end;

	if (*at >= texts->used || texts->used > PLAN_TEXT)
		return NULL;
	left = texts->used - *at;
	end = memchr(text, '\0', left);
	if (!end)
		return NULL;
	*at += (size_t)(end - text) + 1;
	return (char *)(uintptr_t)text;
}

int
debugger_plan_run(struct debugger_plan *plan, const struct target_run *run)
{
	if (run->size > PLAN_TEXT)
		return -E2BIG;
	plan->args.used = 0;
	plan->asked = 1;
	return append(&plan->args, run->args, run->size);
}

int
debugger_plan_set(
    struct debugger_plan *plan, enum target_setting what, const char *text)
{
	switch (what) {
	case SETTING_ENV:
	case SETTING_UNSET_ENV:
		return append(&plan->env, text, strlen(text) + 1);
	case SETTING_RESET_ENV: plan->env.used = 0; return 0;
	case SETTING_FOLDER: break;
	}
	if (strlen(text) >= sizeof(plan->folder))
		return -E2BIG;
	strcpy(plan->folder, text);
	return 0;
}

/* The first of `first`, then the plan's, or the others of `first`. */
int
debugger_plan_argv(const struct debugger_plan *plan, char *const *first,
    char *argv[PLAN_ARGS + 1])
{
	size_t n = 0, at = 0;
	char *text;

	argv[n++] = *first++;
	while (plan->args.used > 0 && n < PLAN_ARGS &&
	       (text = next_text(&plan->args, &at)))
		argv[n++] = text;
	while (plan->args.used == 0 && n < PLAN_ARGS && *first)
		argv[n++] = *first++;
	argv[n] = NULL;
	return n < PLAN_ARGS ? 0 : -E2BIG;
}

/* The place of the variable that `text` names, or the end. */
static size_t
find_variable(char *const *envp, size_t n, const char *text)
{
	size_t len = strcspn(text, "=");
	size_t i = 0;

	while (
	    i < n && (strncmp(envp[i], text, len) != 0 || envp[i][len] != '='))
		i++;
	return i;
}

int
debugger_plan_env(const struct debugger_plan *plan, char *const *first,
    char *envp[PLAN_ARGS + 1])
{
	size_t n = 0, at = 0, i;
	char *text;

	while (n < PLAN_ARGS && *first)
		envp[n++] = *first++;
	while (n < PLAN_ARGS && (text = next_text(&plan->env, &at))) {
		i = find_variable(envp, n, text);
		if (strchr(text, '=')) {
			envp[i] = text;
			n += i == n;
		} else if (i < n) {
			n--;
			memmove(
			    envp + i, envp + i + 1, (n - i) * sizeof(envp[0]));
		}
	}
	envp[n] = NULL;
	return n < PLAN_ARGS ? 0 : -E2BIG;
}
