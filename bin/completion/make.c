/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the completions of bash, zsh and fish from options.def, at build time.
 * It must not know the options' effect; calls and classes come from
 * `novillo --list` when a user completes them.
 *
 * usage: make bash|zsh|fish HEAD	HEAD is a file, printed first
 */
#include "debugger/connection.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

struct row {
	char letter; /* 0: none */
	const char *name;
	int has_arg;
	const char *values, *arg, *help;
};

static const struct row rows[] = {
#define OPTION(letter, name, has_arg, use, shown, values, arg, help) \
	{ letter, #name, has_arg, values, arg, help },
#include "options.def"
#undef OPTION
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* How a shell completes values of this kind, and its words otherwise. */
struct action {
	const char *kind, *zsh, *fish;
};

static const struct action actions[] = {
	{ "FILE", "_files", "-F" },
	{ "FOLDER", "_files -/", "-f -a '(__fish_complete_directories)'" },
	{ "COMMAND", "_command_names -e", "-f -a '(__fish_complete_command)'" },
	{ "CALLS", "_novillo_calls",
	    "-f -a '(__fish_complete_list , __novillo_calls)'" },
};

static const struct action *
find_action(const struct row *row)
{
	size_t i;

	for (i = 0; row->values && i < sizeof(actions) / sizeof(actions[0]);
	     i++)
		if (strcmp(actions[i].kind, row->values) == 0)
			return &actions[i];
	return NULL;
}

/* The name as users write it. */
static void
put_name(const struct row *row)
{
	const char *p;

	for (p = row->name; *p; p++)
		putchar(*p == '_' ? '-' : *p);
}

/* A text within single quotes, with `special` characters after a backslash. */
static void
put_quoted(const char *text, const char *special)
{
	for (; *text; text++) {
		if (strchr(special, *text))
			putchar('\\');
		if (*text == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*text);
	}
}

/* "-m|--memory", a pattern of case. */
static void
put_pattern(const struct row *row)
{
	if (row->letter)
		printf("-%c|", row->letter);
	fputs("--", stdout);
	put_name(row);
}

static void
make_bash(void)
{
	size_t i;

	fputs("_novillo_options='", stdout);
	for (i = 0; i < ROWS; i++) {
		fputs(i == 0 ? "--" : " --", stdout);
		put_name(&rows[i]);
		if (rows[i].has_arg == required_argument)
			putchar('=');
	}
	fputs("'\n_novillo_takes_word()\n{\n\tcase $1 in\n", stdout);
	for (i = 0; i < ROWS; i++)
		if (rows[i].has_arg == required_argument) {
			putchar('\t');
			put_pattern(&rows[i]);
			fputs(") return 0 ;;\n", stdout);
		}
	fputs("\t*) return 1 ;;\n\tesac\n}\n_novillo_kind()\n{\n"
	      "\tcase $1 in\n",
	    stdout);
	for (i = 0; i < ROWS; i++)
		if (rows[i].values) {
			putchar('\t');
			put_pattern(&rows[i]);
			printf(") echo '%s' ;;\n", rows[i].values);
		}
	fputs("\tesac\n}\ncomplete -F _novillo novillo\n", stdout);
}

/* "[help]:ARG:action" of zsh's _arguments. */
static void
put_zsh_rest(const struct row *row)
{
	const struct action *action = find_action(row);

	putchar('[');
	put_quoted(row->help, "[]:\\");
	putchar(']');
	if (row->has_arg == no_argument)
		return;
	fputs(row->has_arg == optional_argument ? "::" : ":", stdout);
	put_quoted(row->arg, ":\\");
	if (action)
		printf(":%s", action->zsh);
	else if (row->values) {
		fputs(":(", stdout);
		put_quoted(row->values, ":\\");
		putchar(')');
	} else {
		fputs(": ", stdout);
	}
}

static void
make_zsh(void)
{
	size_t i;

	fputs("_arguments -S \\\n", stdout);
	for (i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];

		if (row->letter) {
			printf("\t'*-%c%s", row->letter,
			    row->has_arg == no_argument         ? ""
			    : row->has_arg == required_argument ? "+"
								: "-");
			put_zsh_rest(row);
			fputs("' \\\n", stdout);
		}
		fputs("\t'*--", stdout);
		put_name(row);
		fputs(row->has_arg == no_argument         ? ""
		      : row->has_arg == required_argument ? "="
							  : "=-",
		    stdout);
		put_zsh_rest(row);
		fputs("' \\\n", stdout);
	}
	fputs("\t'(-):guest: _alternative \"files\\:file\\:_files\""
	      " \"commands\\:command\\:_command_names -e\"' \\\n"
	      "\t'*::argument:_files'\n",
	    stdout);
}

static void
make_fish(void)
{
	size_t i;

	for (i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		const struct action *action = find_action(row);

		fputs("complete -c novillo", stdout);
		if (row->letter)
			printf(" -s %c", row->letter);
		fputs(" -l ", stdout);
		put_name(row);
		if (row->has_arg == required_argument)
			fputs(" -r", stdout);
		if (action)
			printf(" %s", action->fish);
		else if (row->values)
			printf(" -f -a '%s'", row->values);
		fputs(" -d '", stdout);
		put_quoted(row->help, "\\");
		fputs("'\n", stdout);
	}
}

static int
copy_head(const char *path)
{
	FILE *head = fopen(path, "r");
	int c;

	if (!head) {
		perror(path);
		return -1;
	}
	while ((c = getc(head)) != EOF)
		putchar(c);
	fclose(head);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc != 3 || copy_head(argv[2]) < 0)
		return 1;
	if (strcmp(argv[1], "bash") == 0)
		make_bash();
	else if (strcmp(argv[1], "zsh") == 0)
		make_zsh();
	else if (strcmp(argv[1], "fish") == 0)
		make_fish();
	else
		return 1;
	return fflush(stdout) == 0 ? 0 : 1;
}
