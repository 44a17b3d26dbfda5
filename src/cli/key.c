// SPDX-License-Identifier: MIT
/* candor key: makes an API key, shows it once, and keeps its hash in a file. */
#include "access/api_key.h"
#include "access/user_name.h"
#include "cli/cli.h"
#include "cli/edited_file.h"
#include "cli/text.h"

#include <openssl/crypto.h>
#include <stdio.h>

static const char help[] =
    "usage: candor key FILE NAME [--scope SCOPE]...\n"
    "\n"
    "Makes an API key for NAME and prints it: this is the only time that it is\n"
    "shown. A line with its hash is added to FILE, which is made where there is\n"
    "none; its mode and owner stay as they are. A name may have several keys, so\n"
    "that one can take another's place; remove a line to end its key.\n"
    "\n"
    "  --scope SCOPE   what the key is for, such as read; given once for each\n"
    "\n"
    "Exit code: 0, or 1 when it could not be done, or 2 when the command line is\n"
    "not as expected.\n";

static const char command[] = "candor key";

static int add_key(const char *path, struct span name, struct span scopes)
{
    char key[API_KEY_LENGTH];
    struct edited_file f;
    struct buf line = {0}, out = {0};
    int result = CLI_FAILURE;

    if (edited_file_open(&f, command, path)) {
        if (f.text.len && f.text.ptr[f.text.len - 1] != '\n')
            buf_add_char(&f.text, '\n');
        if (api_key_make(name, scopes, key, &line) < 0 || !buf_reserve(&f.text, line.len)) {
            fprintf(stderr, "%s: no key could be made: no memory or no random bytes\n", command);
        } else {
            buf_add(&f.text, buf_span(&line));
            if (!f.text.failed && edited_file_write(&f, buf_span(&f.text))) {
                buf_add(&out, span_of(key, sizeof key));
                buf_add_char(&out, '\n');
                result = text_print(&out);
            }
        }
        OPENSSL_cleanse(key, sizeof key);
    }
    buf_done(&line);
    edited_file_done(&f);
    return result;
}

static int refuse(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s %s; see candor key --help\n", command, what, why);
    return CLI_USAGE;
}

/* One scope more; false: it is none. */
static bool add_scope(struct buf *scopes, const char *scope)
{
    struct span text = span_from_str(scope);

    if (text.len == 0 || span_find(text, ' ') != text.len || api_key_scopes_fault(text))
        return false;
    if (scopes->len)
        buf_add_char(scopes, ' ');
    buf_add(scopes, text);
    return true;
}

static int read_arguments(int argc, char **argv, const char *words[2], struct buf *scopes)
{
    int count = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--scope") == 0) {
            if (++i == argc || !add_scope(scopes, argv[i]))
                return refuse("--scope", "is followed by a word of visible characters of ASCII, "
                                         "without \" and \\");
        } else if (argv[i][0] == '-' || argv[i][0] == '\0') {
            return refuse(argv[i], "is no option");
        } else if (count == 2) {
            return refuse(argv[i], "is too much");
        } else {
            words[count++] = argv[i];
        }
    }
    return count == 2 ? CLI_OK : refuse("a file and a name", "are expected");
}

int cli_key(int argc, char **argv)
{
    const char *words[2] = {NULL, NULL}, *why;
    struct buf scopes = {0};
    int result;

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return CLI_OK;
        }
    result = read_arguments(argc, argv, words, &scopes);
    if (result == CLI_OK) {
        why = user_name_fault(span_from_str(words[1]));
        result = why             ? refuse("the name", why)
                 : scopes.failed ? CLI_FAILURE
                                 : add_key(words[0], span_from_str(words[1]), buf_span(&scopes));
    }
    buf_done(&scopes);
    return result;
}
