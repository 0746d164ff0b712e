/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * .gnu_debuglink and the build id.  Nothing here may touch a byte except
 * through a cursor.
 */
#include "image/debuglink.h"

#include "image/elfview.h"

#include <stdio.h>
#include <string.h>

#define NT_GNU_BUILD_ID 3
#define BUILD_ID_MIN    2  /* bytes: one names the folder */
#define BUILD_ID_MAX    64 /* bytes: the linkers' have 8 to 32 */

/* The name, then a CRC. */
static void
take_name(struct cursor c, char name[DEBUGLINK_NAME])
{
	const char *text = cursor_string(&c);

	if (!c.failed && strlen(text) < DEBUGLINK_NAME && !strchr(text, '/') &&
	    strcmp(text, ".") != 0 && strcmp(text, "..") != 0)
		strcpy(name, text);
}

/* A note: the sizes of owner and contents, the type, and both. */
static void
take_id(struct cursor c, char name[DEBUGLINK_NAME])
{
	uint64_t owner = cursor_uint(&c, 4), len = cursor_uint(&c, 4);
	uint64_t type = cursor_uint(&c, 4);
	const uint8_t *text = cursor_take(&c, owner);
	const uint8_t *id = cursor_take(&c, len);
	size_t i, used;

	if (c.failed || type != NT_GNU_BUILD_ID || owner != 4 ||
	    memcmp(text, "GNU", 4) != 0 || len < BUILD_ID_MIN ||
	    len > BUILD_ID_MAX)
		return;
	used = (size_t)snprintf(name, DEBUGLINK_NAME, "%02x/", id[0]);
	for (i = 1; i < len; i++)
		used += (size_t)snprintf(
		    name + used, DEBUGLINK_NAME - used, "%02x", id[i]);
	snprintf(name + used, DEBUGLINK_NAME - used, ".debug");
}

void
debuglink_find(const uint8_t *file, size_t size, struct debuglink *link)
{
	struct elfview view;

	link->name[0] = link->id[0] = '\0';
	if (elfview_open(&view, file, size) != 0)
		return;
	take_name(elfview_named(&view, ".gnu_debuglink"), link->name);
	take_id(elfview_named(&view, ".note.gnu.build-id"), link->id);
}
