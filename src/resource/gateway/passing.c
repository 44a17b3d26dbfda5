// SPDX-License-Identifier: MIT
#include "resource/gateway/passing.h"

#include "http/parameter.h"

bool passing_has_member(const struct message *m, enum field id, struct span member)
{
    if (!m->first[id])
        return false;
    for (size_t i = m->first[id] - 1U; i < m->field_count; i++) {
        struct span rest = field_line_value(&m->fields[i]), found;

        if (m->fields[i].id != id)
            continue;
        while (list_take(&rest, &found))
            if (span_eq_nocase(found, member))
                return true;
    }
    return false;
}

bool passing_is_named(const struct message *m, struct span name)
{
    return passing_has_member(m, FIELD_connection, name);
}

bool passing_field(const struct message *m, const struct field_line *line)
{
    switch ((enum field)line->id) {
    case FIELD_content_length:
    case FIELD_expect:
        return false;
    case FIELD_trailer: // the trailers themselves pass, where there can be some
        return m->framing == FRAMING_OPEN && !passing_is_named(m, field_line_name(line));
    default:
        return !(field_table[line->id].flags & FIELD_FLAG_HOP) &&
               !(m->first[FIELD_connection] && passing_is_named(m, field_line_name(line)));
    }
}

bool passing_drops(const struct field_rules *rules, struct span name)
{
    const struct option_field *set = rules->set.items;
    const struct span *removed = rules->remove.items;

    for (size_t i = 0; i < rules->set.count; i++)
        if (span_eq_nocase(set[i].name, name))
            return true;
    for (size_t i = 0; i < rules->remove.count; i++)
        if (span_eq_nocase(removed[i], name))
            return true;
    return false;
}

struct response_field *passing_trailers(struct response_field *first,
                                        const struct field_rules *rules)
{
    for (struct response_field **at = &first; *at;)
        if (passing_drops(rules, (*at)->name))
            *at = (*at)->next;
        else
            at = &(*at)->next;
    return first;
}

static void add_all(struct exchange *x, const struct option_list *list)
{
    const struct option_field *fields = list->items;

    for (size_t i = 0; i < list->count; i++)
        exchange_add_field(x, fields[i].name, fields[i].value);
}

void passing_response(struct exchange *x, const struct message *answer,
                      const struct field_rules *rules)
{
    for (size_t i = 0; i < answer->field_count; i++) {
        const struct field_line *line = &answer->fields[i];

        if (passing_field(answer, line) && !passing_drops(rules, field_line_name(line)))
            exchange_add_line(x, line);
    }
    add_all(x, &rules->set);
    add_all(x, &rules->add);
}

bool passing_interim(struct exchange *x, const struct message *answer,
                     struct response_field **ret_fields)
{
    struct response_field **end = ret_fields;

    *end = NULL;
    for (size_t i = 0; i < answer->field_count; i++) {
        const struct field_line *line = &answer->fields[i];
        struct response_field *f;

        if (!passing_field(answer, line))
            continue;
        f = arena_alloc(&x->arena, sizeof *f);
        if (!f)
            return false;
        *f =
            (struct response_field){.name = field_line_name(line), .value = field_line_value(line)};
        *end = f;
        end = &f->next;
    }
    return true;
}
