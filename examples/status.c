// SPDX-License-Identifier: MIT
/*
 * What libcandor knows of a status code. Build it against the installed library:
 *
 *     cc -o status status.c $(pkg-config --cflags --libs candor)
 *     ./status 503
 */
#include <candor/accept.h>
#include <candor/date.h>
#include <candor/outcome.h>
#include <candor/status.h>

#include <stdio.h>
#include <stdlib.h>

static void print_outcomes(int code)
{
    for (const struct candor_outcome *o = candor_outcome_next(NULL); o; o = candor_outcome_next(o))
        if (candor_outcome_status(o) == code)
            printf("  outcome: %s: %s\n", candor_outcome_token(o), candor_outcome_title(o));
}

int main(int argc, char **argv)
{
    const struct candor_status *status;
    char date[CANDOR_DATE_SIZE];

    if (argc != 2) {
        fprintf(stderr, "usage: status CODE\n");
        return 2;
    }
    status = candor_status_from_code((int)strtol(argv[1], NULL, 10));
    if (!status) {
        printf("%s is not registered\n", argv[1]);
        return 1;
    }
    printf("%d %s (%s)\n", candor_status_code(status), candor_status_reason(status),
           candor_status_section(status));
    printf("  must carry: %s\n", candor_status_fields_must(status));
    printf("  retry: %s\n", candor_status_is_retryable(status) ? "yes" : "no");
    print_outcomes(candor_status_code(status));
    candor_date_format(0, date);
    printf("  the first second of the epoch: %s\n", date);
    return 0;
}
