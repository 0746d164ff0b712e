/* stub */
#include "hypercall/signals.h"
void
hc_timer_taken(struct hc_signals *signals, uint16_t timer, siginfo_t *info)
{
	(void)signals; (void)timer; (void)info;
}
void hc_timers_tick(struct hc_guest *guest)
{ (void)guest; }
