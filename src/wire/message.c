// SPDX-License-Identifier: MIT
#include "wire/message.h"

#include "base/zero.h"

void message_clear(struct message *m)
{
    for (unsigned i = 0; i < m->field_count; i++)
        m->first[m->fields[i].id] = 0;
    zero(m, offsetof(struct message, first));
    m->fields = m->few;
    m->field_room = MESSAGE_FIELDS_FEW;
}

bool message_grow(struct message *m)
{
    unsigned room = 2U * m->field_room;
    struct field_line *fields = m->arena ? arena_alloc(m->arena, room * sizeof *fields) : NULL;

    if (!fields)
        return false;
    memcpy(fields, m->fields, m->field_count * sizeof *fields);
    m->fields = fields;
    m->field_room = (uint16_t)room;
    return true;
}
