// SPDX-License-Identifier: MIT
/*
 * Golden trails: what is asked of a request, in which order, and what becomes of it. Each case is
 * walked with facts that are there at once and with facts that have to be waited for.
 */
#include "unit.h"

#include "base/clock.h"
#include "base/limits.h"
#include "graph/graph.h"
#include "graph/resource.h"
#include "wire/h1.h"

#include <stdlib.h>

/* What the fake host and the fake resource say; without a flag it is a readable file of 100 bytes
 * with the tag "v1", modified at 1994-11-06T08:49:37Z, and everything goes well. */
#define OVER_CAPACITY (UINT64_C(1) << 0)
#define OTHER_HOST (UINT64_C(1) << 1)
#define NO_ROUTE (UINT64_C(1) << 2)
#define ALLOWS_TRACE (UINT64_C(1) << 3)
#define CONTENT_BREAKS_OFF (UINT64_C(1) << 4)
#define LOOKUP_FAILS (UINT64_C(1) << 5)
#define ABSENT (UINT64_C(1) << 6)
#define UNREADABLE (UINT64_C(1) << 7)
#define FOLDER (UINT64_C(1) << 8)
#define UNACCEPTABLE (UINT64_C(1) << 9)
#define NO_RANGES (UINT64_C(1) << 10)
// What authors
#define OTHER_TYPE (UINT64_C(1) << 11)
#define NAME_IMPOSSIBLE (UINT64_C(1) << 12)
#define ORPHAN (UINT64_C(1) << 13)
#define COLLECTION (UINT64_C(1) << 14)
#define TOO_DEEP (UINT64_C(1) << 15)
#define DESTINATION_FOREIGN (UINT64_C(1) << 16)
#define OVERLAPS (UINT64_C(1) << 17)
#define DESTINATION_ORPHAN (UINT64_C(1) << 18)
#define DESTINATION_TAKEN (UINT64_C(1) << 19)
#define IF_MALFORMED (UINT64_C(1) << 20)
#define IF_FALSE (UINT64_C(1) << 21)
#define TOKEN_UNKNOWN (UINT64_C(1) << 22)
#define LOCKED (UINT64_C(1) << 23)
#define NO_ROOM (UINT64_C(1) << 24)
#define MEANINGLESS (UINT64_C(1) << 25)
#define CONFLICTING (UINT64_C(1) << 26)
#define EFFECT_FAILS (UINT64_C(1) << 27)
#define PARTLY (UINT64_C(1) << 28)
#define FROM_FORM (UINT64_C(1) << 29)
#define CREATES (UINT64_C(1) << 30)
#define HAS_RESULT (UINT64_C(1) << 31)
#define STALE_ONCE (UINT64_C(1) << 32)
#define READ_ONLY (UINT64_C(1) << 33)
#define UPLOAD (UINT64_C(1) << 34) // the target names one, of 100 bytes of which 10 have arrived
#define UPLOAD_GONE (UINT64_C(1) << 35)
#define UNFINISHED (UINT64_C(1) << 36)
#define UNOFFERED (UINT64_C(1) << 37)
#define STALE_ALWAYS (UINT64_C(1) << 38)
#define NAME_HIDDEN (UINT64_C(1) << 39)
#define UNTOLD (UINT64_C(1) << 40)
#define HURRIED (UINT64_C(1) << 41)
#define HOST_UNNAMED (UINT64_C(1) << 43)
#define QUERY_READS (UINT64_C(1) << 42)

#define THEN "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sat, 05 Nov 1994 08:49:37 GMT"
enum { MODIFIED = 784111777, NOW = 1800000000 };

#define REQUEST(line, fields) line " HTTP/1.1\r\nHost: a\r\n" fields "\r\n"
#define GET(fields) REQUEST("GET /f", fields)

#define TO_ROUTE "message_sound+ capacity_left+ targets_server- asks_tunnel- host_known"
#define TO_METHOD TO_ROUTE "+ route_known+ host_certain+ method_known"
#define TO_CONTENT                                                                                 \
    TO_METHOD "+ query_permits+ method_allowed+ is_trace- is_options- expectation_known"
#define TO_LOOKUP TO_CONTENT "+ content_fits+ content_sound+ names_upload- authors- lookup_worked"
#define TO_IF_MATCH                                                                                \
    TO_LOOKUP "+ exists+ is_readable+ lacks_slash- is_offered+ is_acceptable+ has_if_match"
#define TO_NONE_MATCH TO_IF_MATCH "- has_if_unmodified_since- has_if_none_match"
#define TO_RANGE TO_NONE_MATCH "- has_if_modified_since- changes- has_range"

