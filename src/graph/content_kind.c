// SPDX-License-Identifier: MIT
#include "graph/content_kind.h"

#include "http/dav_fields.h"

/* Of chunks the client may tell how much there will be. */
static uint64_t told_length(const struct message *m)
{
    uint64_t length = CONTENT_LENGTH_UNKNOWN;

    if (m->framing == FRAMING_LENGTH)
        return m->content_length;
    if (m->framing == FRAMING_OPEN)
        (void)expected_length_parse(message_field(m, FIELD_x_expected_entity_length), &length);
    return length;
}

/* RFC 9110 §8.4: a list, of which "identity" is no coding. */
static bool is_coded(struct exchange *x)
{
    struct span rest = exchange_field(x, FIELD_content_encoding);

    while (rest.len) {
        struct span coding = span_trim(span_take_until(&rest, ','));

        if (coding.len && !span_eq_nocase(coding, SPAN("identity")))
            return true;
    }
    return false;
}

void content_kind_read(struct exchange *x)
{
    const struct message *m = &x->request;

    x->content.kind = (struct content_kind){
        .is_coded = is_coded(x),
        .length = told_length(m),
        .upload = upload_fields_parse(message_field(m, FIELD_upload_complete),
                                      message_field(m, FIELD_upload_offset),
                                      message_field(m, FIELD_upload_length)),
    };
}
