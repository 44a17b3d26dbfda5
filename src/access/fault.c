// SPDX-License-Identifier: MIT
#include "access/fault.h"

#include "base/error.h"
#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int fault_set(struct fault *f, size_t line, size_t at, const char *format, ...)
{
    va_list arguments;

    f->line = line;
    f->at = at;
    va_start(arguments, format);
    vsnprintf(f->reason, sizeof f->reason, format, arguments);
    va_end(arguments);
    return -CANDOR_E_SYNTAX;
}

void faults_add(struct faults *f, size_t line, size_t at, const char *format, ...)
{
    va_list arguments;

    if (!f)
        return;
    if (!f->list)
        f->list = calloc(LIMIT_ACCESS_FAULTS, sizeof *f->list);
    if (f->list && f->count < LIMIT_ACCESS_FAULTS) {
        struct fault *at_end = &f->list[f->count];

        at_end->line = line;
        at_end->at = at;
        va_start(arguments, format);
        vsnprintf(at_end->reason, sizeof at_end->reason, format, arguments);
        va_end(arguments);
    }
    f->count++;
}

size_t faults_kept(const struct faults *f)
{
    if (!f->list)
        return 0;
    return f->count < LIMIT_ACCESS_FAULTS ? f->count : LIMIT_ACCESS_FAULTS;
}

void faults_done(struct faults *f)
{
    free(f->list);
    *f = (struct faults){0};
}
