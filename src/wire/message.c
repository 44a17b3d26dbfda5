// SPDX-License-Identifier: MIT
#include "wire/message.h"

void message_clear(struct message *m)
{
    size_t size = offsetof(struct message, first);

    for (unsigned i = 0; i < m->field_count; i++)
        m->first[m->fields[i].id] = 0;
    // A constant size of this magnitude becomes "rep stos", which is slow to start.
    __asm__("" : "+r"(size));
    memset(m, 0, size);
}
