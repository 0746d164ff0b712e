/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the ELF files of elfmaker.h to disk, for shell tests and as seeds for
 * the fuzzer.
 *
 *	mkelf FOLDER	writes each as FOLDER/NAME.elf and prints a line: its
 *			name, a tab, the sentence that refuses it
 */
#include "../unit/elfmaker.h"

#include <stdio.h>

int
main(int argc, char **argv)
{
	uint8_t bytes[ELFMAKER_SIZE];
	char path[4096];
	size_t i;

	if (argc != 2) {
		fputs("usage: mkelf FOLDER\n", stderr);
		return 2;
	}
	for (i = 0; i < ELFMAKER_CASES; i++) {
		size_t size = elfmaker_make(i, bytes);
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s.elf", argv[1],
		    elfmaker_cases[i].name);
		file = fopen(path, "wb");
		if (!file || fwrite(bytes, 1, size, file) != size ||
		    fclose(file) != 0) {
			perror(path);
			return 1;
		}
		printf("%s\t%s\n", elfmaker_cases[i].name,
		    elfmaker_cases[i].sentence ? elfmaker_cases[i].sentence
					       : "");
	}
	return 0;
}
