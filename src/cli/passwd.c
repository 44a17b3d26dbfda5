// SPDX-License-Identifier: MIT
/* candor passwd: sets the password of a user in a file of users. */
#include "access/password_hash.h"
#include "access/user_name.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/edited_file.h"
#include "cli/secret.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "usage: candor passwd FILE USER\n"
    "\n"
    "Sets the password of USER in FILE, a file of users as htpasswd writes it. The\n"
    "file is made where there is none; all other lines, the order, the mode and the\n"
    "owner stay as they are, and the new file takes the old one's place at once.\n"
    "\n"
    "On a terminal the password is asked for twice and not shown; otherwise it is\n"
    "one line of standard input. The file keeps a hash of it (yescrypt).\n"
    "\n"
    "Exit code: 0, or 1 when it could not be done, or 2 when the command line is\n"
    "not as expected.\n";

static const char command[] = "candor passwd";

/* What could never be sent by Basic (RFC 7617 §2), or is no password. */
static const char *password_fault(struct span password)
{
    if (password.len == 0)
        return "is empty";
    if (password.len > LIMIT_PASSWORD)
        return "is too long";
    for (size_t i = 0; i < password.len; i++)
        if ((unsigned char)password.ptr[i] < ' ' || password.ptr[i] == 0x7f)
            return "has a control character, which browsers cannot send";
    return utf8_is_valid(password) ? NULL : "is not UTF-8, so browsers cannot send it";
}

static char *ask_and_hash(void)
{
    char one[SECRET_ROOM], two[SECRET_ROOM];
    struct span password, again;
    const char *why = NULL;
    char *hash = NULL;
    bool typed = isatty(STDIN_FILENO);

    if (secret_read(command, "New password: ", one, &password) &&
        (!typed || secret_read(command, "Once more: ", two, &again))) {
        why = typed && !span_eq(password, again) ? "is not the same as the first time"
                                                 : password_fault(password);
        if (why)
            fprintf(stderr, "%s: the password %s; nothing was changed\n", command, why);
        else if (!(hash = password_hash_make(password)))
            fprintf(stderr, "%s: no hash could be made of the password\n", command);
    }
    OPENSSL_cleanse(one, sizeof one);
    OPENSSL_cleanse(two, sizeof two);
    return hash;
}

/* The entry of the user with the new hash: in its old place, where a third part stays, or at the
 * end. Further entries of that user go. */
static void replace(struct buf *to, struct span text, struct span user, struct span hash)
{
    struct span mark = SPAN("\xef\xbb\xbf");
    bool done = false;

    if (span_starts(text, mark)) {
        buf_add(to, mark);
        text = span_from(text, mark.len);
    }
    while (text.len) {
        struct span line = span_first(text, span_find(text, '\n') + 1), rest = line;

        text = span_from(text, line.len);
        if (!span_eq(span_take_until(&rest, ':'), user) || user.len == line.len) {
            buf_add(to, line);
            continue;
        }
        if (done)
            continue;
        done = true;
        buf_add(to, user);
        buf_add_char(to, ':');
        buf_add(to, hash);
        while (rest.len && rest.ptr[0] != ':' && rest.ptr[0] != '\r' && rest.ptr[0] != '\n')
            rest = span_from(rest, 1);
        buf_add(to, rest);
    }
    if (done)
        return;
    if (to->len && to->ptr[to->len - 1] != '\n')
        buf_add_char(to, '\n');
    buf_add(to, user);
    buf_add_char(to, ':');
    buf_add(to, hash);
    buf_add_char(to, '\n');
}

static int set_password(const char *path, struct span user, struct span hash)
{
    struct edited_file f;
    struct buf text = {0};
    bool good = edited_file_open(&f, command, path);

    if (good) {
        replace(&text, buf_span(&f.text), user, hash);
        if (text.failed)
            fprintf(stderr, "%s: out of memory\n", command);
        good = !text.failed && edited_file_write(&f, buf_span(&text));
    }
    buf_done(&text);
    edited_file_done(&f);
    return good ? CLI_OK : CLI_FAILURE;
}

int cli_passwd(int argc, char **argv)
{
    const char *why;
    char *hash;
    int result;

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return CLI_OK;
        }
    if (argc != 3 || argv[1][0] == '-' || argv[1][0] == '\0') {
        fprintf(stderr, "%s: a file and a user are expected; see candor passwd --help\n", command);
        return CLI_USAGE;
    }
    why = user_name_fault(span_from_str(argv[2]));
    if (why) {
        fprintf(stderr, "%s: the name of the user %s\n", command, why);
        return CLI_USAGE;
    }
    hash = ask_and_hash();
    if (!hash)
        return CLI_FAILURE;
    result = set_password(argv[1], span_from_str(argv[2]), span_from_str(hash));
    free(hash);
    return result;
}
