// SPDX-License-Identifier: MIT
#include "server/config/config_read.h"

void config_read_nothing(const struct option_section *section, void *to)
{
    memset(to, 0, section->size);
    for (size_t i = 0; i < section->count; i++) {
        const struct option_row *key = &section->rows[i];
        char *at = (char *)to + key->offset;

        switch (key->kind) {
        case OPTION_NUMBER:
        case OPTION_SIZE:
        case OPTION_DURATION:
        case OPTION_MODE:
        case OPTION_USER:
        case OPTION_GROUP:
        case OPTION_CHANCE:
            *(uint64_t *)at = (uint64_t)key->standard;
            break;
        case OPTION_BOOLEAN:
            *(bool *)at = key->standard;
            break;
        case OPTION_NAME:
        case OPTION_AUTHORITY:
            *(struct span *)at = span_from_str(key->standard_text);
            break;
        case OPTION_SECTION:
            if (!config_kind(key))
                config_read_nothing(key->section, at);
            break;
        default:
            break;
        }
    }
}
