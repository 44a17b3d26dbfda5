// SPDX-License-Identifier: MIT
#include "resource/gateway/answer.h"

#include "base/clock.h"
#include "http/date.h"
#include "http/parameter.h"
#include "registry/status.h"
#include "resource/gateway/passing.h"
#include "resource/gateway/record.h"

static const struct gateway_options *options_of(const struct passage *p)
{
    return p->gateway->options;
}

/* Of an answer to HEAD, or one that says that nothing has changed, the length is that of what GET
 * would bring. */
static bool has_length(const struct passage *p, uint64_t *ret_length)
{
    const struct fetch *f = &p->fetch;
    struct span text = message_field(&f->answer, FIELD_content_length), rest = text;

    if (f->has_length && !p->to_head) {
        *ret_length = f->length;
        return true;
    }
    return p->to_head && text.ptr &&
           span_to_u64(span_trim(span_take_until(&rest, ',')), UINT64_MAX, ret_length);
}

/* Whether a 101 names a protocol that was asked for. */
static bool is_wanted_upgrade(const struct passage *p)
{
    struct span rest = p->upgrade, wanted;

    while (list_take(&rest, &wanted))
        if (passing_has_member(&p->fetch.answer, FIELD_upgrade, wanted))
            return true;
    return false;
}

enum outcome answer_judge(const struct passage *p)
{
    const struct fetch *f = &p->fetch;
    uint64_t most = options_of(p)->max_response;

    if (p->script_unknown && f->answer.status == 404)
        return OUTCOME_script_unknown;
    if (f->answer.status == 101 && !is_wanted_upgrade(p))
        return OUTCOME_upstream_upgrade_failed;
    if (most && !p->to_head && f->has_length && f->length > most)
        return OUTCOME_upstream_body_too_large;
    return OUTCOME_NONE;
}

static bool is_for_own_page(const struct passage *p, unsigned status)
{
    const struct option_statuses *errors = options_of(p)->errors.items;

    for (size_t i = 0; i < options_of(p)->errors.count; i++)
        if (status >= errors[i].low && status <= errors[i].high)
            return true;
    return false;
}

void answer_begin(struct passage *p)
{
    unsigned status = p->fetch.answer.status;

    p->relay.received_status = (uint16_t)status;
    p->relay.own_page = is_for_own_page(p, status);
    p->x->response.status = (uint16_t)status;
    p->x->response.is_tunnel = status == 101;
}

static void next(struct exchange *x, struct piece *ret_piece)
{
    struct passage *p = passage_of(x);
    uint64_t most = options_of(p)->max_response;

    fetch_next(&p->fetch, ret_piece);
    switch (ret_piece->kind) {
    case PIECE_BYTES:
        p->received += ret_piece->bytes.len;
        if (!most || p->received <= most || x->response.is_tunnel)
            break;
        record_failed_body(p, OUTCOME_upstream_body_too_large, 0);
        ret_piece->kind = PIECE_FAILED;
        break;
    case PIECE_END:
        x->response.trailers =
            passing_trailers(p->fetch.trailers, &options_of(p)->fields.to_client);
        record_result(p, OUTCOME_NONE, 0, PHASE_BODY, SPAN(""));
        break;
    case PIECE_FAILED:
        record_failed_body(p, p->fetch.cause, p->fetch.system_error);
        break;
    default:
        break;
    }
}

/* The recipient of an answer without a Date adds one: RFC 9110 §6.6.1. */
static void add_date(struct exchange *x, const struct message *answer)
{
    char *date;

    x->response.has_date = true;
    if (answer->first[FIELD_date])
        return;
    date = arena_alloc(&x->arena, DATE_LENGTH);
    if (date)
        date_format(x->arrival.time, date);
    exchange_add_field(x, field_table[FIELD_date].name, span_of(date, date ? DATE_LENGTH : 0));
}

static void add_via(const struct passage *p)
{
    const size_t room = sizeof "1.1 " - 1 + PSEUDONYM_LENGTH;
    struct buf b = buf_in(arena_alloc(&p->x->arena, room), room);

    buf_add(&b, p->gateway->speaks_fcgi || p->fetch.h1.minor ? SPAN("1.1 ") : SPAN("1.0 "));
    buf_add(&b, span_of(p->gateway->share->pseudonym, PSEUDONYM_LENGTH));
    exchange_add_field(p->x, field_table[FIELD_via].name,
                       b.failed ? (struct span){NULL, 0} : buf_span(&b));
}

/* Of an answer that is shown with a page of ours, what a client cannot do without. */
static void keep_challenge(struct passage *p)
{
    const struct message *answer = &p->fetch.answer;
    struct span wait = message_field(answer, FIELD_retry_after);
    uint64_t seconds;

    for (size_t i = 0; i < answer->field_count; i++)
        if (answer->fields[i].id == FIELD_www_authenticate)
            exchange_add_field(p->x, field_table[FIELD_www_authenticate].name,
                               field_line_value(&answer->fields[i]));
    if (span_to_u64(wait, UINT32_MAX, &seconds))
        p->x->failure.retry_after = (uint32_t)seconds;
}

/* What a 426 asks the client to change to: RFC 9110 §15.5.22. */
static void add_wanted_protocols(struct passage *p)
{
    const struct message *answer = &p->fetch.answer;
    bool wants = false;

    for (size_t i = 0; i < answer->field_count; i++) {
        struct span rest = field_line_value(&answer->fields[i]), member;

        while (answer->fields[i].id == FIELD_upgrade && list_take(&rest, &member)) {
            if (span_eq_nocase(member, SPAN("h2c"))) // which is not passed on
                continue;
            exchange_add_field(p->x, field_table[FIELD_upgrade].name, member);
            wants = true;
        }
    }
    if (wants)
        exchange_add_field(p->x, field_table[FIELD_connection].name, SPAN("upgrade"));
}

void answer_respond(struct passage *p)
{
    struct exchange *x = p->x;
    const struct message *answer = &p->fetch.answer;
    struct response *r = &x->response;

    if (p->relay.own_page) {
        keep_challenge(p);
        return;
    }
    add_date(x, answer);
    passing_response(x, answer, &options_of(p)->fields.to_client);
    add_via(p);
    if (r->is_tunnel)
        exchange_add_field(x, field_table[FIELD_upgrade].name,
                           message_field(answer, FIELD_upgrade));
    else if (answer->status == 426)
        add_wanted_protocols(p);
    r->has_length = answer->status == 204 || answer->status == 304 || has_length(p, &r->length);
    if (answer->status != 204 && answer->status != 304)
        r->next = next;
}

void answer_interim(struct passage *p)
{
    const struct message *answer = &p->fetch.answer;
    struct response_field *fields;

    if (passing_interim(p->x, answer, &fields))
        p->x->host->interim(p->x, answer->status, fields);
}