#define LENGTH "Content-Length: 10\r\n"
#define TO_AUTHORING                                                                               \
    TO_CONTENT                                                                                     \
    "+ content_fits+ content_sound+ names_upload- authors+ from_this_site+ type_supported"
#define TO_TARGET                                                                                  \
    TO_AUTHORING "+ depth_sound+ depth_fits+ overwrite_sound+ upload_fields_sound+ "               \
                 "target_looked_up"
#define TO_KIND TO_TARGET "+ target_exists+ makes_collection"
#define TO_DESTINATION                                                                             \
    TO_KIND "- puts_on_collection- posts_on_file- walks_too_deep- goes_elsewhere+ "                \
            "destination_sent"
#define NO_DESTINATION                                                                             \
    TO_KIND "- puts_on_collection- posts_on_file- walks_too_deep- goes_elsewhere- "
#define UNCONDITIONAL                                                                              \
    "has_if_match- has_if_unmodified_since- has_if_none_match- has_if_modified_since- changes+ "
#define TO_IF NO_DESTINATION UNCONDITIONAL "has_if"
#define TO_CHANGE TO_IF "- unlocks- refreshes_lock- needs_no_lock- unlocked"
#define TO_EFFECT                                                                                  \
    TO_CHANGE "+ content_placed+ content_arrived+ content_understood+ lock_grantable+ "            \
              "effect_worked"
#define TO_UPLOAD TO_CONTENT "+ content_fits+ content_sound+ names_upload+ upload_known"
#define TO_PIECE TO_UPLOAD "+ asks_upload- gives_up_upload- piece_supported"
#define PIECE(offset, length, complete)                                                            \
    REQUEST("PATCH /f?upload=1", "Upload-Offset: " offset "\r\nContent-Length: " length            \
                                 "\r\nUpload-Complete: " complete "\r\n")
#define TO_PIECE_EFFECT                                                                            \
    TO_PIECE "+ piece_sound+ piece_follows+ piece_fits+ finishes_upload- content_arrived+ "        \
             "content_understood+ lock_grantable+ effect_worked"
#define DESTINATION_TO(rest) REQUEST("COPY /f", "Destination: /g\r\n" rest)

