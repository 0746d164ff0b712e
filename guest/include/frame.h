/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps a function's frame, so that a backtrace by rbp names its caller.
 *
 * Even with -fno-omit-frame-pointer gcc drops the frame of a function that
 * calls nothing and needs no stack.  rbp is then its caller's, and a walk
 * misses the caller; a debugger with .debug_frame does not.
 */
#ifndef FRAME_H
#define FRAME_H

#define KEEP_FRAME() __asm__ volatile("" : : "r"(__builtin_frame_address(0)))

#endif
