/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options from a configuration.  ToroV's keys mean the same as in ToroV; any
 * other key is the name of an option.  Nothing here may know how an option
 * reads its value.
 */
#include "config.h"

#include "nearest.h"
#include "optionrow.h"
#include "say.h"

#include "debugger/connection.h"
#include "json/json.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define KEY_SIZE       NEAREST_WORD /* bytes of the longest known key */
#define WRITER_WAIT_MS 1000 /* how long a FIFO may have nothing to read */

struct config {
	struct options *options;
	struct json json;
	size_t used; /* of `words` */
	/* "Debug": {"Allowed": ..., "Port": ...} */
	struct {
		bool allowed;
		char *port;
	} torov;
	/* {"Name": ..., "Allowed": ...}; `word` is "-" and the name. */
	struct {
		bool allowed, has_allowed;
		char word[KEY_SIZE + 1];
	} call;
};

/* A member of an object.  `read` reads its value, which begins with `event`. */
struct member {
	const char *name;
	int (*read)(struct config *c, enum json_event event);
};

/* The members that an object may have. */
struct members {
	const struct member *member;
	size_t n;
	bool options; /* also every option */
};

#define MEMBERS(array) array, sizeof(array) / sizeof(array[0])

/* The strings of the configuration, to which options point.  None is longer
 * than it is in the file: the NUL takes the place of the closing quote, or of
 * the byte that follows a number in an object. */
static char words[CONFIG_SIZE];

/* Read the next piece; note its place.  JSON_ERROR comes after a message. */
static enum json_event
next_piece(struct config *c)
{
	enum json_event event = json_next(&c->json);
	struct options_place *place = &c->options->place;

	json_where(&c->json, &place->line, &place->column);
	if (event == JSON_ERROR)
		complain(c->options, "%s", c->json.error);
	return event;
}

static int
take_text(struct config *c, enum json_event event, char **text)
{
	char *to = words + c->used;
	const char *fault = NULL;
	size_t len;

	if (event == JSON_ERROR)
		return -1;
	if (event != JSON_STRING && event != JSON_NUMBER)
		fault = "a string is expected here";
	else if (!json_text(&c->json, to, sizeof(words) - c->used, &len))
		fault = "the strings are too long";
	else if (strlen(to) < len)
		fault = "a string with \\u0000 in it";
	if (fault) {
		complain(c->options, "%s", fault);
		return -1;
	}
	c->used += len + 1;
	*text = to;
	return 0;
}

/* A boolean, also in ToroV's forms: "True", "false", 0, "1". */
static int
take_bool(struct config *c, enum json_event event, bool *value)
{
	static const char *const words_of[2][2] = { { "false", "0" },
		{ "true", "1" } };
	char *text;
	int i, j;

	if (event == JSON_TRUE || event == JSON_FALSE) {
		*value = event == JSON_TRUE;
		return 0;
	}
	if (event == JSON_STRING || event == JSON_NUMBER) {
		if (take_text(c, event, &text) < 0)
			return -1;
		for (i = 0; i < 2; i++)
			for (j = 0; j < 2; j++)
				if (strcasecmp(text, words_of[i][j]) == 0) {
					*value = i != 0;
					return 0;
				}
	}
	if (event == JSON_ERROR)
		return -1;
	return complain(c->options, "true or false is expected here");
}