static const struct golden {
    const char *request;
    uint64_t state;
    enum outcome outcome;
    const char *trail;
} golden[] = {
    // Message, capacity, route
    {"GET /f HTTP/1.1\r\n\r\n", 0, OUTCOME_host_missing, "message_sound-"},
    {"GET /f HTTP/1.1\r\n\r\n", OVER_CAPACITY, OUTCOME_host_missing, "message_sound-"},
    {GET(""), OVER_CAPACITY, OUTCOME_overloaded, "message_sound+ capacity_left-"},
    {REQUEST("OPTIONS *", ""), OTHER_HOST, OUTCOME_options_told,
     "message_sound+ capacity_left+ targets_server+"},
    {"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 0, OUTCOME_connect_unsupported,
     "message_sound+ capacity_left+ targets_server- asks_tunnel+"},
    {GET(""), OTHER_HOST, OUTCOME_host_unknown, TO_ROUTE "-"},
    {GET(""), NO_ROUTE, OUTCOME_no_route, TO_ROUTE "+ route_known-"},
    {GET(""), HOST_UNNAMED, OUTCOME_host_unnamed, TO_ROUTE "+ route_known+ host_certain-"},
    // Method
    {REQUEST("BREW /f", ""), 0, OUTCOME_method_unknown, TO_METHOD "- method_registered-"},
    {REQUEST("REPORT /f", ""), 0, OUTCOME_method_not_performed, TO_METHOD "- method_registered+"},
    {REQUEST("DELETE /f?x", ""), QUERY_READS, OUTCOME_query_read_only,
     TO_METHOD "+ query_permits-"},
    {REQUEST("DELETE /f", ""), ABSENT | READ_ONLY, OUTCOME_method_not_allowed,
     TO_METHOD "+ query_permits+ method_allowed- allowed_known+"},
    {REQUEST("TRACE /f", ""), 0, OUTCOME_method_not_allowed,
     TO_METHOD "+ query_permits+ method_allowed- allowed_known+"},
    {REQUEST("TRACE /f", ""), LOOKUP_FAILS, OUTCOME_read_failed,
     TO_METHOD "+ query_permits+ method_allowed- allowed_known-"},
    {REQUEST("TRACE /f", ""), ALLOWS_TRACE, OUTCOME_trace_echoed,
     TO_METHOD "+ query_permits+ method_allowed+ is_trace+"},
    {REQUEST("OPTIONS /f", ""), ABSENT, OUTCOME_options_told,
     TO_METHOD "+ query_permits+ method_allowed+ is_trace- is_options+ options_known+"},
    {REQUEST("OPTIONS /f", ""), LOOKUP_FAILS, OUTCOME_read_failed,
     TO_METHOD "+ query_permits+ method_allowed+ is_trace- is_options+ options_known-"},
    // Expectation, content
    {GET("Expect: a miracle\r\n"), 0, OUTCOME_expectation_unknown, TO_CONTENT "-"},
    {GET("Content-Length: 11\r\n"), 0, OUTCOME_content_too_large, TO_CONTENT "+ content_fits-"},
    {GET("Content-Length: 10\r\n"), CONTENT_BREAKS_OFF | ABSENT, OUTCOME_content_incomplete,
     TO_CONTENT "+ content_fits+ content_sound-"},
    // Existence, negotiation
    {GET(""), LOOKUP_FAILS, OUTCOME_read_failed, TO_LOOKUP "-"},
    {GET("If-Match: \"v0\"\r\n"), ABSENT, OUTCOME_not_found, TO_LOOKUP "+ exists-"},
    {GET(""), UNREADABLE, OUTCOME_not_readable, TO_LOOKUP "+ exists+ is_readable-"},
    {GET(""), FOLDER, OUTCOME_slash_missing, TO_LOOKUP "+ exists+ is_readable+ lacks_slash+"},
    {GET(""), UNOFFERED, OUTCOME_archive_unknown,
     TO_LOOKUP "+ exists+ is_readable+ lacks_slash- is_offered-"},
    {GET("If-Match: \"v0\"\r\n"), UNACCEPTABLE, OUTCOME_not_acceptable,
     TO_LOOKUP "+ exists+ is_readable+ lacks_slash- is_offered+ is_acceptable-"},
    // RFC 9110 §13.2.2, steps 1 and 2
    {GET("If-Match: v1\r\n"), 0, OUTCOME_entity_tag_malformed, TO_IF_MATCH "+ if_match_sound-"},
    {GET("If-Match: \"v0\"\r\nIf-None-Match: \"v1\"\r\n"), 0, OUTCOME_if_match_failed,
     TO_IF_MATCH "+ if_match_sound+ if_match_holds-"},
    {GET("If-Match: \"v0\", \"v1\"\r\nIf-Unmodified-Since: " BEFORE "\r\n"), 0, OUTCOME_ok,
     TO_IF_MATCH "+ if_match_sound+ if_match_holds+ has_if_none_match- has_if_modified_since- "
                 "changes- has_range-"},
    {GET("If-Unmodified-Since: " BEFORE "\r\n"), 0, OUTCOME_if_unmodified_since_failed,
     TO_IF_MATCH "- has_if_unmodified_since+ unmodified_since-"},
    {GET("If-Unmodified-Since: " THEN "\r\n"), 0, OUTCOME_ok,
     TO_IF_MATCH "- has_if_unmodified_since+ unmodified_since+ has_if_none_match- "
                 "has_if_modified_since- changes- has_range-"},
    {GET("If-Unmodified-Since: yesterday\r\n"), 0, OUTCOME_ok, TO_RANGE "-"},
    // Steps 3 and 4
    {GET("If-None-Match: v1\r\n"), 0, OUTCOME_entity_tag_malformed,
     TO_NONE_MATCH "+ if_none_match_sound-"},
    {GET("If-None-Match: W/\"v1\"\r\nRange: bytes=0-1\r\n"), 0, OUTCOME_not_modified,
     TO_NONE_MATCH "+ if_none_match_sound+ if_none_match_holds- is_read+"},
    {GET("If-None-Match: \"v0\"\r\nIf-Modified-Since: " THEN "\r\n"), 0, OUTCOME_ok,
     TO_NONE_MATCH "+ if_none_match_sound+ if_none_match_holds+ changes- has_range-"},
    {GET("If-Modified-Since: " THEN "\r\n"), 0, OUTCOME_not_modified,
     TO_NONE_MATCH "- has_if_modified_since+ modified_since-"},
    {GET("If-Modified-Since: " BEFORE "\r\n"), 0, OUTCOME_ok,
     TO_NONE_MATCH "- has_if_modified_since+ modified_since+ changes- has_range-"},
    // Step 5 and the range itself
    {GET("Range: bytes=0-1\r\n"), NO_RANGES, OUTCOME_ok, TO_RANGE "-"},
    {REQUEST("HEAD /f", "Range: bytes=0-1\r\n"), 0, OUTCOME_ok, TO_RANGE "-"},
    {GET("Range: bytes=0-1\r\nIf-Range: \"v0\"\r\n"), 0, OUTCOME_ok,
     TO_RANGE "+ has_if_range+ if_range_holds-"},
    {GET("Range: bytes=0-1\r\nIf-Range: \"v1\"\r\n"), 0, OUTCOME_partial,
     TO_RANGE "+ has_if_range+ if_range_holds+ range_sound+ range_satisfiable+ range_single+"},
    {GET("Range: lines=0-1\r\n"), 0, OUTCOME_ok, TO_RANGE "+ has_if_range- range_sound-"},
    {GET("Range: bytes=100-\r\n"), 0, OUTCOME_range_not_satisfiable,
     TO_RANGE "+ has_if_range- range_sound+ range_satisfiable-"},
    {GET("Range: bytes=0-1\r\n"), 0, OUTCOME_partial,
     TO_RANGE "+ has_if_range- range_sound+ range_satisfiable+ range_single+"},
    {GET("Range: bytes=0-0,99-99\r\n"), 0, OUTCOME_partial_many,
     TO_RANGE "+ has_if_range- range_sound+ range_satisfiable+ range_single-"},
    // Uploads that go on
    {PIECE("10", "10", "?0"), UPLOAD | UPLOAD_GONE, OUTCOME_not_found, TO_UPLOAD "-"},
    {REQUEST("HEAD /f?upload=1", ""), UPLOAD, OUTCOME_upload_told, TO_UPLOAD "+ asks_upload+"},
    {REQUEST("DELETE /f?upload=1", ""), UPLOAD, OUTCOME_done,
     TO_UPLOAD "+ asks_upload- gives_up_upload+ effect_worked+ effect_whole+ tells_properties- "
               "came_from_form- leaves_unfinished- was_created- has_result-"},
    {PIECE("10", "10", "?0"), UPLOAD | OTHER_TYPE, OUTCOME_unsupported_media_type, TO_PIECE "-"},
    {PIECE("ten", "10", "?0"), UPLOAD, OUTCOME_upload_fields_malformed, TO_PIECE "+ piece_sound-"},
    {PIECE("9", "10", "?0"), UPLOAD, OUTCOME_upload_offset_differs,
     TO_PIECE "+ piece_sound+ piece_follows-"},
    {PIECE("10", "10", "?1"), UPLOAD, OUTCOME_upload_length_differs,
     TO_PIECE "+ piece_sound+ piece_follows+ piece_fits-"},
    {PIECE("10", "10", "?0"), UPLOAD | UNFINISHED, OUTCOME_upload_appended,
     TO_PIECE_EFFECT
     "+ effect_whole+ tells_properties- came_from_form- leaves_unfinished+ was_opened-"},
    {PIECE("90", "10", "?1"), UPLOAD | ABSENT | ORPHAN, OUTCOME_parent_missing,
     TO_PIECE "+ piece_sound+ piece_follows+ piece_fits+ finishes_upload+ target_looked_up+ "
              "target_exists- makes_anew+ name_possible+ name_visible+ parent_there-"},
    {REQUEST("PUT /f", "Upload-Complete: no\r\n"), 0, OUTCOME_upload_fields_malformed,
     TO_AUTHORING "+ depth_sound+ depth_fits+ overwrite_sound+ upload_fields_sound-"},
    {REQUEST("PUT /f", LENGTH "Upload-Complete: ?0\r\n"), UNFINISHED, OUTCOME_upload_opened,
     TO_EFFECT "+ effect_whole+ tells_properties- came_from_form- leaves_unfinished+ was_opened+"},
    // Authoring: what is asked, and of what
    {REQUEST("POST /f", "Origin: http://evil.example\r\n"), COLLECTION, OUTCOME_cross_site,
     TO_CONTENT "+ content_fits+ content_sound+ names_upload- authors+ from_this_site-"},
    {REQUEST("PATCH /f", LENGTH), OTHER_TYPE, OUTCOME_unsupported_media_type, TO_AUTHORING "-"},
    {REQUEST("DELETE /f", "Depth: deep\r\n"), 0, OUTCOME_depth_malformed,
     TO_AUTHORING "+ depth_sound-"},
    {REQUEST("DELETE /f", "Depth: 0\r\n"), 0, OUTCOME_depth_unsupported,
     TO_AUTHORING "+ depth_sound+ depth_fits-"},
    {REQUEST("COPY /f", "Overwrite: yes\r\n"), 0, OUTCOME_overwrite_malformed,
     TO_AUTHORING "+ depth_sound+ depth_fits+ overwrite_sound-"},
    {REQUEST("PUT /f", ""), LOOKUP_FAILS, OUTCOME_read_failed, TO_TARGET "-"},
    {REQUEST("DELETE /f", ""), ABSENT, OUTCOME_not_found, TO_TARGET "+ target_exists- makes_anew-"},
    {REQUEST("PUT /f", ""), ABSENT | NAME_IMPOSSIBLE, OUTCOME_name_impossible,
     TO_TARGET "+ target_exists- makes_anew+ name_possible-"},
    {REQUEST("PUT /f", ""), ABSENT | NAME_HIDDEN, OUTCOME_name_hidden,
     TO_TARGET "+ target_exists- makes_anew+ name_possible+ name_visible-"},
    {REQUEST("MKCOL /f", ""), ABSENT | ORPHAN, OUTCOME_parent_missing,
     TO_TARGET "+ target_exists- makes_anew+ name_possible+ name_visible+ parent_there-"},
    {REQUEST("MKCOL /f", ""), 0, OUTCOME_collection_exists, TO_KIND "+"},
    {REQUEST("PUT /f", ""), COLLECTION, OUTCOME_collection_in_the_way,
     TO_KIND "- puts_on_collection+"},
    {REQUEST("POST /f", ""), 0, OUTCOME_not_a_collection,
     TO_KIND "- puts_on_collection- posts_on_file+"},
    {REQUEST("PROPFIND /f", ""), COLLECTION | TOO_DEEP, OUTCOME_propfind_infinite,
     TO_KIND "- puts_on_collection- posts_on_file- walks_too_deep+"},
    // Destination
    {REQUEST("COPY /f", ""), 0, OUTCOME_destination_missing, TO_DESTINATION "-"},
    {DESTINATION_TO(""), DESTINATION_FOREIGN, OUTCOME_destination_foreign,
     TO_DESTINATION "+ destination_sound-"},
    {DESTINATION_TO(""), OVERLAPS, OUTCOME_destination_overlaps,
     TO_DESTINATION "+ destination_sound+ destination_apart-"},
    {DESTINATION_TO(""), DESTINATION_ORPHAN, OUTCOME_destination_parent_missing,
     TO_DESTINATION "+ destination_sound+ destination_apart+ destination_parent_there-"},
    {DESTINATION_TO("Overwrite: F\r\n"), DESTINATION_TAKEN, OUTCOME_destination_exists,
     TO_DESTINATION
     "+ destination_sound+ destination_apart+ destination_parent_there+ destination_free-"},
    {DESTINATION_TO(""), DESTINATION_TAKEN | LOCKED, OUTCOME_locked,
     TO_DESTINATION "+ destination_sound+ destination_apart+ destination_parent_there+ "
                    "destination_free+ " UNCONDITIONAL
                    "has_if- unlocks- refreshes_lock- needs_no_lock- unlocked-"},
    // Preconditions of what authors
    {REQUEST("PUT /f", "If-None-Match: *\r\n"), 0, OUTCOME_if_none_match_failed,
     NO_DESTINATION "has_if_match- has_if_unmodified_since- has_if_none_match+ "
                    "if_none_match_sound+ if_none_match_holds- is_read-"},
    // Submitted state and locks
    {REQUEST("PUT /f", "If: ()\r\n"), IF_MALFORMED, OUTCOME_if_malformed, TO_IF "+ if_sound-"},
    {REQUEST("PUT /f", "If: (<a:b>)\r\n"), IF_FALSE, OUTCOME_if_failed,
     TO_IF "+ if_sound+ if_holds-"},
    {REQUEST("PUT /f", "If: (<a:b>)\r\n"), LOCKED, OUTCOME_locked,
     TO_IF "+ if_sound+ if_holds+ unlocks- refreshes_lock- needs_no_lock- unlocked-"},
    {REQUEST("UNLOCK /f", ""), 0, OUTCOME_lock_token_missing, TO_IF "- unlocks+ lock_token_sent-"},
    {REQUEST("UNLOCK /f", "Lock-Token: <a:b>\r\n"), TOKEN_UNKNOWN, OUTCOME_lock_token_unknown,
     TO_IF "- unlocks+ lock_token_sent+ lock_token_known-"},
    {REQUEST("UNLOCK /f", "Lock-Token: <a:b>\r\n"), 0, OUTCOME_done,
     TO_IF "- unlocks+ lock_token_sent+ lock_token_known+ effect_worked+ effect_whole+ "
           "tells_properties- came_from_form- leaves_unfinished- was_created- has_result-"},
    {REQUEST("LOCK /f", ""), TOKEN_UNKNOWN, OUTCOME_refresh_unnamed,
     TO_IF "- unlocks- refreshes_lock+ refreshed_lock_named-"},
    {REQUEST("LOCK /f", ""), HAS_RESULT, OUTCOME_result_told,
     TO_IF "- unlocks- refreshes_lock+ refreshed_lock_named+ effect_worked+ effect_whole+ "
           "tells_properties- came_from_form- leaves_unfinished- was_created- has_result+"},
    // Content
    {REQUEST("PUT /f", LENGTH), NO_ROOM, OUTCOME_storage_full, TO_CHANGE "+ content_placed-"},
    {REQUEST("PUT /f", LENGTH), CONTENT_BREAKS_OFF, OUTCOME_content_incomplete,
     TO_CHANGE "+ content_placed+ content_arrived-"},
    {REQUEST("PROPPATCH /f", LENGTH), MEANINGLESS, OUTCOME_xml_meaningless,
     TO_CHANGE "+ content_placed+ content_arrived+ content_understood-"},
    {REQUEST("LOCK /f", LENGTH), CONFLICTING, OUTCOME_lock_conflict,
     TO_CHANGE "+ content_placed+ content_arrived+ content_understood+ lock_grantable-"},
    // Effect
    {REQUEST("PUT /f", LENGTH), EFFECT_FAILS, OUTCOME_write_failed, TO_EFFECT "-"},
    {REQUEST("DELETE /f", ""), PARTLY, OUTCOME_partly_done, TO_EFFECT "+ effect_whole-"},
    {REQUEST("PROPFIND /f", ""), 0, OUTCOME_properties_told,
     TO_IF "- unlocks- refreshes_lock- needs_no_lock+ content_placed+ content_arrived+ "
           "content_understood+ lock_grantable+ effect_worked+ effect_whole+ tells_properties+"},
    {REQUEST("PROPPATCH /f", LENGTH), UNTOLD, OUTCOME_done,
     TO_EFFECT "+ effect_whole+ tells_properties- came_from_form- leaves_unfinished- was_created- "
               "has_result-"},
    {REQUEST("POST /f", LENGTH), COLLECTION | FROM_FORM, OUTCOME_uploaded,
     TO_EFFECT "+ effect_whole+ tells_properties- came_from_form+"},
    {REQUEST("PUT /f", ""), ABSENT | CREATES, OUTCOME_created,
     TO_TARGET
     "+ target_exists- makes_anew+ name_possible+ name_visible+ parent_there+ " UNCONDITIONAL
     "has_if- unlocks- refreshes_lock- needs_no_lock- unlocked+ content_placed+ "
     "content_arrived+ content_understood+ lock_grantable+ effect_worked+ effect_whole+ "
     "tells_properties- came_from_form- leaves_unfinished- was_created+"},
    // What changed meanwhile is asked about again, and the trail is that of the last time
    {REQUEST("PUT /f", LENGTH), STALE_ONCE, OUTCOME_done,
     TO_EFFECT "+ effect_whole+ tells_properties- came_from_form- leaves_unfinished- was_created- "
               "has_result-"},
    // but not for ever
    {REQUEST("PUT /f", LENGTH), STALE_ALWAYS, OUTCOME_resources_exhausted, TO_EFFECT "-"},
    {REQUEST("PUT /f", LENGTH), STALE_ONCE | HURRIED, OUTCOME_server_stopping, TO_EFFECT "-"},
};

