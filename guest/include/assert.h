/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * assert(), for the program's own mistakes.  As everywhere, <assert.h> can be
 * included again after a change of NDEBUG, so it has no guard.
 */
#include <stdlib.h>

#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define ASSERT_TEXT(x)	ASSERT_TEXT_(x)
#define ASSERT_TEXT_(x) #x
#define ASSERT_PLACE	__FILE__ ":" ASSERT_TEXT(__LINE__) ": "
#define assert(condition) \
	((condition) ? (void)0 : ASSERT_FAIL("assertion failed: " #condition))
#define ASSERT_FAIL(text) panic(ASSERT_PLACE text, __builtin_return_address(0))
#endif

#ifndef static_assert
#define static_assert _Static_assert
#endif
