/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digits, sums and escapes, by the compiler's vectors, which become plain
 * arithmetic where SSE may not be used.  The loops are compiled for every
 * x86-64, and once more for AVX2, which is used if the processor has it and
 * finds digits, runs and special bytes by tables.  The code assumes a
 * little-endian processor.
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
#define AVX2 __attribute__((target("avx2,popcnt")))

/*
 * For each set of special bytes among 8: which bytes are written, where byte 8
 * is CHAR_ESCAPE.
 */
static uint8_t spreads[256][16];

static void
make_spreads(void)
{
	unsigned set, i, n;

	for (set = 0; set < 256; set++)
		for (i = n = 0; i < 8; i++) {
			if (set >> i & 1)
				spreads[set][n++] = 8;
			spreads[set][n++] = (uint8_t)i;
		}
}

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

	if (!asked && ask_for_avx2()) {
		make_spreads();
		has = true;
	}
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

#define PIECE 32U

static const char hex_digits[] = "0123456789abcdef";

static void
put_digit_pair(uint8_t *dst, uint8_t byte)
{
	dst[0] = (uint8_t)hex_digits[byte >> 4];
	dst[1] = (uint8_t)hex_digits[byte & 0xf];
}

static uint64_t
word_at(const uint8_t *src)
{
	uint64_t word;

	memcpy(&word, src, sizeof(word));
	return word;
}

/* Whether 8 bytes have one digit alone. */
INLINE bool
is_digit_run(const uint8_t *src)
{
	const uint64_t word = word_at(src);

	return word == (word << 4 | word >> 60);
}

/* Whether 16 bytes are equal, and no special ones: those are not a run. */
INLINE bool
is_run(const uint8_t *src)
{
	const uint64_t word = word_at(src);

	return word == word_at(src + 8) && word == (word << 8 | word >> 56) &&
	       !bulk_is_special(src[0]);
}

/* 16 bytes become 32 digits: 4 bits to each byte, then '0' or 'a' - 10. */
INLINE void
put_digits16(uint8_t *dst, const uint8_t *src)
{
	bytes16 bytes;
	pairs16 pairs;
	digits32 out;

	memcpy(&bytes, src, sizeof(bytes));
	pairs = __builtin_convertvector(bytes, pairs16);
	pairs = (pairs >> 4 | pairs << 8) & 0x0f0f;
	out = (digits32)pairs;
	out += '0' + ((out > 9) & ('a' - '9' - 1));
	memcpy(dst, &out, sizeof(out));
}

INLINE size_t
digits(uint8_t *dst, const uint8_t *src, size_t n)
{
	size_t i = 0;

	for (; n - i >= sizeof(bytes16); i += sizeof(bytes16)) {
		if (is_digit_run(src + i) || is_digit_run(src + i + 8))
			break;
		put_digits16(dst + 2 * i, src + i);
	}
	for (; i < n; i++) {
		if (n - i >= BULK_RUN / 2 && is_digit_run(src + i))
			break;
		put_digit_pair(dst + 2 * i, src[i]);
	}
	return i;
}

INLINE unsigned
sum_bytes(const uint8_t *src, size_t n)
{
	bytes32 sums = { 0 };
	unsigned sum = 0;
	size_t i;

	for (; n >= PIECE; n -= PIECE, src += PIECE) {
		bytes32 bytes;

		memcpy(&bytes, src, sizeof(bytes));
		sums += bytes;
	}
	for (i = 0; i < sizeof(sums); i++)
		sum += sums[i];
	for (i = 0; i < n; i++)
		sum += src[i];
	return sum;
}

typedef bool piece_test(const uint8_t *src);
typedef uint8_t *piece_escape(uint8_t *out, const uint8_t *src);

/* Whether a half of 32 bytes may be a run.  It compares words: moving a
 * vector's lanes to a register costs more. */
INLINE bool
may_have_run(const uint8_t *src)
{
	return word_at(src) == word_at(src + 8) ||
	       word_at(src + 16) == word_at(src + 24);
}

