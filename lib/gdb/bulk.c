/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digits, sums and escapes, by the compiler's vectors, which become plain
 * arithmetic where SSE may not be used.  Each loop is written once and
 * compiled twice: for every x86-64, and for AVX2, which is used if the
 * processor has it and finds runs and special bytes by other instructions.
 * The code assumes a little-endian processor.
 */
#include "gdb/bulk.h"

#if defined(__SSE2__) && __STDC_HOSTED__
#include <cpuid.h>
#include <immintrin.h>
#endif
#include <stdbool.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

#if defined(__SSE2__) && __STDC_HOSTED__
#define AVX2 __attribute__((target("avx2")))

/*
 * __builtin_cpu_supports() would run CPUID at every start of the program; this
 * runs it once, before the first loop (SDM vol. 1, 14.3 and 14.7.1).
 */
static bool
ask_for_avx2(void)
{
	const unsigned osxsave = 1U << 27, avx2 = 1U << 5, ymm = 6;
	unsigned a, b, c, d, low, high;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & osxsave))
		return false;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (low & ymm) == ymm && __get_cpuid_count(7, 0, &a, &b, &c, &d) &&
	       (b & avx2);
}

static bool
has_avx2(void)
{
	static bool asked, has;

	if (!asked)
		has = ask_for_avx2();
	asked = true;
	return has;
}
#else
#define AVX2
#define has_avx2() false
#endif

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint16_t pairs16 __attribute__((vector_size(32)));
typedef int8_t digits32 __attribute__((vector_size(32)));
typedef uint8_t bytes32 __attribute__((vector_size(32)));
typedef char chars16 __attribute__((vector_size(16)));

#define PIECE 32U

static void
put_digit_pair(uint8_t *dst, uint8_t byte)
{
	static const char digits[] = "0123456789abcdef";

	dst[0] = (uint8_t)digits[byte >> 4];
	dst[1] = (uint8_t)digits[byte & 0xf];
}

/* 16 bytes become 32 digits: 4 bits to each byte, then '0' or 'a' - 10. */
INLINE void
digits(uint8_t *dst, const uint8_t *src, size_t n)
{
	size_t i;

	for (i = 0; n - i >= sizeof(bytes16); i += sizeof(bytes16)) {
		bytes16 bytes;
		pairs16 pairs;
		digits32 out;

		memcpy(&bytes, src + i, sizeof(bytes));
		pairs = __builtin_convertvector(bytes, pairs16);
		pairs = (pairs >> 4 | pairs << 8) & 0x0f0f;
		out = (digits32)pairs;
		out += '0' + ((out > 9) & ('a' - '9' - 1));
		memcpy(dst + 2 * i, &out, sizeof(out));
	}
	for (; i < n; i++)
		put_digit_pair(dst + 2 * i, src[i]);
}

/* Compares words: moving a vector's lanes to a register costs more. */
INLINE bool
is_run(const uint8_t *src)
{
	uint64_t words[2];

	memcpy(words, src, sizeof(words));
	return words[0] == words[1] &&
	       words[0] == (words[0] << 8 | words[0] >> 56);
}

/* Whether any of four pieces may be a run. */
INLINE bool
may_have_run(const uint8_t *src)
{
	uint64_t words[8];

	memcpy(words, src, sizeof(words));
	return words[0] == words[1] || words[2] == words[3] ||
	       words[4] == words[5] || words[6] == words[7];
}

INLINE void
move32(uint8_t *dst, const uint8_t *src, bytes32 *sums)
{
	bytes32 bytes;

	memcpy(&bytes, src, sizeof(bytes));
	*sums += bytes;
	if (dst != src)
		memcpy(dst, &bytes, sizeof(bytes));
}

INLINE void
move16(uint8_t *dst, const uint8_t *src, bytes32 *sums)
{
	bytes32 bytes = { 0 };

	memcpy(&bytes, src, BULK_RUN);
	*sums += bytes;
	if (dst != src)
		memcpy(dst, &bytes, BULK_RUN);
}

typedef bool run_test(const uint8_t *src);

INLINE size_t
move_bytes(uint8_t *dst, const uint8_t *src, size_t n, unsigned *sum,
    run_test *may_have)
{
	bytes32 sums = { 0 };
	size_t i = 0, j;

	/* A long run often follows another: the sums are not needed then. */
	if (n < BULK_RUN || is_run(src))
		return 0;
	while (n - i >= BULK_RUN && !is_run(src + i)) {
		move16(dst + i, src + i, &sums);
		i += BULK_RUN;
		for (; n - i >= 64 && !may_have(src + i); i += 64) {
			move32(dst + i, src + i, &sums);
			move32(dst + i + 32, src + i + 32, &sums);
		}
	}
	for (j = 0; j < sizeof(sums); j++)
		*sum += sums[j];
	return i;
}

typedef uint32_t special_test(const uint8_t *src);