enum { GOLDEN = sizeof golden / sizeof *golden };

static bool seen[NODE_COUNT][2];

/* The walk under test: which facts were asked for, and whether they make it wait. */
struct walk {
    struct exchange x;
    uint64_t state;
    bool waits;
    uint32_t waited, given;
};

static bool fact_arrives(struct walk *w, enum fact fact)
{
    if (w->waits && !(w->waited & fact)) {
        w->waited |= fact;
        return false;
    }
    assert_int_equal(w->given & fact, 0); // established once
    w->given |= fact;
    return true;
}

static struct resource resource;

static bool fake_host(struct exchange *x, enum fact fact)
{
    struct walk *w = x->carrier;

    if (!fact_arrives(w, fact))
        return false;
    if (fact == FACT_CONTENT || fact == FACT_UNWANTED) {
        bool is_wanted = x->request.method != METHOD_GET;

        if (w->state & CONTENT_BREAKS_OFF && is_wanted == (fact == FACT_CONTENT))
            exchange_set_cause(x, OUTCOME_content_incomplete, 1);
        return true;
    }
    assert_int_equal(fact, FACT_ROUTE);
    x->host_doubtful = (w->state & HOST_UNNAMED) != 0;
    x->host_known = !(w->state & OTHER_HOST);
    x->resource = w->state & NO_ROUTE ? NULL : &resource;
    x->allowed = w->state & READ_ONLY ? METHOD_BIT(METHOD_GET) : ~METHOD_BIT(METHOD_TRACE);
    if (w->state & ALLOWS_TRACE)
        x->allowed |= METHOD_BIT(METHOD_TRACE);
    if (w->state & QUERY_READS)
        x->withheld = METHOD_BIT(METHOD_DELETE);
    x->content_limit = 10;
    x->upload.named = (w->state & UPLOAD) != 0;
    return true;
}

