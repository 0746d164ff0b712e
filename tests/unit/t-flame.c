/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests folded stacks and flame graphs: names are hostile, numbers add up.
 *
 *	t-flame FILE	writes the graph, for a browser
 */
#include "tap.h"

#include "flame.h"

#include <fcntl.h>
#include <unistd.h>

static char text[1 << 16];

/* all > thread > main > (bad name, read > [read]), and a long name. */
static char long_name[4 * FLAME_NAME];
static struct flame_node call = { FLAME_CALL, "read", 3, 3, NULL, NULL };
static struct flame_node reads = { FLAME_CODE, "read", 1, 4, &call, NULL };
static struct flame_node bad = { FLAME_CODE, "a;b c<&\"]]>\n\xff", 5, 5, NULL,
	&reads };
static struct flame_node first = { FLAME_CODE, "main", 0, 9, &bad, NULL };
static struct flame_node wide = { FLAME_CODE, long_name, 1, 1, NULL, &first };
static struct flame_node thread = { FLAME_THREAD, "t", 0, 10, &wide, NULL };
static struct flame_node root = { FLAME_ALL, "all", 0, 10, &thread, NULL };

/* The text that `write` writes. */
static const char *
written(void (*write)(struct output *out))
{
	FILE *f = tmpfile();
	struct output out = { .fd = f ? fileno(f) : -1 };
	ssize_t n;

	if (!f)
		bail("cannot make a file");
	write(&out);
	n = pread(out.fd, text, sizeof(text) - 1, 0);
	if (n < 0 || out.error)
		bail("cannot write a file");
	text[n] = '\0';
	fclose(f);
	return text;
}

static void
fold(struct output *out)
{
	flame_fold(out, &root);
}

static void
draw(struct output *out)
{
	flame_draw(out, &root, "<title>");
}

static void
draw_nothing(struct output *out)
{
	static const struct flame_node none = { .name = "all" };

	flame_draw(out, &none, "nothing");
}

static unsigned
count(const char *part)
{
	const char *at = text;
	unsigned n = 0;

	for (; (at = strstr(at, part)); at++)
		n++;
	return n;
}

static void
test_fold(void)
{
	char cut[FLAME_NAME + 1];

	memset(cut, 'x', FLAME_NAME);
	cut[FLAME_NAME] = '\0';
	written(fold);
	ok(strncmp(text, "t;", 2) == 0 &&
		strncmp(text + 2, cut, FLAME_NAME) == 0,
	    "a long name is cut");
	is_str(text + 2 + FLAME_NAME,
	    " 1\n"
	    "t;main;a_b_c<&\"]]>__ 5\n"
	    "t;main;read 1\n"
	    "t;main;read;[read] 3\n",
	    "each stack has a line, whatever the names are");
}

static void
test_draw(void)
{
	written(draw);
	ok(strncmp(text, "<svg ", 5) == 0 && strstr(text, "</svg>\n"),
	    "a graph is SVG");
	is_int(count("<g class=\"f\""), 7, "each function has its frame");
	is_int(count("data-n=\"a_b_c&lt;&amp;&quot;]]&gt;__\""), 1,
	    "names are escaped");
	is_int(count("a_b_c<"), 0, "everywhere");
	ok(strstr(text, "[read]: 3 samples, 30.00%</title>"),
	    "a hypercall has brackets, and its share");
	ok(strstr(text, "&lt;title&gt;</text>"),
	    "the title is escaped as well");
	written(draw_nothing);
	is_int(count("<g "), 0, "no samples, no frames");
	ok(strstr(text, "</svg>\n"), "but a whole file");
}

static int
write_graph(const char *name)
{
	struct output out = { .fd = open(name, O_WRONLY | O_CREAT, 0600) };

	draw(&out);
	return out.error ? 1 : 0;
}

int
main(int argc, char **argv)
{
	memset(long_name, 'x', sizeof(long_name) - 1);
	if (argc > 1)
		return write_graph(argv[1]);
	test_fold();
	test_draw();
	return done_testing();
}
