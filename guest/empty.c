/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does nothing: what starting and ending a guest costs.
 */
int
main(void)
{
	return 0;
}
