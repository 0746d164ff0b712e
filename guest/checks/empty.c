/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does nothing: its run time is the cost of starting and ending a guest.
 */
int
main(void)
{
	return 0;
}
