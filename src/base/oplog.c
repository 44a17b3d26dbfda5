// SPDX-License-Identifier: MIT
#include "base/oplog.h"

#include "base/unwaiting.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_LENGTH = 1024 };

static pthread_once_t opened = PTHREAD_ONCE_INIT;
static int output;

static void open_output(void)
{
    output = unwaiting_open(STDERR_FILENO);
}

void oplog(const char *token, const char *format, ...)
{
    char line[LINE_LENGTH];
    va_list args;
    int n = snprintf(line, sizeof line, "candor: %s: ", token);
    int more;

    va_start(args, format);
    more = vsnprintf(line + n, sizeof line - (size_t)n, format, args);
    va_end(args);
    n += more < 0 ? 0 : more;
    if (n > LINE_LENGTH - 2)
        n = LINE_LENGTH - 2;
    line[n++] = '\n';
    pthread_once(&opened, open_output);
    (void)!unwaiting_write(output, span_of(line, (size_t)n));
}
