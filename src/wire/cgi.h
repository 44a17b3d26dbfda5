// SPDX-License-Identifier: MIT
/*
 * The head of a CGI response (RFC 3875 §6), as FastCGI applications and others send it.
 */
#ifndef CANDOR_WIRE_CGI_H
#define CANDOR_WIRE_CGI_H

#include "wire/h1_client.h"

/*
 * Reads one head from the front of `in` into *m, as h1_read_answer does; what it finds wrong has
 * the outcomes of that, and limits->status_line is not looked at. A line ends with CRLF or LF.
 * m->status and m->reason are what Status says, which is not among the fields; without one the
 * status is 302 if there is a Location, else 200 (§6.2). Interim statuses are refused: CGI has
 * none. m->framing is FRAMING_LENGTH with a Content-Length, else FRAMING_OPEN: what carries the
 * response knows where it ends. Transfer-Encoding, which has no meaning here, is a field like
 * others that concern a connection: whoever passes the fields on leaves out FIELD_FLAG_HOP. A
 * Location that is a path alone asks for the response to a request for that (§6.2.2); here it is
 * what a client may be sent as well.
 */
ptrdiff_t cgi_read_head(struct message *m, struct span in, size_t seen,
                        const struct h1_client_limits *limits);

#endif
