/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From GUEST to the files that are loaded, over a scratch folder: where it is
 * searched for, which files are refused and how, and the interpreters of
 * scripts and of dynamic executables.  No guest is run.
 */
#include "elfmaker.h"
#include "guestram.h"
#include "scratch.h"
#include "tap.h"

#include "program.h"
#include "run.h"
#include "say.h"

#include "hypercall/dispatch/dispatch.h"
#include "hypercall/file/path.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

static struct gmem mem;
static struct hc_guest guest;
static struct program program;
static char said[4096]; /* the message */

void
say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(said, sizeof(said), format, ap);
	va_end(ap);
}

/* An executable; with `interp`, one that is run by that. */
static void
make_elf(const char *name, const char *interp)
{
	struct {
		struct elfmaker e;
		uint8_t rest[ELFMAKER_SIZE];
	} file = { .e = elfmaker_good };
	Elf64_Phdr *phdr = &file.e.elf.phdr[2];
	int fd = open(name, O_WRONLY | O_CREAT, 0755);

	if (interp) {
		file.e.elf.head.e_phnum = 3;
		phdr->p_type = PT_INTERP;
		phdr->p_offset = 0x800;
		phdr->p_filesz = strlen(interp) + 1;
		strcpy((char *)&file + phdr->p_offset, interp);
	}
	if (fd < 0 || write(fd, &file, ELFMAKER_SIZE) != ELFMAKER_SIZE)
		bail("cannot make %s", name);
	close(fd);
}

/* In root/, the guest's tree: programs and what runs them. */
static void
make_tree(void)
{
	if (mkdir("root", 0755) < 0 || mkdir("root/bin", 0755) < 0 ||
	    mkfifo("fifo", 0644) < 0)
		bail("cannot make folders");
	make_elf("root/bin/run", NULL);
	make_elf("root/dynamic", "/bin/run");
	make_elf("root/lost", "/none/loader");
	make_elf("root/hosts", "/proc/self/exe");
	make_elf("root/nested", "/bin/text");
	make_elf("root/byscript", "/2");
	make_elf("root/nameless", "");
	host_file("root/bin/text", "text");
	host_file("root/1", "#!/bin/run\n");
	host_file("root/2", "#!/1\n");
	host_file("root/3", "#!/2 three\n");
	host_file("root/4", "#!/3\n");
	host_file("root/5", "#!/4 five\n");
	host_file("root/6", "#!/5\n");
	host_file("root/loop", "#!/loop\n");
	host_file("root/dyn", "#!/dynamic\n");
	host_file("empty", "");
	host_file("text", "text");
}

/* In find/, the working folder: where a name is looked for. */
static void
make_path(void)
{
	if (mkdir("find", 0755) < 0 || chdir("find") < 0 ||
	    mkdir("a", 0755) < 0 || mkdir("b", 0755) < 0 ||
	    mkdir("both", 0755) < 0 || mkdir("a/both", 0755) < 0)
		bail("cannot make folders");
	host_file("here", "");
	host_file("b/here", "");
	host_file("a/data", "");
	host_file("b/data", "");
	host_file("b/both", "");
	if (chmod("b/here", 0755) < 0 || chmod("b/data", 0755) < 0 ||
	    chmod("b/both", 0755) < 0)
		bail("cannot make executables");
}

static const struct {
	const char *path, *name, *found, *why;
} finds[] = {
	{ "b", "here", "here", "the working folder comes first" },
	{ "a:b", "data", "b/data", "a file that is not executable is passed" },
	{ "a:b", "both", "b/both", "so is a folder, here also" },
	{ ":b", "data", "b/data", "an empty part is not the last" },
	{ "b:", "none", "none", "a name that is not found stays" },
	{ "b", "./data", "./data", "so does a path" },
	{ "b", "", "", "and no name" },
	{ "", "data", "data", "PATH may be empty" },
	{ NULL, "data", "data", "or absent" },
};

