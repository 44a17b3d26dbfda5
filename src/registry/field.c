// SPDX-License-Identifier: MIT
#include "registry/field.h"

#include "base/ascii.h"

#define LIST FIELD_FLAG_LIST
#define ONE FIELD_FLAG_ONE
#define FIRST FIELD_FLAG_FIRST
#define JOINED FIELD_FLAG_JOINED
#define HOP FIELD_FLAG_HOP
#define SECRET FIELD_FLAG_SECRET
#define FRAMING FIELD_FLAG_FRAMING
#define TRAILER FIELD_FLAG_TRAILER

const struct field_info field_table[FIELD_COUNT] = {
    [FIELD_OTHER] = {SPAN_INIT(""), 0, ""},
#define FIELD(ident, name, flags, section) [FIELD_##ident] = {SPAN_INIT(name), flags, section},
#include "registry/field.def"
#undef FIELD
};

/*
 * Names are found by a hash of their length and three letters. The table of it is made from
 * field.def before main runs, and is constant from then on. Its multipliers were chosen so that the
 * names of field.def do not collide; if new ones do, they go to the next free slot.
 */
enum { SLOTS = 512, NAME_MAX_LENGTH = 32 };

_Static_assert(FIELD_COUNT < SLOTS / 2, "the hash table of field names is too small");

static uint8_t slots[SLOTS];

/* Letters differ from their other case in one bit. What else that bit joins is told apart by the
 * comparison that follows. */
static inline unsigned hash_name(struct span name)
{
    unsigned first = (unsigned char)name.ptr[0] | 0x20U;
    unsigned middle = (unsigned char)name.ptr[name.len / 2] | 0x20U;
    unsigned last = (unsigned char)name.ptr[name.len - 1] | 0x20U;

    return ((unsigned)name.len + first + 27 * last + 20 * middle) % SLOTS;
}

static inline bool is_name(struct span known, struct span name)
{
    if (known.len != name.len)
        return false;
    if (memcmp(known.ptr, name.ptr, name.len) == 0) // as it is mostly written
        return true;
    for (size_t i = 0; i < name.len; i++)
        if (ascii_lower(known.ptr[i]) != ascii_lower(name.ptr[i]))
            return false;
    return true;
}

__attribute__((constructor)) static void field_slots_fill(void)
{
    for (int f = 1; f < FIELD_COUNT; f++) {
        unsigned slot = hash_name(field_table[f].name);

        while (slots[slot])
            slot = (slot + 1) % SLOTS;
        slots[slot] = (uint8_t)f;
    }
}

enum field field_from_name(struct span name)
{
    if (name.len == 0 || name.len > NAME_MAX_LENGTH)
        return FIELD_OTHER;
    for (unsigned slot = hash_name(name); slots[slot]; slot = (slot + 1) % SLOTS)
        if (is_name(field_table[slots[slot]].name, name))
            return (enum field)slots[slot];
    return FIELD_OTHER;
}
