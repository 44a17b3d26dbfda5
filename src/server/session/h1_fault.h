// SPDX-License-Identifier: MIT
/*
 * Responses of HTTP/1 that are broken on purpose (wire/fault.h). They are sent apart from all
 * others, so that those cost nothing more.
 */
#ifndef CANDOR_SERVER_SESSION_H1_FAULT_H
#define CANDOR_SERVER_SESSION_H1_FAULT_H

#include "server/session/h1_session.h"
#include "wire/fault.h"

/* Before the head is laid out: how the fault wants its content framed. */
void h1_fault_frame(struct h1_session *h, bool has_body);
/* Sends the response whose head that is, as far as its fault lets it; `sent` of the call follows,
 * or it is aborted. False: there is no memory for that, and nothing was done. */
bool h1_fault_send(struct h1_session *h, struct span head, bool has_body);
/* The piece of the body that was awaited is there. */
void h1_fault_more(struct h1_session *h);
/* The client has ended its side. True: that ended the call. */
bool h1_fault_hang_up(struct h1_session *h);
/* Whether the call ended as its fault wanted, and without a reset. */
bool h1_fault_is_over(const struct h1_session *h);
/* The call ends. */
void h1_fault_stop(struct h1_session *h);

#endif