static void fake_representation(struct exchange *x, uint64_t state)
{
    if (state & LOOKUP_FAILS)
        exchange_set_cause(x, OUTCOME_read_failed, 0);
    x->representation = (struct representation){
        .exists = !(state & ABSENT),
        .readable = !(state & UNREADABLE),
        .lacks_slash = (state & FOLDER) != 0,
        .lacks_form = (state & UNOFFERED) != 0,
        .acceptable = !(state & UNACCEPTABLE),
        .has_ranges = !(state & NO_RANGES),
        .length = 100,
        .validators = {.exists = !(state & ABSENT),
                       .has_etag = true,
                       .etag = {.opaque = SPAN("v1")},
                       .has_last_modified = true,
                       .last_modified = MODIFIED},
    };
    x->target = (struct target_state){
        .is_collection = (state & COLLECTION) != 0,
        .name_possible = !(state & NAME_IMPOSSIBLE),
        .name_hidden = (state & NAME_HIDDEN) != 0,
        .parent_exists = !(state & ORPHAN),
        .depth_unbounded = (state & TOO_DEEP) != 0,
    };
}

static void fake_upload(struct exchange *x, uint64_t state)
{
    if (state & UPLOAD_GONE)
        exchange_set_cause(x, OUTCOME_not_found, 0);
    // 90 of 100 bytes are there where the request says so, else 10
    x->upload.has_length = true;
    x->upload.length = 100;
    x->upload.offset =
        span_eq(message_field(&x->request, FIELD_upload_offset), SPAN("90")) ? 90 : 10;
}

