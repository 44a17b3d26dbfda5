// SPDX-License-Identifier: MIT
#include "base/oplog.h"

#include "base/buf.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_LENGTH = 1024 };

void oplog(const char *token, const char *format, ...)
{
    char line[LINE_LENGTH];
    va_list args;
    int n = snprintf(line, sizeof line, "candor: %s: ", token);
    int more;
    struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};

    va_start(args, format);
    more = vsnprintf(line + n, sizeof line - (size_t)n, format, args);
    va_end(args);
    n += more < 0 ? 0 : more;
    if (n > LINE_LENGTH - 2)
        n = LINE_LENGTH - 2;
    line[n++] = '\n';
    if (poll(&ready, 1, 0) == 1)
        (void)!write(STDERR_FILENO, line, (size_t)n);
}
