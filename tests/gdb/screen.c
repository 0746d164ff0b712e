/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A terminal for tests: runs a command on a pseudo-terminal, keeps the screen
 * that a VT100 would show (VT100 User Guide, chapter 3; what terminfo's vt100
 * uses of it), and follows lines of standard input:
 *
 *	type TEXT	send TEXT and a carriage return
 *	key BYTE	send one byte, a number
 *	see REGEX	wait until a row of the screen matches
 *	lose REGEX	wait until none does
 *	size ROWS COLS	change the terminal's size
 *	end		wait until the command ends
 *
 * For each of see, lose and end a line "ok ..." or "not ok ..." is printed, and
 * with the latter the screen.  It must not know which command runs.
 *
 * usage: screen SECONDS ROWS COLS COMMAND [ARG...]
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROWS_MAX 60
#define COLS_MAX 200
#define ARGS_MAX 8
#define QUIET_MS 20 /* a row is judged after so long without a change */
#define ESCAPE   '\033'

static char cell[ROWS_MAX][COLS_MAX + 1];
static int rows, cols;
static int row, col, top, bottom; /* the last two: what scrolls */
static int saved_row, saved_col;
static bool wraps; /* the last column is written: the next byte wraps */

/* A control sequence: ESC, perhaps '[', numbers, a letter. */
static enum { PLAIN, AFTER_ESCAPE, IN_CSI, SKIP_ONE } state;
static int arg[ARGS_MAX], args;

static int line = -1;
static pid_t pid;
static time_t deadline;

static int
limit(int n, int lo, int hi)
{
	return n < lo ? lo : n > hi ? hi : n;
}

static void
blank(int r, int from, int to)
{
	if (to > from)
		memset(&cell[r][from], ' ', (size_t)(to - from));
}

static void
move(int r, int c)
{
	row = limit(r, 0, rows - 1);
	col = limit(c, 0, cols - 1);
	wraps = false;
}

/* By one line: up with `by` 1, down with -1. */
static void
scroll(int by)
{
	const int from = by > 0 ? top + 1 : top;
	const int to = by > 0 ? top : top + 1;

	if (bottom > top)
		memmove(cell[to], cell[from],
		    (size_t)(bottom - top) * sizeof(cell[0]));
	blank(by > 0 ? bottom : top, 0, cols);
}

static void
feed(void)
{
	if (row == bottom)
		scroll(1);
	else
		move(row + 1, col);
}

static void
put(char c)
{
	if (wraps) {
		col = 0;
		wraps = false;
		feed();
	}
	cell[row][col] = c;
	wraps = col == cols - 1;
	col += !wraps;
}

static void
erase_line(int how)
{
	blank(row, how == 0 ? col : 0, how == 1 ? col + 1 : cols);
}

static void
erase_screen(int how)
{
	int r;

	erase_line(how);
	for (r = how == 0 ? row + 1 : 0; r < (how == 1 ? row : rows); r++)
		blank(r, 0, cols);
}

static void
set_margins(void)
{
	top = limit((arg[0] ? arg[0] : 1) - 1, 0, rows - 1);
	bottom = limit((arg[1] ? arg[1] : rows) - 1, top, rows - 1);
	move(0, 0);
}

static void
control(char c)
{
	const int n = arg[0] ? arg[0] : 1;

	switch (c) {
	case 'A': move(row - n, col); break;
	case 'B': move(row + n, col); break;
	case 'C': move(row, col + n); break;
	case 'D': move(row, col - n); break;
	case 'H':
	case 'f': move(n - 1, (arg[1] ? arg[1] : 1) - 1); break;
	case 'J': erase_screen(arg[0]); break;
	case 'K': erase_line(arg[0]); break;
	case 'r': set_margins(); break;
	default: break; /* colours and modes */
	}
}

static void
after_escape(char c)
{
	state = PLAIN;
	memset(arg, 0, sizeof(arg));
	args = 0;
	switch (c) {
	case '[': state = IN_CSI; break;
	case '(':
	case ')': state = SKIP_ONE; break;
	case 'D': feed(); break;
	case 'M':
		if (row == top)
			scroll(-1);
		else
			move(row - 1, col);
		break;
	case '7':
		saved_row = row;
		saved_col = col;
		break;
	case '8': move(saved_row, saved_col); break;
	default: break;
	}
}

static void
in_control(char c)
{
	if (c >= '0' && c <= '9') {
		arg[args] = limit(10 * arg[args] + c - '0', 0, 9999);
	} else if (c == ';') {
		args = limit(args + 1, 0, ARGS_MAX - 1);
	} else if (c >= '@') {
		state = PLAIN;
		control(c);
	}
}

static void
plain(char c)
{
	switch (c) {
	case ESCAPE: state = AFTER_ESCAPE; break;
	case '\r': move(row, 0); break;
	case '\n': feed(); break;
	case '\b': move(row, col - 1); break;
	case '\t': move(row, (col / 8 + 1) * 8); break;
	default:
		if ((unsigned char)c >= ' ')
			put(c);
		break;
	}
}

