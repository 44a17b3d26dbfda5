// SPDX-License-Identifier: MIT
#include "http/json_set.h"

size_t json_set_slots(size_t count)
{
    size_t slots = 4;

    while (slots < 2 * count)
        slots *= 2;
    return slots;
}

struct json_set_slot *json_set_find(const struct json_set *s, const json_t *value, size_t *steps,
                                    size_t most)
{
    uint64_t hash = json_value_hash(s->key, value, steps);
    size_t at = (size_t)(hash ^ (hash >> 32)) & s->mask;

    for (; *steps <= most; at = (at + 1) & s->mask) {
        struct json_set_slot *slot = &s->slots[at];

        ++*steps;
        if (!slot->value) {
            slot->hash = hash;
            return slot;
        }
        if (slot->hash == hash && json_value_eq(slot->value, value, steps, most))
            return slot;
    }
    return NULL;
}

struct json_set *json_set_of(struct arena *a, const struct hash_key *key, const json_t *array)
{
    size_t count = json_array_size(array), slots = json_set_slots(count), steps = 0;
    struct json_set *s = arena_alloc(a, sizeof *s);
    struct json_set_slot *memory = arena_alloc(a, slots * sizeof *memory);

    if (!s || !memory)
        return NULL;
    memset(memory, 0, slots * sizeof *memory);
    *s = (struct json_set){memory, slots - 1, key, array};
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(array, i);
        struct json_set_slot *slot = json_set_find(s, value, &steps, SIZE_MAX);

        slot->value = value;
        slot->index = i;
    }
    return s;
}
