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

static struct upload_fields read_upload(const struct message *m)
{
    const struct upload_values values = {
        .complete = message_field(m, FIELD_upload_complete),
        .incomplete = message_field(m, FIELD_upload_incomplete),
        .offset = message_field(m, FIELD_upload_offset),
        .length = message_field(m, FIELD_upload_length),
        .version = message_field(m, FIELD_upload_draft_interop_version),
    };

    return upload_fields_parse(&values);
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
        .upload = read_upload(m),
    };
}