static void
take(char c)
{
	switch (state) {
	case PLAIN: plain(c); break;
	case AFTER_ESCAPE: after_escape(c); break;
	case IN_CSI: in_control(c); break;
	case SKIP_ONE: state = PLAIN; break;
	}
}

/* Read what there is within `ms`; false: nothing came.  The end closes it. */
static bool
look(int ms)
{
	struct pollfd p = { line, POLLIN, 0 };
	char bytes[4096];
	ssize_t n, i;

	if (line < 0 || poll(&p, 1, ms) <= 0)
		return false;
	n = read(line, bytes, sizeof(bytes));
	for (i = 0; i < n; i++)
		take(bytes[i]);
	if (n <= 0) {
		close(line);
		line = -1;
	}
	return n > 0;
}

static bool
is_shown(const regex_t *regex)
{
	char text[COLS_MAX + 1];
	int r;

	for (r = 0; r < rows; r++) {
		memcpy(text, cell[r], (size_t)cols);
		text[cols] = '\0';
		if (regexec(regex, text, 0, NULL, 0) == 0)
			return true;
	}
	return false;
}

static void
judge(bool good, const char *what)
{
	int r;

	printf("%s %s\n", good ? "ok" : "not ok", what);
	for (r = 0; r < rows && !good; r++)
		printf("# |%.*s|\n", cols, cell[r]);
	fflush(stdout);
}

static void
await(const char *what, const char *pattern, bool shown)
{
	regex_t regex;
	bool good;

	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		errx(2, "%s: not a regular expression", pattern);
	do {
		while (look(QUIET_MS))
			;
		good = is_shown(&regex) == shown;
	} while (!good && line >= 0 && time(NULL) < deadline);
	regfree(&regex);
	judge(good, what);
}

static void
await_end(void)
{
	int status = -1;

	while (line >= 0 && time(NULL) < deadline)
		look(QUIET_MS);
	if (line >= 0)
		kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) < 0)
		err(2, "waitpid");
	judge(status == 0, "end");
}

static void
set_size(int r, int c)
{
	const struct winsize size = { .ws_row = (unsigned short)r,
		.ws_col = (unsigned short)c };

	if (r < 1 || r > ROWS_MAX || c < 1 || c > COLS_MAX)
		errx(2, "a screen has 1 to %d rows and 1 to %d columns",
		    ROWS_MAX, COLS_MAX);
	rows = r;
	cols = c;
	top = 0;
	bottom = rows - 1;
	move(row, col);
	if (ioctl(line, TIOCSWINSZ, &size) < 0)
		err(2, "TIOCSWINSZ");
}

static void
send_bytes(const char *bytes, size_t n)
{
	if (write(line, bytes, n) != (ssize_t)n)
		warn("the terminal");
}

static void
follow(char *text)
{
	char *rest = strchr(text, ' ');
	char byte;
	int r, c;

	rest = rest ? rest + 1 : text + strlen(text);
	if (strncmp(text, "type ", 5) == 0) {
		send_bytes(rest, strlen(rest));
		send_bytes("\r", 1);
	} else if (strncmp(text, "key ", 4) == 0) {
		byte = (char)atoi(rest);
		send_bytes(&byte, 1);
	} else if (strncmp(text, "see ", 4) == 0) {
		await(text, rest, true);
	} else if (strncmp(text, "lose ", 5) == 0) {
		await(text, rest, false);
	} else if (sscanf(text, "size %d %d", &r, &c) == 2) {
		set_size(r, c);
	} else if (strcmp(text, "end") == 0) {
		await_end();
	} else {
		errx(2, "%s: not a line of a script", text);
	}
}

static void
start(char **argv)
{
	int far;

	line = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (line < 0 || grantpt(line) < 0 || unlockpt(line) < 0)
		err(2, "posix_openpt");
	far = open(ptsname(line), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (far < 0)
		err(2, "the terminal");
	set_size(rows, cols);
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid > 0) {
		close(far);
		return;
	}
	if (setsid() < 0 || ioctl(far, TIOCSCTTY, 0) < 0 ||
	    dup2(far, STDIN_FILENO) < 0 || dup2(far, STDOUT_FILENO) < 0 ||
	    dup2(far, STDERR_FILENO) < 0 || setenv("TERM", "vt100", 1) < 0 ||
	    unsetenv("LINES") < 0 || unsetenv("COLUMNS") < 0)
		err(2, "the terminal");
	execvp(argv[0], argv);
	err(127, "%s", argv[0]);
}

int
main(int argc, char **argv)
{
	char text[512];

	if (argc < 5)
		errx(2, "usage: screen SECONDS ROWS COLS COMMAND [ARG...]");
	deadline = time(NULL) + atoi(argv[1]);
	rows = atoi(argv[2]);
	cols = atoi(argv[3]);
	memset(cell, ' ', sizeof(cell));
	signal(SIGPIPE, SIG_IGN);
	start(argv + 4);
	while (fgets(text, sizeof(text), stdin)) {
		text[strcspn(text, "\n")] = '\0';
		follow(text);
	}
	return 0;
}
