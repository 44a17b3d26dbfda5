// SPDX-License-Identifier: MIT
#include "resource/dav/apart.h"

#include "fs/root.h"

#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct list all = {&all, &all};

void apart_init(struct apart *a, const char *path)
{
    *a = (struct apart){.path = path};
    list_init(&a->link);
}

/* Whether a folder is, or lies within, that of another. */
static bool is_within_another(struct climb *c)
{
    for (; c->at.known; climb_up(c))
        list_for_each (link, &all)
            if (folder_is_same(&c->at, &list_entry(link, struct apart, link)->folder))
                return true;
    return false;
}

/* Whether that of another, as long as its path still leads there, lies within a folder. */
static bool holds(const struct folder_id *folder, const struct apart *other)
{
    struct climb c = climb_from(other->path);
    bool result = false;

    if (folder_is_same(&c.at, &other->folder))
        for (; c.at.known && !result; climb_up(&c))
            result = folder_is_same(&c.at, folder);
    climb_end(&c);
    return result;
}

int apart_claim(struct apart *a)
{
    struct folder_id folder;
    struct climb c;
    bool shares;

    pthread_mutex_lock(&mutex);
    list_remove(&a->link);
    c = climb_from(a->path);
    folder = c.at;
    shares = is_within_another(&c);
    climb_end(&c);
    for (struct list *link = all.next; link != &all && !shares; link = link->next)
        shares = holds(&folder, list_entry(link, struct apart, link));
    a->folder = folder;
    if (!shares)
        list_add_tail(&all, &a->link);
    pthread_mutex_unlock(&mutex);
    return shares ? -ROOT_SHARED : 0;
}

void apart_leave(struct apart *a)
{
    pthread_mutex_lock(&mutex);
    list_remove(&a->link);
    pthread_mutex_unlock(&mutex);
}