static void fake_destination(struct exchange *x, uint64_t state)
{
    if (state & DESTINATION_FOREIGN)
        exchange_set_cause(x, OUTCOME_destination_foreign, 0);
    x->destination = (struct destination_state){
        .exists = (state & DESTINATION_TAKEN) != 0,
        .parent_exists = !(state & DESTINATION_ORPHAN),
        .overlaps = (state & OVERLAPS) != 0,
    };
}

static void fake_locks(struct exchange *x, uint64_t state)
{
    x->locks.if_malformed = (state & IF_MALFORMED) != 0;
    x->locks.if_holds = !(state & IF_FALSE);
    x->locks.token_known = !(state & TOKEN_UNKNOWN);
    x->locks.blocked = (state & LOCKED) != 0;
}

static void fake_effect(struct walk *w)
{
    struct exchange *x = &w->x;

    if (w->state & STALE_ONCE) {
        // What depends on the state of resources is established anew.
        w->state &= ~STALE_ONCE;
        w->given = w->waited = 0;
        x->stale = true;
        return;
    }
    if (w->state & STALE_ALWAYS) {
        w->given = w->waited = 0;
        x->stale = true;
        if (x->stale_since) // a long time passes
            x->stale_since -= (int64_t)LIMIT_LOOK_AGAIN * CLOCK_MS;
        return;
    }
    if (w->state & EFFECT_FAILS)
        exchange_set_cause(x, OUTCOME_write_failed, 0);
    x->effect = (struct effect){
        .partly = (w->state & PARTLY) != 0,
        .created = (w->state & CREATES) != 0,
        .from_form = (w->state & FROM_FORM) != 0,
        .has_result = (w->state & HAS_RESULT) != 0,
        .untold = (w->state & UNTOLD) != 0,
        .unfinished = (w->state & UNFINISHED) != 0,
    };
}

