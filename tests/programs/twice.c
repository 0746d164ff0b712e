/* SPDX-License-Identifier: BSD-2-Clause */
/* A library, whose function a debugger stops in. */
int twice(int x);

int
twice(int x)
{
	return 2 * x;
}
