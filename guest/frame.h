/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For functions whose caller a backtrace by rbp must name.
 *
 * Even with -fno-omit-frame-pointer gcc drops the frame of a function that
 * calls nothing and needs no stack; rbp is then its caller's, and the caller
 * is what a walk misses.  A debugger with .debug_frame is not misled.
 */
#ifndef FRAME_H
#define FRAME_H

#define KEEP_FRAME() __asm__ volatile("" : : "r"(__builtin_frame_address(0)))

#endif