static bool fake_resource(struct exchange *x, enum fact fact)
{
    struct walk *w = x->carrier;

    if (!fact_arrives(w, fact))
        return false;
    if (fact == FACT_REPRESENTATION)
        fake_representation(x, w->state);
    else if (fact == FACT_UPLOAD)
        fake_upload(x, w->state);
    else if (fact == FACT_DESTINATION)
        fake_destination(x, w->state);
    else if (fact == FACT_LOCKS)
        fake_locks(x, w->state);
    else if (fact == FACT_PLACE && w->state & NO_ROOM)
        exchange_set_cause(x, OUTCOME_storage_full, 0);
    else if (fact == FACT_MEANING && w->state & MEANINGLESS)
        exchange_set_cause(x, OUTCOME_xml_meaningless, 0);
    else if (fact == FACT_MEANING)
        x->locks.conflicting = (w->state & CONFLICTING) != 0;
    else if (fact == FACT_EFFECT)
        fake_effect(w);
    return true;
}

static bool fake_type(const struct exchange *x)
{
    return !(((const struct walk *)x->carrier)->state & OTHER_TYPE);
}

static const struct resource_ops resource_ops = {.establish = fake_resource,
                                                 .takes_type = fake_type};
static struct resource resource = {.ops = &resource_ops};
static const struct exchange_host host = {.establish = fake_host};

