/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Standard streams and formatted output.  No other streams exist: files are
 * read and written by descriptor.
 *
 * stdin and lines of stdout are buffered, stderr is not.  exit() flushes, and
 * so does a read from stdin that has to ask the host.
 *
 * The printf family supports the flags - 0 + space #, width and precision (also
 * as *), the lengths hh h l ll z j t and the conversions d i u x X o c s p %.
 * Floating point, wide characters and %n are left out.  The result is the
 * length of the whole text in bytes, or -1 with errno set.
 */
#ifndef STDIO_H
#define STDIO_H

#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#define EOF    (-1)
#define BUFSIZ 1024

#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

typedef struct stream FILE;

extern FILE *const stdin;
extern FILE *const stdout;
extern FILE *const stderr;

int printf(const char *fmt, ...) PRINTF_LIKE(1, 2);
int fprintf(FILE *file, const char *fmt, ...) PRINTF_LIKE(2, 3);
int dprintf(int fd, const char *fmt, ...) PRINTF_LIKE(2, 3);
int snprintf(char *buf, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);
int vprintf(const char *fmt, va_list ap) PRINTF_LIKE(1, 0);
int vfprintf(FILE *file, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
int vdprintf(int fd, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
    PRINTF_LIKE(3, 0);

int putchar(int c);
int fputc(int c, FILE *file);
int putc(int c, FILE *file);
int puts(const char *line);
int fputs(const char *text, FILE *file);
size_t fwrite(const void *data, size_t size, size_t count, FILE *file);
int fflush(FILE *file); /* NULL: every stream */

int getchar(void);
int fgetc(FILE *file);
int getc(FILE *file);
char *fgets(char *buf, int size, FILE *file);
size_t fread(void *data, size_t size, size_t count, FILE *file);

/*
 * Read a line of any length into *line, which has room for *size bytes and is
 * NULL or comes from malloc or an earlier call.  The caller frees it.  Returns
 * the length with the newline, or -1 at the end of input.
 */
ssize_t getline(char **line, size_t *size, FILE *file);

int feof(FILE *file);
int ferror(FILE *file);
void clearerr(FILE *file);
int fileno(FILE *file);
void perror(const char *text);

int rename(const char *from, const char *to);

#endif