/* Half a piece; returns where its escaped bytes end. */
INLINE uint8_t *
escape_half(uint8_t *out, const uint8_t *src)
{
	bytes16 bytes, special;
	uint8_t flags[sizeof(bytes)];
	unsigned i;

	memcpy(&bytes, src, sizeof(bytes));
	special = (bytes16)((bytes == CHAR_START) | (bytes == CHAR_END) |
			    (bytes == CHAR_ESCAPE) | (bytes == CHAR_REPEAT));
	memcpy(flags, &special, sizeof(flags));
	if ((word_at(flags) | word_at(flags + 8)) == 0) {
		memcpy(out, &bytes, sizeof(bytes));
		return out + sizeof(bytes);
	}
	for (i = 0; i < sizeof(bytes); i++) {
		const uint8_t escaped = flags[i] & 1;

		*out = CHAR_ESCAPE;
		out += escaped;
		*out++ = (uint8_t)(src[i] ^ escaped * CHAR_ESCAPE_XOR);
	}
	return out;
}

INLINE uint8_t *
escape_piece(uint8_t *out, const uint8_t *src)
{
	return escape_half(escape_half(out, src), src + PIECE / 2);
}

INLINE size_t
escape_bytes(uint8_t *dst, size_t room, const uint8_t *src, size_t n,
    size_t *made, piece_escape *escape, piece_test *may_have)
{
	uint8_t *out = dst;
	size_t i = 0;

	while (n - i >= PIECE && room - (size_t)(out - dst) >= 2 * PIECE) {
		if (may_have(src + i)) {
			if (is_run(src + i))
				break;
			if (is_run(src + i + BULK_RUN)) {
				out = escape_half(out, src + i);
				i += BULK_RUN;
				continue;
			}
		}
		out = escape(out, src + i);
		i += PIECE;
	}
	*made = (size_t)(out - dst);
	return i;
}

#if defined(__SSE2__) && __STDC_HOSTED__
AVX2 static inline __m256i
load32(const uint8_t *src)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)src);
}

/* The words are swapped in each half, and compared. */
AVX2 static inline bool
may_have_run_avx2(const uint8_t *src)
{
	const __m256i words = load32(src);
	const __m256i same = _mm256_cmpeq_epi64(
	    words, _mm256_shuffle_epi32(words, 0x4e));

	return !_mm256_testz_si256(same, same);
}

/* The bytes that are special are 0xff: a low digit leads to one alone. */
AVX2 static inline __m256i
specials_avx2(__m256i bytes)
{
	const __m256i by_digit = _mm256_broadcastsi128_si256(
	    _mm_setr_epi8(1, 0, 0, CHAR_END, CHAR_START, 0, 0, 0, 0, 0,
		CHAR_REPEAT, 0, 0, CHAR_ESCAPE, 0, 0));

	return _mm256_cmpeq_epi8(_mm256_shuffle_epi8(by_digit, bytes), bytes);
}

/* The low 8 bytes, with a high one before each that is special. */
AVX2 static inline uint8_t *
spread(uint8_t *out, __m128i bytes, unsigned specials)
{
	const void *row = spreads[specials];

	_mm_storeu_si128((__m128i *)(void *)out,
	    _mm_shuffle_epi8(bytes, _mm_loadu_si128(row)));
	return out + 8 + __builtin_popcount(specials);
}