static void
test_find(void)
{
	static char parts[PATH_MAX];
	char path[PATH_MAX];
	const char *old = getenv("PATH");
	char *kept = strdup(old ? old : "");
	size_t i;

	for (i = 0; i < sizeof(finds) / sizeof(finds[0]); i++) {
		if (finds[i].path)
			setenv("PATH", finds[i].path, 1);
		else
			unsetenv("PATH");
		is_str(program_find(finds[i].name, path), finds[i].found, "%s",
		    finds[i].why);
	}
	/* Cut, it would be the name of another file. */
	parts[0] = 'b';
	memset(parts + 1, '/', PATH_MAX - sizeof("/datax"));
	setenv("PATH", parts, 1);
	is_str(program_find("datax", path), "datax",
	    "a path that is too long is passed");
	setenv("PATH", kept, 1);
	free(kept);
}

/* Files that are not programs; `message` is in what is said. */
static const struct {
	const char *name;
	struct options how;
	int status;
	const char *message;
} opened[] = {
	{ "none", { 0 }, STATUS_NOT_FOUND, "none: No such file" },
	{ "text/none", { 0 }, STATUS_NOT_FOUND, "text/none: Not a directory" },
	{ "root", { 0 }, STATUS_NOT_RUNNABLE, "a folder, not a program" },
	{ "fifo", { 0 }, STATUS_NOT_RUNNABLE, "a FIFO, not a program" },
	{ "/dev/null", { 0 }, STATUS_NOT_RUNNABLE, "a character device" },
	{ "empty", { 0 }, STATUS_NOT_RUNNABLE, "empty: the file is empty" },
	{ "text", { 0 }, STATUS_NOT_RUNNABLE, "text: not an ELF file" },
	{ "root/1", { 0 }, 0, "" },
	{ "root/bin/run", { 0 }, 0, "" },
	{ "root/bin/run", { .flat = true, .flat_start = IMAGE_FLAT_BASE },
	    STATUS_NOT_RUNNABLE, "leave --flat out" },
	{ "root/bin/run", { .flat_or_elf = true }, 0, "" },
	{ "text", { .flat_or_elf = true, .flat_start = IMAGE_FLAT_BASE }, 0,
	    "" },
	{ "text", { .flat = true, .flat_start = UINT64_MAX },
	    STATUS_NOT_RUNNABLE, "text: " },
};

static void
close_program(void)
{
	if (program.fd >= 0)
		close(program.fd);
	if (program.interp_fd >= 0)
		close(program.interp_fd);
}

/* Open `name`, and follow it in the guest's tree if that is asked for. */
static int
start(const char *name, const struct options *how, bool follow, int *status)
{
	struct options options = *how;
	int r;

	options.guest = (char *)(uintptr_t)name;
	said[0] = '\0';
	r = program_open(&options, &program, status);
	return r == 0 && follow
		   ? program_follow(&options, &guest, &program, status)
		   : r;
}

static void
test_open(void)
{
	size_t i;
	int status, r;

	for (i = 0; i < sizeof(opened) / sizeof(opened[0]); i++) {
		r = start(opened[i].name, &opened[i].how, false, &status);
		is_int(r < 0 ? status : 0, opened[i].status, "%s %s",
		    opened[i].name, r < 0 ? "is refused" : "is opened");
		ok(strstr(said, opened[i].message) &&
			!said[0] == !opened[i].message[0],
		    "with the message \"%s\"", said);
		close_program();
	}
}

/* Files of root/, and the words before the arguments, with bars between them;
 * or a part of the message. */
