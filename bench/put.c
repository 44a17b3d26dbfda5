// SPDX-License-Identifier: MIT
/*
 * How long a durable small PUT takes beside the least that it can: write, fsync, rename, fsync of
 * the folder. Usage: put FOLDER [SECONDS [THREADS]]. Prints operations a second of both, and the
 * ratio, for 1, 8 and 64 threads, or only for one of these; the two take turns, so that a busy disk
 * is busy for both.
 */
#include "base/clock.h"
#include "tree/tree.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CONTENT = 4096, ROUNDS = 6, THREADS = 64 };

struct job {
    struct tree *tree; // NULL: the floor
    int folder, number;
    int64_t until;
    long done;
    pthread_t thread;
};

static const char content[CONTENT];

static int floor_put(const struct job *j, const char *name)
{
    char temporary[32];
    int fd, error;

    snprintf(temporary, sizeof temporary, "temporary-%d", j->number);
    fd = openat(j->folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return -1;
    error = write(fd, content, sizeof content) != sizeof content || fsync(fd) < 0 ||
            renameat(j->folder, temporary, j->folder, name) < 0 || fsync(j->folder) < 0;
    close(fd);
    return error ? -1 : 0;
}

static void *run(void *argument)
{
    struct job *j = argument;

    while (clock_monotonic() < j->until) {
        char name[32];
        struct tree_result result;
        int length = snprintf(name, sizeof name, "f-%d-%ld", j->number, j->done % 10);

        if (j->tree ? tree_put(j->tree, span_of(name, (size_t)length), span_of(content, CONTENT),
                               TREE_NOW, NULL, &result)
                    : floor_put(j, name)) {
            fprintf(stderr, "put: a file could not be written\n");
            exit(1);
        }
        j->done++;
    }
    return NULL;
}

static long measure(struct tree *tree, int folder, int threads, int64_t duration)
{
    static struct job jobs[THREADS];
    int64_t until = clock_monotonic() + duration;
    long done = 0;

    for (int i = 0; i < threads; i++) {
        jobs[i] = (struct job){.tree = tree, .folder = folder, .number = i, .until = until};
        if (pthread_create(&jobs[i].thread, NULL, run, &jobs[i])) {
            fprintf(stderr, "put: no more threads\n");
            exit(1);
        }
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(jobs[i].thread, NULL);
        done += jobs[i].done;
    }
    return done;
}

int main(int argc, char **argv)
{
    static const int counts[] = {1, 8, THREADS};
    static const struct tree_options options = {.umask = 022};
    int folder = argc > 1 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 3;
    long only = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
    struct root *root;
    struct tree *tree;

    if (folder < 0 || root_open(argv[1], &root) < 0 || tree_open(root, &options, &tree) < 0) {
        fprintf(stderr, "usage: put FOLDER [SECONDS [THREADS]]\n");
        return 2;
    }
    printf("threads  floor/s  tree/s  floor over tree\n");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        long done[2] = {0};

        if (only && only != counts[i])
            continue;
        for (int round = 0; round < 2 * ROUNDS; round++)
            done[round % 2] += measure(round % 2 ? tree : NULL, folder, counts[i],
                                       (int64_t)(seconds / (2 * ROUNDS) * (double)CLOCK_SECOND));
        printf("%7d  %7.0f  %6.0f  %.2f\n", counts[i], 2 * (double)done[0] / seconds,
               2 * (double)done[1] / seconds, (double)done[0] / (double)(done[1] ? done[1] : 1));
    }
    tree_free(tree);
    root_unref(root);
    close(folder);
    return 0;
}
