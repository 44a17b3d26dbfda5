// SPDX-License-Identifier: MIT
#include "unit.h"

#include "fs/pages.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LENGTH = PAGES_LEAST + 1 };

static struct pages filled(char c)
{
    struct pages p;

    assert_int_equal(pages_take(LENGTH, &p), 0);
    for (size_t i = 0; i < LENGTH; i++)
        assert_int_equal(p.memory[i], 0);
    memset(p.memory, c, LENGTH);
    return p;
}

static blkcnt_t blocks(void)
{
    struct stat st;

    assert_int_equal(fstat(pages_file(), &st), 0);
    return st.st_blocks;
}

static void what_is_in_memory_is_in_the_file(void **state)
{
    struct pages a = filled('a'), b = filled('b');
    char bytes[LENGTH];

    (void)state;
    assert_int_equal(pread(pages_file(), bytes, LENGTH, (off_t)a.offset), LENGTH);
    assert_memory_equal(bytes, a.memory, LENGTH);
    assert_int_equal(pread(pages_file(), bytes, LENGTH, (off_t)b.offset), LENGTH);
    assert_memory_equal(bytes, b.memory, LENGTH);
    pages_release(&a);
    pages_release(&b);
}

static void what_is_given_back_takes_no_memory(void **state)
{
    blkcnt_t before = blocks();
    struct pages p = filled('a');

    (void)state;
    assert_true(blocks() > before);
    pages_release(&p);
    assert_null(p.memory);
    assert_int_equal(blocks(), before);
    pages_release(&p);
}

static void what_is_on_its_way_stays_as_it_was(void **state)
{
    struct pages p = filled('a'), next;
    off_t offset = (off_t)p.offset;
    char bytes[LENGTH], expected[LENGTH];
    int pair[2];
    ssize_t sent;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    sent = sendfile(pair[0], pages_file(), &offset, LENGTH);
    assert_true(sent > 0);
    pages_release(&p);
    next = filled('b');
    assert_int_equal(recv(pair[1], bytes, (size_t)sent, MSG_WAITALL), sent);
    memset(expected, 'a', sizeof expected);
    assert_memory_equal(bytes, expected, (size_t)sent);
    pages_release(&next);
    close(pair[0]);
    close(pair[1]);
}

/* What the system notes of the memory at this address, such as " rd wr sh mr mw me ms nh". */
static void flags_of(const char *memory, char *line, size_t room)
{
    FILE *maps = fopen("/proc/self/smaps", "re");
    unsigned long from, to;
    bool found = false;

    assert_non_null(maps);
    for (line[0] = '\0'; fgets(line, (int)room, maps);) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            found = (unsigned long)memory >= from && (unsigned long)memory < to;
        if (found && strncmp(line, "VmFlags:", 8) == 0)
            break;
    }
    fclose(maps);
}

static void none_is_part_of_a_huge_page(void **state)
{
    struct pages p;
    char line[512];

    (void)state;
    if (access("/sys/kernel/mm/transparent_hugepage", F_OK) < 0)
        skip();
    p = filled('a');
    flags_of(p.memory, line, sizeof line);
    assert_non_null(strstr(line, " nh"));
    pages_release(&p);
}

static void what_cannot_be_had_is_refused(void **state)
{
    struct pages p;

    (void)state;
    assert_int_equal(pages_take(0, &p), -ENOMEM);
    assert_int_equal(pages_take(SIZE_MAX, &p), -ENOMEM);
    assert_int_equal(pages_take((size_t)1 << 62, &p), -ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_memory_is_in_the_file),
        cmocka_unit_test(what_is_given_back_takes_no_memory),
        cmocka_unit_test(what_is_on_its_way_stays_as_it_was),
        cmocka_unit_test(none_is_part_of_a_huge_page),
        cmocka_unit_test(what_cannot_be_had_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
