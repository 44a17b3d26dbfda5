// SPDX-License-Identifier: MIT
#include "wire/h1_parts.h"

int h1_bad(struct h1_reader *r, enum outcome outcome, const char *at)
{
    r->m->violation = (struct violation){outcome, (uint64_t)(at - r->base)};
    return H1_BAD;
}

int h1_bad_line_end(struct h1_reader *r, enum outcome outcome)
{
    if (*r->at == '\n')
        return h1_bad(r, OUTCOME_line_end_bare_lf, r->at);
    if (r->end - r->at < 2)
        return H1_MORE;
    return h1_bad(r, r->at[1] == '\n' ? outcome : OUTCOME_line_end_bare_cr, r->at);
}

enum outcome h1_upstream_outcome(enum outcome found)
{
    switch (found) {
    case OUTCOME_upstream_status_line_malformed:
    case OUTCOME_upstream_field_too_large:
        return found;
    case OUTCOME_fields_too_large:
    case OUTCOME_fields_too_many:
        return OUTCOME_upstream_section_too_large;
    case OUTCOME_content_length_malformed:
    case OUTCOME_content_length_overflow:
    case OUTCOME_content_length_differs:
        return OUTCOME_upstream_length_malformed;
    case OUTCOME_transfer_encoding_with_length:
        return OUTCOME_upstream_both_lengths;
    case OUTCOME_transfer_encoding_malformed:
    case OUTCOME_transfer_encoding_unknown:
    case OUTCOME_transfer_encoding_chunked_repeated:
    case OUTCOME_transfer_encoding_chunked_not_last:
        return OUTCOME_upstream_coding_unknown;
    case OUTCOME_chunk_size_malformed:
    case OUTCOME_chunk_size_overflow:
    case OUTCOME_chunk_line_end_malformed:
    case OUTCOME_chunk_extension_malformed:
    case OUTCOME_chunk_extension_too_long:
    case OUTCOME_chunk_overhead_too_large:
    case OUTCOME_chunk_data_unterminated:
        return OUTCOME_upstream_chunk_malformed;
    case OUTCOME_trailers_too_large:
        return OUTCOME_upstream_trailers_too_large;
    default: // of a line, its name, value or end
        return OUTCOME_upstream_malformed;
    }
}
