/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small shell of SQLite: for t-languages.sh and the bench, which link it with
 * Debian's static library.
 *
 * usage: sql FILE <STATEMENTS
 */
#include <sqlite3.h>
#include <stdio.h>

static int
print_row(void *arg, int columns, char **values, char **names)
{
	int i;

	(void)arg;
	(void)names;
	for (i = 0; i < columns; i++)
		printf("%s%s", i ? "|" : "", values[i] ? values[i] : "NULL");
	putchar('\n');
	return 0;
}

int
main(int argc, char **argv)
{
	static char text[1 << 16];
	char *error = NULL;
	sqlite3 *db;

	if (argc != 2 || sqlite3_open(argv[1], &db) != SQLITE_OK)
		return 2;
	while (fgets(text, sizeof(text), stdin)) {
		if (sqlite3_exec(db, text, print_row, NULL, &error) ==
		    SQLITE_OK)
			continue;
		printf("error: %s\n", error);
		sqlite3_free(error);
		sqlite3_close(db);
		return 1;
	}
	return sqlite3_close(db) == SQLITE_OK ? 0 : 1;
}
