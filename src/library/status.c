// SPDX-License-Identifier: MIT
/* The public face of the table of status codes: an opaque row is a row of the table. */
#include <candor/status.h>

#include "registry/search.h"
#include "registry/status.h"

static const struct status_info *info_of(const struct candor_status *status)
{
    return (const struct status_info *)(const void *)status;
}

static const struct candor_status *status_of(const struct status_info *info)
{
    return (const struct candor_status *)(const void *)info;
}

const struct candor_status *candor_status_from_code(int code)
{
    return status_of(status_from_code(code));
}

const struct candor_status *candor_status_next(const struct candor_status *status)
{
    const struct status_info *next = status ? info_of(status) + 1 : status_table;

    return next < status_table + status_count ? status_of(next) : NULL;
}

bool candor_status_matches(const struct candor_status *status, const char *text, size_t length)
{
    return status_matches(info_of(status), span_of(text, length));
}

int candor_status_code(const struct candor_status *status)
{
    return info_of(status)->code;
}

int candor_status_class(const struct candor_status *status)
{
    return info_of(status)->code / 100;
}

const char *candor_status_reason(const struct candor_status *status)
{
    return info_of(status)->reason.ptr;
}

const char *candor_status_section(const struct candor_status *status)
{
    return info_of(status)->section;
}

const char *candor_status_meaning(const struct candor_status *status)
{
    return info_of(status)->meaning;
}

const char *candor_status_fields_must(const struct candor_status *status)
{
    return info_of(status)->must;
}

const char *candor_status_fields_should(const struct candor_status *status)
{
    return info_of(status)->should;
}

const char *candor_status_fields_may(const struct candor_status *status)
{
    return info_of(status)->may;
}

const char *candor_status_fields_repeated(const struct candor_status *status)
{
    return info_of(status)->repeats ? STATUS_REPEATED_FIELDS : "";
}

bool candor_status_is_cacheable(const struct candor_status *status)
{
    return info_of(status)->cacheable;
}

bool candor_status_is_no_store(const struct candor_status *status)
{
    return info_of(status)->no_store;
}

bool candor_status_is_retryable(const struct candor_status *status)
{
    return info_of(status)->retry;
}

bool candor_status_has_content(const struct candor_status *status)
{
    return info_of(status)->content;
}

bool candor_status_is_unused(const struct candor_status *status)
{
    return info_of(status)->unused;
}