static const struct {
	const char *name, *words, *message;
} followed[] = {
	{ "root/bin/run", "", NULL },
	{ "root/1", "/bin/run|root/1", NULL },
	{ "root/3", "/bin/run|/1|/2|three|root/3", NULL },
	{ "root/5", "/bin/run|/1|/2|three|/3|/4|five|root/5", NULL },
	{ "root/6", NULL, "root/6: more than 5 scripts" },
	{ "root/loop", NULL, "root/loop: more than 5 scripts" },
	{ "root/dynamic", "", NULL },
	{ "root/dyn", "/dynamic|root/dyn", NULL },
	{ "root/lost", NULL,
	    "root/lost: its interpreter /none/loader is not among the guest's"
	    " files: give it a folder" },
	{ "root/hosts", NULL, "--root=/:ro would give it this host's" },
	{ "root/nested", NULL, "/bin/text: not an ELF file" },
	{ "root/byscript", NULL, "/2: not an ELF file" },
	{ "root/nameless", NULL, "root/nameless: the name of its interpreter" },
};

/* The words of a program with one argument. */
static const char *
words_of(const struct program *p)
{
	static char text[4096];
	char *argv[] = { (char *)(uintptr_t) "argv0",
		(char *)(uintptr_t) "argument", NULL };
	char **word = program_argv(p, argv);

	text[0] = '\0';
	if (word == argv)
		return text;
	for (; word[1]; word++)
		sprintf(text + strlen(text), "%s%s", text[0] ? "|" : "", *word);
	return strcmp(*word, "argument") == 0 ? text : "no argument";
}

static void
test_follow(void)
{
	const struct options none = { 0 };
	size_t i;
	int status, r;

	for (i = 0; i < sizeof(followed) / sizeof(followed[0]); i++) {
		r = start(followed[i].name, &none, true, &status);
		is_int(r, followed[i].words ? 0 : -1, "%s %s", followed[i].name,
		    followed[i].words ? "is run" : "is refused");
		if (followed[i].words)
			is_str(words_of(&program), followed[i].words,
			    "by these words");
		else
			ok(strstr(said, followed[i].message),
			    "with the message \"%s\"", said);
		close_program();
	}
	(void)start("root/dynamic", &none, true, &status);
	ok(program.interp.segments == 2 && !program_is_alone(&program),
	    "a dynamic executable has an interpreter");
	is_str(program.interp_name, "/bin/run", "by its name in the tree");
	close_program();
	(void)start("root/bin/run", &none, false, &status);
	ok(program_is_alone(&program), "a static executable is");
	close_program();
	(void)start("root/1", &none, false, &status);
	ok(!program_is_alone(&program), "a script is not alone");
	close_program();
}

/* Lines of scripts: the words, or NULL: the interpreter has no name. */
static const struct {
	const char *line, *words;
} lines[] = {
	{ "#!/bin/run", "/bin/run|script" },
	{ "#! \t/bin/run \t one two \t\nthree", "/bin/run|one two|script" },
	{ "#!/bin/run one\r\n", "/bin/run|one\r|script" },
	{ "#!bin/run\n", "bin/run|script" },
	{ "#!", NULL },
	{ "#!\n/bin/run\n", NULL },
	{ "#! \t\n", NULL },
};

static const char *
words_by_line(const char *line)
{
	const struct options none = { 0 };
	static const char *words;
	int status;

	host_file("script", line);
	words = start("script", &none, true, &status) < 0 ? NULL
							  : words_of(&program);
	close_program();
	return words;
}

/* Linux looks at 256 bytes, and passes 255 of them on. */
static void
test_lines(void)
{
	static const char cut[] = "its first line #! does not name";
	const struct options none = { 0 };
	char line[400], words[400];
	size_t i;
	int status;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		is_str(words_by_line(lines[i].line), lines[i].words,
		    "line %zu has its words", i);
		ok(lines[i].words ? !said[0] : strstr(said, cut) != NULL,
		    "or no name: \"%s\"", said);
	}
	snprintf(line, sizeof(line), "#!/bin/run %0*d\n", 300, 0);
	snprintf(words, sizeof(words), "/bin/run|%0*d|script", 255 - 11, 0);
	is_str(words_by_line(line), words, "a long argument is cut");
	snprintf(line, sizeof(line), "#!%0*d/run x\n", 249, 0);
	is_str(words_by_line(line), NULL, "a name of 253 bytes is not found");
	ok(strstr(said, "/run is not among the guest's files"), "it is whole");
	snprintf(line, sizeof(line), "#!%0*d/run x\n", 250, 0);
	is_str(words_by_line(line), NULL, "a longer one is refused");
	ok(strstr(said, cut), "and is not cut: %s", said);
	host_file("script", "#!/bin/run\n");
	(void)start("script", &none, false, &status);
	host_file("script", "");
	is_int(program_follow(&none, &guest, &program, &status), -1,
	    "a script may be another file by now");
	ok(strstr(said, cut), "which is seen: %s", said);
	close_program();
	(void)unlink("script");
}