/* No branch depends on the bytes: in noise none could be predicted. */
AVX2 static inline uint8_t *
escape_piece_avx2(uint8_t *out, const uint8_t *src)
{
	const __m128i escapes = _mm_set1_epi8(CHAR_ESCAPE);
	const __m256i bytes = load32(src);
	const __m256i special = specials_avx2(bytes);
	const __m256i plain = _mm256_xor_si256(bytes,
	    _mm256_and_si256(special, _mm256_set1_epi8(CHAR_ESCAPE_XOR)));
	const __m128i low = _mm256_castsi256_si128(plain);
	const __m128i high = _mm256_extracti128_si256(plain, 1);
	const uint32_t set = (uint32_t)_mm256_movemask_epi8(special);

	out = spread(out, _mm_unpacklo_epi64(low, escapes), set & 0xff);
	out = spread(out, _mm_unpackhi_epi64(low, escapes), set >> 8 & 0xff);
	out = spread(out, _mm_unpacklo_epi64(high, escapes), set >> 16 & 0xff);
	return spread(out, _mm_unpackhi_epi64(high, escapes), set >> 24);
}

/* 32 bytes become 64 digits, up to 8 that have one digit alone. */
AVX2 static size_t
digits_avx2(uint8_t *dst, const uint8_t *src, size_t n)
{
	const __m256i table = _mm256_broadcastsi128_si256(
	    _mm_loadu_si128((const __m128i *)(const void *)hex_digits));
	const __m256i low = _mm256_set1_epi8(0xf);
	size_t i;

	for (i = 0; n - i >= PIECE; i += PIECE) {
		__m256i *out = (__m256i *)(void *)(dst + 2 * i);
		const __m256i bytes = load32(src + i);
		const __m256i same = _mm256_cmpeq_epi64(
		    bytes, _mm256_or_si256(_mm256_slli_epi64(bytes, 4),
			       _mm256_srli_epi64(bytes, 60)));
		/* Unpacking works within each half. */
		const __m256i four = _mm256_permute4x64_epi64(bytes, 0xd8);
		const __m256i first = _mm256_shuffle_epi8(
		    table, _mm256_and_si256(_mm256_srli_epi16(four, 4), low));
		const __m256i second = _mm256_shuffle_epi8(
		    table, _mm256_and_si256(four, low));

		if (!_mm256_testz_si256(same, same))
			break;
		_mm256_storeu_si256(out, _mm256_unpacklo_epi8(first, second));
		_mm256_storeu_si256(
		    out + 1, _mm256_unpackhi_epi8(first, second));
	}
	return i + digits(dst + 2 * i, src + i, n - i);
}
#else
#define may_have_run_avx2 may_have_run
#define escape_piece_avx2 escape_piece
#define digits_avx2       digits
#endif

AVX2 static size_t
escape_avx2(
    uint8_t *dst, size_t room, const uint8_t *src, size_t n, size_t *made)
{
	return escape_bytes(
	    dst, room, src, n, made, escape_piece_avx2, may_have_run_avx2);
}

AVX2 static unsigned
sum_avx2(const uint8_t *src, size_t n)
{
	return sum_bytes(src, n);
}

size_t
bulk_digits(uint8_t *dst, const uint8_t *src, size_t n)
{
	if (n >= PIECE && has_avx2())
		return digits_avx2(dst, src, n);
	return digits(dst, src, n);
}

unsigned
bulk_sum(const uint8_t *src, size_t n)
{
	return n >= PIECE && has_avx2() ? sum_avx2(src, n) : sum_bytes(src, n);
}

size_t
bulk_escape(
    uint8_t *dst, size_t room, const uint8_t *src, size_t n, size_t *made)
{
	if (n >= PIECE && has_avx2())
		return escape_avx2(dst, room, src, n, made);
	return escape_bytes(
	    dst, room, src, n, made, escape_piece, may_have_run);
}

/* Four words at a time: no byte of them differs. */
size_t
bulk_same(const uint8_t *s, size_t n)
{
	const uint64_t all = UINT64_C(0x0101010101010101) * s[0];
	size_t same = 0;

	for (; n - same >= 4 * sizeof(all); same += 4 * sizeof(all))
		if ((word_at(s + same) ^ all) | (word_at(s + same + 8) ^ all) |
		    (word_at(s + same + 16) ^ all) |
		    (word_at(s + same + 24) ^ all))
			break;
	while (same < n && s[same] == s[0])
		same++;
	return same;
}