static char
lower_case(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static int
complain_unknown_key(
    struct config *c, const struct members *kind, const char *key)
{
	struct nearest nearest;
	unsigned i;

	nearest_begin(&nearest, key);
	for (i = 0; i < kind->n; i++)
		nearest_add(&nearest, kind->member[i].name);
	for (i = 0; kind->options && i < OPTION_ROWS; i++)
		if (option_row(i)->use != OPTION_LINE)
			nearest_add(&nearest, option_name(i));
	if (nearest.best)
		return complain(c->options,
		    "unknown key \"%s\"; do you mean \"%s\"?", key,
		    nearest.best);
	return complain(c->options, "unknown key \"%s\"", key);
}

/* Join the elements of an array of strings by commas. */
static int
read_list(struct config *c, const struct option_row *row)
{
	struct options_place place = c->options->place;
	char *list = words + c->used, *text;
	enum json_event event;

	while ((event = next_piece(c)) != JSON_ARRAY_END) {
		if (take_text(c, event, &text) < 0)
			return -1;
		words[c->used - 1] = ',';
	}
	if (list == words + c->used)
		return 0;
	words[c->used - 1] = '\0';
	c->options->place = place;
	return option_apply(c->options, row->number, list);
}

/* Apply the option once for each element of an array. */
static int
read_many(struct config *c, const struct option_row *row)
{
	enum json_event event;
	char *text;

	while ((event = next_piece(c)) != JSON_ARRAY_END)
		if (take_text(c, event, &text) < 0 ||
		    option_apply(c->options, row->number, text) < 0)
			return -1;
	return 0;
}

static int
read_option(
    struct config *c, enum json_event event, const struct option_row *row)
{
	char *text = NULL;
	bool on = true;

	if (event == JSON_ARRAY && row->use == OPTION_LIST)
		return read_list(c, row);
	if (event == JSON_ARRAY && row->use == OPTION_MANY)
		return read_many(c, row);
	if (row->has_arg == no_argument) {
		if (take_bool(c, event, &on) < 0)
			return -1;
	} else if (row->has_arg == optional_argument &&
		   (event == JSON_TRUE || event == JSON_FALSE)) {
		on = event == JSON_TRUE;
	} else if (take_text(c, event, &text) < 0) {
		return -1;
	}
	return on ? option_apply(c->options, row->number, text) : 0;
}

static const struct option_row *
find_option(const char *key)
{
	unsigned i;

	for (i = 0; i < OPTION_ROWS; i++)
		if (strcmp(option_name(i), key) == 0)
			return option_row(i);
	return NULL;
}

/* Read the value of the member `key`. */
static int
read_member(struct config *c, const struct members *kind, const char *key)
{
	const struct option_row *row = kind->options ? find_option(key) : NULL;
	size_t i;

	if (row && row->use == OPTION_LINE)
		return complain(
		    c->options, "\"%s\" is for the command line only", key);
	if (row)
		return read_option(c, next_piece(c), row);
	for (i = 0; i < kind->n; i++)
		if (strcmp(kind->member[i].name, key) == 0)
			return kind->member[i].read(c, next_piece(c));
	return complain_unknown_key(c, kind, key);
}

/* Read an object, which begins with `event`. */
static int
read_object(struct config *c, enum json_event event, const struct members *kind)
{
	char key[KEY_SIZE];
	size_t len;

	if (event == JSON_ERROR)
		return -1;
	if (event != JSON_OBJECT)
		return complain(
		    c->options, "an object in { } is expected here");
	while ((event = next_piece(c)) == JSON_NAME) {
		if (!json_text(&c->json, key, sizeof(key), &len))
			return complain(
			    c->options, "the key is longer than any known key");
		if (strlen(key) < len)
			return complain(c->options, "a key with \\u0000 in it");
		if (read_member(c, kind, key) < 0)
			return -1;
	}
	return event == JSON_OBJECT_END ? 0 : -1;
}

static int
read_guest(struct config *c, enum json_event event)
{
	if (c->options->guest)
		return complain(
		    c->options, "the guest is named twice in this file");
	return take_text(c, event, &c->options->guest);
}

/* ToroV's Binary is a flat image; ours may also be ELF. */
static int
read_binary(struct config *c, enum json_event event)
{
	c->options->flat_or_elf = true;
	return read_guest(c, event);
}

static int
read_args(struct config *c, enum json_event event)
{
	struct options *o = c->options;

	if (event == JSON_ERROR)
		return -1;
	if (event != JSON_ARRAY)
		return complain(o, "an array of strings is expected here");
	while ((event = next_piece(c)) != JSON_ARRAY_END) {
		if (o->args == OPTIONS_ARGS)
			return complain(
			    o, "more than %d arguments", OPTIONS_ARGS);
		/* arg[0] is the guest's name. */
		if (take_text(c, event, &o->arg[o->args + 1]) < 0)
			return -1;
		o->args++;
	}
	return 0;
}

/* ToroV reads it as hexadecimal, with or without a leading $. */
static int
read_startaddr(struct config *c, enum json_event event)
{
	struct options *o = c->options;
	char *text, *end;
	const char *digits;

	if (take_text(c, event, &text) < 0)
		return -1;
	digits = text + (text[0] == '$');
	if (strncasecmp(digits, "0x", 2) == 0)
		digits += 2;
	errno = 0;
	o->flat_start = strtoull(digits, &end, 16);
	if (!*digits ||
	    strspn(digits, "0123456789abcdefABCDEF") != strlen(digits) ||
	    errno != 0)
		return complain(o, "\"%s\" is not a hexadecimal address", text);
	o->flat = true;
	return 0;
}

/* It allows no calls: ToroV's configurations list the calls. */
static int
read_mount_point(struct config *c, enum json_event event)
{
	const bool calls = c->options->volume_calls;
	char *text;
	int r;

	if (take_text(c, event, &text) < 0)
		return -1;
	r = option_apply(c->options, OPT_root, text);
	c->options->volume_calls = calls;
	return r;
}

static int
read_newpid(struct config *c, enum json_event event)
{
	return take_bool(c, event, &c->options->new_pid);
}

static int
read_debug_allowed(struct config *c, enum json_event event)
{
	return take_bool(c, event, &c->torov.allowed);
}

static int
read_debug_port(struct config *c, enum json_event event)
{
	if (take_text(c, event, &c->torov.port) < 0)
		return -1;
	if (!debugger_is_port(c->torov.port))
		return complain(
		    c->options, "\"%s\" is not a port", c->torov.port);
	return 0;
}

static int
read_debug(struct config *c, enum json_event event)
{
	static const struct member member[] = {
		{ "Allowed", read_debug_allowed },
		{ "Port", read_debug_port },
	};
	static const struct members kind = { MEMBERS(member), false };
	static char standard[] = DEBUGGER_ADDRESS;

	c->torov.allowed = false;
	c->torov.port = standard;
	if (read_object(c, event, &kind) < 0)
		return -1;
	if (!c->torov.allowed)
		return 0;
	return option_apply(c->options, OPT_gdb, c->torov.port);
}

static int
read_call_name(struct config *c, enum json_event event)
{
	char *text;
	size_t i;

	if (take_text(c, event, &text) < 0)
		return -1;
	/* A name that is cut, or "", is not a hypercall's. */
	c->call.word[0] = '-';
	for (i = 0; i < KEY_SIZE - 1 && text[i]; i++)
		c->call.word[i + 1] = lower_case(text[i]);
	c->call.word[i + 1] = '\0';
	return 0;
}

static int
read_call_allowed(struct config *c, enum json_event event)
{
	c->call.has_allowed = true;
	return take_bool(c, event, &c->call.allowed);
}

/*
 * A name that is not a hypercall's allows nothing, as with ToroV; novillo
 * reports it.  Calls of @base are allowed unless an entry forbids them.
 */
static int
read_call(struct config *c, enum json_event event)
{
	static const struct member member[] = {
		{ "Name", read_call_name },
		{ "Allowed", read_call_allowed },
	};
	static const struct members kind = { MEMBERS(member), false };
	const struct options_place place = c->options->place;
	const char *word;

	memset(&c->call, 0, sizeof(c->call));
	if (read_object(c, event, &kind) < 0)
		return -1;
	c->options->place = place;
	if (!c->call.word[0] || !c->call.has_allowed)
		return complain(
		    c->options, "a hypercall needs Name and Allowed");
	word = c->call.word + c->call.allowed;
	if (c->call.word[1] == '-' ||
	    !hc_set_change_noted(&c->options->allowed, &c->options->forbidden,
		word, strlen(word)))
		complain(c->options,
		    "unknown hypercall \"%s\": the entry is ignored",
		    c->call.word + 1);
	return 0;
}

static int
read_hypercalls(struct config *c, enum json_event event)
{
	if (event == JSON_ERROR)
		return -1;
	if (event != JSON_ARRAY)
		return complain(c->options, "an array of objects is expected"
					    " here");
	while ((event = next_piece(c)) != JSON_ARRAY_END)
		if (read_call(c, event) < 0)
			return -1;
	return 0;
}

int
config_parse(struct options *o, const char *path, const char *text, size_t size)
{
	static const struct member member[] = {
		{ "Binary", read_binary },
		{ "Startaddr", read_startaddr },
		{ "MountPoint", read_mount_point },
		{ "Newpid", read_newpid },
		{ "Debug", read_debug },
		{ "Hypercalls", read_hypercalls },
		{ "guest", read_guest },
		{ "args", read_args },
	};
	static const struct members kind = { MEMBERS(member), true };
	struct config c = { .options = o };
	int r;

	json_init(&c.json, text, size);
	o->place.file = path;
	r = read_object(&c, next_piece(&c), &kind);
	if (r == 0 && next_piece(&c) != JSON_END)
		r = -1;
	o->place.file = NULL;
	return r;
}

/* Read up to `size` bytes: how many, or -1. */
static ssize_t
read_text(int fd, char *text, size_t size)
{
	size_t used = 0;
	ssize_t n;

	do {
		n = read(fd, text + used, size - used);
		if (n < 0)
			return -1;
		used += (size_t)n;
	} while (n > 0 && used < size);
	return (ssize_t)used;
}

/* The writer of a FIFO may come a moment later.  A FIFO without one is then
 * empty, and does not block. */
static int
open_text(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct pollfd text = { fd, POLLIN, 0 };

	if (fd < 0)
		return fd;
	(void)poll(&text, 1, WRITER_WAIT_MS);
	if (fcntl(fd, F_SETFL, O_RDONLY) == 0)
		return fd;
	close(fd);
	return -1;
}

int
config_read(struct options *o, const char *path)
{
	static char text[CONFIG_SIZE + 1];
	int fd = open_text(path);
	ssize_t n = fd < 0 ? -1 : read_text(fd, text, sizeof(text));
	int r = 0;

	/* strace's option -c makes its table. */
	if (n < 0)
		r = complain(o, "--config=%s: %s", path, strerror(errno));
	else if (n >= 4 && memcmp(text, "\177ELF", 4) == 0)
		r = complain(o,
		    "--config=%s: it is a program, and not a configuration;"
		    " strace's -c is --trace-summary",
		    path);
	else if (n > CONFIG_SIZE)
		r = complain(o, "--config=%s: more than %d KiB", path,
		    CONFIG_SIZE / 1024);
	if (fd >= 0)
		close(fd);
	if (r < 0)
		return r;
	return config_parse(o, path, text, (size_t)n);
}