#ifdef __SSE2__
/* A mask of 32 bytes: bit n is set if byte n is special. */
INLINE uint32_t
specials16(const uint8_t *src)
{
	bytes16 bytes;

	memcpy(&bytes, src, sizeof(bytes));
	return (uint32_t)__builtin_ia32_pmovmskb128(
	    (chars16)((bytes == CHAR_START) | (bytes == CHAR_END) |
		      (bytes == CHAR_ESCAPE) | (bytes == CHAR_REPEAT)));
}

INLINE uint32_t
specials32(const uint8_t *src)
{
	return specials16(src) | specials16(src + 16) << 16;
}

/* Insert the escape of src[at] at out[at]; the bytes after it are copied again,
 * one further on. */
INLINE void
put_escaped(uint8_t *out, const uint8_t *src, unsigned at)
{
	uint8_t c = src[at];

	out[at] = CHAR_ESCAPE;
	out[at + 1] = c ^ CHAR_ESCAPE_XOR;
	memcpy(out + at + 2, src + at + 1, PIECE);
}

/*
 * An escape is written for every piece, whether it has a special byte or not:
 * that costs less than a branch that cannot be predicted.  Without a special
 * byte the escape lies after the piece, and the next piece overwrites it.
 */
INLINE size_t
escape_bytes(uint8_t *dst, size_t room, const uint8_t *src, size_t n,
    size_t *made, special_test *specials)
{
	const uint64_t none = UINT64_C(1) << PIECE;
	uint8_t *out = dst;
	size_t i;

	for (i = 0;
	     n - i > 2 * PIECE && room - (size_t)(out - dst) >= 3 * PIECE;
	     i += PIECE) {
		uint64_t special = specials(src + i) | none;

		memcpy(out, src + i, PIECE);
		put_escaped(out, src + i, (unsigned)__builtin_ctzll(special));
		out += special != none;
		for (special &= special - 1; (special & (none - 1)) != 0;
		     special &= special - 1) {
			put_escaped(
			    out, src + i, (unsigned)__builtin_ctzll(special));
			out++;
		}
		out += PIECE;
	}
	*made = (size_t)(out - dst);
	return i;
}
#else
INLINE uint32_t
specials32(const uint8_t *src)
{
	(void)src;
	return 0;
}

INLINE size_t
escape_bytes(uint8_t *dst, size_t room, const uint8_t *src, size_t n,
    size_t *made, special_test *specials)
{
	(void)specials;
	(void)dst;
	(void)room;
	(void)src;
	(void)n;
	*made = 0;
	return 0;
}
#endif

#if defined(__SSE2__) && __STDC_HOSTED__
/* Which words equal the other one in their half: the words are swapped, and
 * compared. */
AVX2 static inline __m256i
same_words(const uint8_t *src)
{
	__m256i words = _mm256_loadu_si256((const __m256i *)(const void *)src);

	return _mm256_cmpeq_epi64(words, _mm256_shuffle_epi32(words, 0x4e));
}

AVX2 static inline bool
may_have_run_avx2(const uint8_t *src)
{
	__m256i same = _mm256_or_si256(
	    same_words(src), same_words(src + PIECE));

	return !_mm256_testz_si256(same, same);
}

AVX2 static inline uint32_t
specials32_avx2(const uint8_t *src)
{
	bytes32 bytes;

	memcpy(&bytes, src, sizeof(bytes));
	return (uint32_t)_mm256_movemask_epi8(
	    (__m256i)((bytes == CHAR_START) | (bytes == CHAR_END) |
		      (bytes == CHAR_ESCAPE) | (bytes == CHAR_REPEAT)));
}
#else
#define may_have_run_avx2 may_have_run
#define specials32_avx2   specials32
#endif

AVX2 static void
digits_avx2(uint8_t *dst, const uint8_t *src, size_t n)
{
	digits(dst, src, n);
}

AVX2 static size_t
move_avx2(uint8_t *dst, const uint8_t *src, size_t n, unsigned *sum)
{
	return move_bytes(dst, src, n, sum, may_have_run_avx2);
}

AVX2 static size_t
escape_avx2(
    uint8_t *dst, size_t room, const uint8_t *src, size_t n, size_t *made)
{
	return escape_bytes(dst, room, src, n, made, specials32_avx2);
}

void
bulk_digits(uint8_t *dst, const uint8_t *src, size_t n)
{
	if (has_avx2())
		digits_avx2(dst, src, n);
	else
		digits(dst, src, n);
}

size_t
bulk_move(uint8_t *dst, const uint8_t *src, size_t n, unsigned *sum)
{
	if (has_avx2())
		return move_avx2(dst, src, n, sum);
	return move_bytes(dst, src, n, sum, may_have_run);
}

size_t
bulk_escape(
    uint8_t *dst, size_t room, const uint8_t *src, size_t n, size_t *made)
{
	if (has_avx2())
		return escape_avx2(dst, room, src, n, made);
	return escape_bytes(dst, room, src, n, made, specials32);
}
