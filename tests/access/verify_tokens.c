// SPDX-License-Identifier: MIT
/*
 * verify-tokens KEYS [NOW [ISSUER [AUDIENCE]]]: reads a token from each line of standard input and
 * prints its verdict, with the subject of a valid one. Words about the keys go to standard error.
 */
#include "access/jwt.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct jwt_keys *read_keys(const char *path)
{
    static char text[1 << 20];
    FILE *file = fopen(path, "rb");
    struct faults faults = {0};
    struct jwt_keys *keys = NULL;

    if (!file || jwt_keys_read(span_of(text, fread(text, 1, sizeof text, file)), &faults, &keys))
        fputs("no keys\n", stderr);
    for (size_t i = 0; i < faults_kept(&faults); i++)
        fprintf(stderr, "key %zu: %s\n", faults.list[i].line, faults.list[i].reason);
    faults_done(&faults);
    if (file)
        fclose(file);
    return keys;
}

int main(int argc, char **argv)
{
    struct span audience = span_from_str(argc > 4 ? argv[4] : NULL);
    struct jwt_policy policy = {.issuer = span_from_str(argc > 3 ? argv[3] : NULL),
                                .audiences = &audience,
                                .audience_count = audience.len > 0};
    int64_t now = argc > 2 ? strtoll(argv[2], NULL, 10) : time(NULL);
    struct jwt_keys *keys = argc > 1 ? read_keys(argv[1]) : NULL;
    char *line = NULL;
    size_t size = 0;
    ssize_t length;

    if (!keys)
        return 1;
    while ((length = getline(&line, &size, stdin)) > 0) {
        struct span token = span_of(line, (size_t)length - (line[length - 1] == '\n'));
        struct claims *claims = NULL;
        enum jwt_verdict verdict = jwt_check(keys, &policy, token, now, NULL, &claims);

        printf("%s %.*s\n", jwt_verdict_table[verdict].token.ptr,
               SPAN_ARG(claims ? claims_text(claims, SPAN("sub")) : SPAN("")));
        claims_free(claims);
    }
    free(line);
    jwt_keys_free(keys);
    return 0;
}
