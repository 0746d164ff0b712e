/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory, numbers from text, and the end of the program.
 */
#ifndef STDLIB_H
#define STDLIB_H

#include <stddef.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1

/*
 * Memory comes from brk, aligned to 16 bytes.  A pointer that was freed before
 * or is not from here, or an overwritten header, ends the guest in panic().
 */
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *memory, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
void free(void *memory);

long strtol(const char *text, char **end, int base);
long long strtoll(const char *text, char **end, int base);
unsigned long strtoul(const char *text, char **end, int base);
unsigned long long strtoull(const char *text, char **end, int base);
int atoi(const char *text);
long atol(const char *text);
int abs(int value);
long labs(long value);

char *getenv(const char *name);

/* exit() calls the functions of atexit(), flushes stdio and ends the guest. */
_Noreturn void exit(int status);
int atexit(void (*function)(void));

/*
 * End by SIGABRT, which is status 134.  panic() is abort() with a reason: it
 * writes the message and an address to stderr, without stdio and malloc.  A
 * breakpoint on panic catches every such end.
 */
_Noreturn void abort(void);
_Noreturn void panic(const char *message, const void *where);

#endif