/* The file system may fail later. */
static void
test_unreadable(void)
{
	const struct options options = { .guest =
					     (char *)(uintptr_t) "root/1" };
	int status, fd = open("text", O_WRONLY);

	(void)program_open(&options, &program, &status);
	(void)dup2(fd, program.fd);
	close(fd);
	is_int(program_follow(&options, &guest, &program, &status), -1,
	    "a script may not be readable any more");
	is_str(said, "root/1: Bad file descriptor", "which is said");
	close_program();
}

/* The files of a recording are the host's. */
static const struct {
	const char *file, *interp, *message; /* NULL: they are opened */
} recorded[] = {
	{ "root/bin/run", "", NULL },
	{ "root/dynamic", "root/bin/run", NULL },
	{ "none", "", "none: No such file" },
	{ "root/dynamic", "none", "none: No such file" },
	{ "root/dynamic", "root", "root: it is a folder" },
	{ "root/dynamic", "text", "text: not an ELF file" },
	{ "root/dynamic", "root/1", "root/1: not an ELF file" },
	{ "root/1", "", "root/1: it is a script" },
};

static void
test_recorded(void)
{
	const struct options none = { 0 };
	size_t i;
	int status, r;

	for (i = 0; i < sizeof(recorded) / sizeof(recorded[0]); i++) {
		said[0] = '\0';
		r = program_open_recorded(&none, &program, recorded[i].file,
		    recorded[i].interp, "/ld", &status);
		is_int(r, recorded[i].message ? -1 : 0, "%s with \"%s\"",
		    recorded[i].file, recorded[i].interp);
		if (recorded[i].message)
			ok(strstr(said, recorded[i].message),
			    "is refused: \"%s\"", said);
		else
			ok(program.image.segments == 2 && !program.script &&
				(program.interp_fd >= 0) ==
				    (recorded[i].interp[0] != '\0'),
			    "is opened");
		close_program();
	}
}

/* More arguments than there is room for. */
static void
test_arguments(void)
{
	static char *argv[PROGRAM_ARGS + 2];
	static char word[] = "word";
	size_t i;

	for (i = 0; i < PROGRAM_ARGS + 1; i++)
		argv[i] = word;
	program.words = 0;
	ok(program_argv(&program, argv) == argv, "arguments stay as they are");
	program.words = 2;
	program.word[0] = program.word[1] = word;
	ok(!program_argv(&program, argv), "a script's may be too many");
	argv[PROGRAM_ARGS - 1] = NULL;
	ok(program_argv(&program, argv), "or just as many as there may be");
}

int
main(void)
{
	char name[PATH_MAX];

	if (!scratch_make() || chdir(scratch) < 0)
		bail("cannot make %s", scratch);
	make_tree();
	guestram_init(&mem, 1 << 20);
	hc_guest_init(&guest, &mem);
	snprintf(name, sizeof(name), "%s/root", scratch);
	if (hc_tree_mount(&guest, name, "/", false) < 0)
		bail("cannot mount");
	test_open();
	test_follow();
	test_lines();
	test_unreadable();
	test_recorded();
	test_arguments();
	make_path();
	test_find();
	return done_testing();
}