static void walk_once(struct walk *w, const struct golden *g)
{
    static const struct h1_limits limits = {1000, 1000, 100};
    struct exchange *x = &w->x;

    exchange_reset(x);
    w->state = g->state;
    w->waited = w->given = 0;
    x->known = FACT_MESSAGE;
    x->time = NOW;
    x->over_capacity = g->state & OVER_CAPACITY;
    x->hurried = g->state & HURRIED;
    if (h1_read_head(&x->request, span_from_str(g->request), 0, &limits) <= 0)
        exchange_set_cause(x, x->request.violation.outcome, x->request.violation.offset);
    for (int steps = 0; !graph_walk(x); steps++)
        assert_true(w->waits && steps < 16); // a wait for each fact and no more
}

static void check(struct walk *w, const struct golden *g)
{
    struct buf trail = {0};

    walk_once(w, g);
    graph_write_trail(&trail, &w->x);
    buf_add_char(&trail, '\0');
    if (w->x.outcome != g->outcome || strcmp(trail.ptr, g->trail) != 0)
        fail_msg("%s\nin state %#llx went\n  %s\nto %s, not\n  %s\nto %s", g->request,
                 (unsigned long long)g->state, trail.ptr, outcome_table[w->x.outcome].token.ptr,
                 g->trail, outcome_table[g->outcome].token.ptr);
    for (unsigned i = 0; i < w->x.trail_length; i++)
        seen[w->x.trail[i] >> 1][w->x.trail[i] & 1] = true;
    buf_done(&trail);
}

static void check_all(bool waits)
{
    struct walk *w = calloc(1, sizeof *w);

    w->waits = waits;
    w->x.host = &host;
    w->x.carrier = w;
    assert_int_equal(arena_init(&w->x.arena, 512), 0);
    for (int i = 0; i < GOLDEN; i++)
        check(w, &golden[i]);
    arena_done(&w->x.arena);
    free(w);
}

static void every_walk_goes_its_golden_way(void **state)
{
    (void)state;
    check_all(false);
}

static void waiting_for_facts_changes_no_walk(void **state)
{
    (void)state;
    check_all(true);
}

static void every_edge_of_the_page_was_taken(void **state)
{
    (void)state;
    for (int n = 0; n < NODE_COUNT; n++)
        for (int answer = 0; answer < 2; answer++)
            if (!seen[n][answer])
                fail_msg("no golden walk takes %s%c", node_table[n].name.ptr, answer ? '+' : '-');
}

static void the_sources_of_an_outcome_are_the_nodes_that_lead_to_it(void **state)
{
    enum node nodes[4];

    (void)state;
    assert_int_equal(graph_find_sources(OUTCOME_entity_tag_malformed, nodes, 4), 2);
    assert_int_equal(nodes[0], NODE_if_match_sound);
    assert_int_equal(nodes[1], NODE_if_none_match_sound);
    assert_int_equal(graph_find_sources(OUTCOME_ok, nodes, 1), 3);
    assert_int_equal(nodes[0], NODE_has_range);
    assert_int_equal(graph_find_sources(OUTCOME_header_timeout, nodes, 4), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_walk_goes_its_golden_way),
        cmocka_unit_test(waiting_for_facts_changes_no_walk),
        cmocka_unit_test(every_edge_of_the_page_was_taken),
        cmocka_unit_test(the_sources_of_an_outcome_are_the_nodes_that_lead_to_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
