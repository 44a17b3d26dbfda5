// SPDX-License-Identifier: MIT
/*
 * The walks that test_graph.c expects: requests, what the host and the resource say, the outcome
 * and the questions with their answers.
 */
#ifndef CANDOR_TESTS_GRAPH_GOLDEN_H
#define CANDOR_TESTS_GRAPH_GOLDEN_H

#include "registry/outcome.h"

#include <stdint.h>

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
#define SLASH (UINT64_C(1) << 42) // at the end of the target, and of the destination
#define GUARDED (UINT64_C(1) << 43)
#define UNLISTED (UINT64_C(1) << 44)
#define QUERY_READS (UINT64_C(1) << 45)
#define HOST_UNNAMED (UINT64_C(1) << 46)
#define STATE_UNKNOWN (UINT64_C(1) << 47) // of what If names
#define ANSWERS (UINT64_C(1) << 48)       // what the route leads to, by itself
#define TUNNELS (UINT64_C(1) << 49)
#define MADE_UP (UINT64_C(1) << 50)
#define SILENT (UINT64_C(1) << 51) // the upstream

#define THEN "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sat, 05 Nov 1994 08:49:37 GMT"
enum { MODIFIED = 784111777, NOW = 1800000000 };

#define REQUEST(line, fields) line " HTTP/1.1\r\nHost: a\r\n" fields "\r\n"
#define GET(fields) REQUEST("GET /f", fields)

#define TO_ROUTE "capacity_left+ targets_server- asks_tunnel- host_known"
#define TO_RESOURCE TO_ROUTE "+ route_known+ host_certain+ answers_itself"
#define TO_METHOD TO_RESOURCE "- method_known"
#define TO_HOP TO_RESOURCE "+ answer_content_fits+ is_last_hop"
#define TO_CONTENT                                                                                 \
    TO_METHOD "+ query_permits+ method_allowed+ is_trace- is_options- expectation_known"
#define TO_LOOKUP TO_CONTENT "+ content_fits+ names_upload- authors-"
#define TO_IF_MATCH                                                                                \
    TO_LOOKUP " exists+ is_readable+ lacks_slash- is_offered+ is_acceptable+ has_if_match"
#define TO_NONE_MATCH TO_IF_MATCH "- has_if_unmodified_since- has_if_none_match"
#define TO_RANGE TO_NONE_MATCH "- has_if_modified_since- changes- has_range"

#define LENGTH "Content-Length: 10\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n"
#define EMPTY "Content-Length: 0\r\n"
#define TO_AUTHOR TO_CONTENT "+ content_fits+ names_upload- authors+ announced_fits"
#define TO_LENGTH TO_AUTHOR "+ from_this_site+ length_told"
#define TO_AUTHORING TO_LENGTH "+ content_uncoded+ type_supported"
#define TO_TARGET TO_AUTHORING "+ depth_sound+ depth_fits+ overwrite_sound+ upload_fields_sound+"
#define TO_KIND TO_TARGET " target_exists+ makes_collection"
#define TO_DESTINATION                                                                             \
    TO_KIND "- is_file_with_slash- puts_on_collection- posts_on_file- reports_on_file- "           \
            "depth_fits_collection+ "                                                              \
            "lists_unlisted- "                                                                     \
            "walks_too_deep- "                                                                     \
            "goes_elsewhere+ "                                                                     \
            "destination_sent"
#define NO_DESTINATION                                                                             \
    TO_KIND "- is_file_with_slash- puts_on_collection- posts_on_file- reports_on_file- "           \
            "depth_fits_collection+ "                                                              \
            "lists_unlisted- "                                                                     \
            "walks_too_deep- "                                                                     \
            "goes_elsewhere- "
#define UNCONDITIONAL                                                                              \
    "has_if_match- has_if_unmodified_since- has_if_none_match- has_if_modified_since- changes+ "
#define TO_IF NO_DESTINATION UNCONDITIONAL "has_if"
#define TO_CHANGE TO_IF "- only_reads- unlocks- refreshes_lock- needs_no_lock- unlocked"
#define TO_EFFECT                                                                                  \
    TO_CHANGE                                                                                      \
    "+ was_refresh- lock_grantable+"
#define TO_UPLOAD TO_CONTENT "+ content_fits+ names_upload+ upload_fits+"
#define TO_PIECE TO_UPLOAD " asks_upload- gives_up_upload- piece_uncoded+ piece_supported"
#define PIECE(offset, length, complete)                                                            \
    REQUEST("PATCH /f?upload=1", "Upload-Offset: " offset "\r\nContent-Length: " length            \
                                 "\r\nUpload-Complete: " complete "\r\n")
#define TO_PIECE_EFFECT                                                                            \
    TO_PIECE "+ piece_sound+ piece_follows+ piece_fits+ finishes_upload- "                         \
             "was_refresh- lock_grantable+"
#define DESTINATION_TO(rest) REQUEST("COPY /f", "Destination: /g\r\n" rest)

static const struct golden {
    const char *request;
    uint64_t state;
    enum outcome outcome;
    const char *trail;
} golden[] = {
    // Message, capacity, route
    {"GET /f HTTP/1.1\r\n\r\n", 0, OUTCOME_host_missing, "message!"},
    {"GET /f HTTP/1.1\r\n\r\n", OVER_CAPACITY, OUTCOME_host_missing, "message!"},
    {GET(""), OVER_CAPACITY, OUTCOME_overloaded, "capacity_left-"},
    {REQUEST("OPTIONS *", ""), OTHER_HOST, OUTCOME_options_told, "capacity_left+ targets_server+"},
    {"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 0, OUTCOME_connect_unsupported,
     "capacity_left+ targets_server- asks_tunnel+"},
    {GET(""), OTHER_HOST, OUTCOME_host_unknown, TO_ROUTE "-"},
    {GET(""), NO_ROUTE, OUTCOME_no_route, TO_ROUTE "+ route_known-"},
    {GET(""), HOST_UNNAMED, OUTCOME_host_unnamed, TO_ROUTE "+ route_known+ host_certain-"},
    // Method
    {REQUEST("BREW /f", ""), 0, OUTCOME_method_unknown, TO_METHOD "- method_registered-"},
    {REQUEST("SEARCH /f", ""), 0, OUTCOME_method_not_performed, TO_METHOD "- method_registered+"},
    {REQUEST("DELETE /f?x", ""), QUERY_READS, OUTCOME_query_read_only,
     TO_METHOD "+ query_permits-"},
    {REQUEST("TRACE /f", ""), LOOKUP_FAILS, OUTCOME_read_failed,
     TO_METHOD "+ query_permits+ method_allowed- representation!"},
    {REQUEST("DELETE /f", ""), ABSENT | READ_ONLY, OUTCOME_method_not_allowed,
     TO_METHOD "+ query_permits+ method_allowed-"},
    {REQUEST("TRACE /f", ""), 0, OUTCOME_method_not_allowed,
     TO_METHOD "+ query_permits+ method_allowed-"},
    {REQUEST("TRACE /f", ""), ALLOWS_TRACE, OUTCOME_trace_echoed,
     TO_METHOD "+ query_permits+ method_allowed+ is_trace+"},
    {REQUEST("OPTIONS /f", ""), ABSENT, OUTCOME_options_told,
     TO_METHOD "+ query_permits+ method_allowed+ is_trace- is_options+"},
    {REQUEST("OPTIONS /f", ""), LOOKUP_FAILS, OUTCOME_read_failed,
     TO_METHOD "+ query_permits+ method_allowed+ is_trace- is_options+ representation!"},
    // Expectation, content
    {GET("Expect: a miracle\r\n"), 0, OUTCOME_expectation_unknown, TO_CONTENT "-"},
    {GET("Content-Length: 11\r\n"), 0, OUTCOME_content_too_large, TO_CONTENT "+ content_fits-"},
    {GET("Content-Length: 10\r\n"), CONTENT_BREAKS_OFF | ABSENT, OUTCOME_content_incomplete,
     TO_CONTENT "+ content_fits+ unwanted!"},
    // Existence, negotiation
    {GET(""), LOOKUP_FAILS, OUTCOME_read_failed, TO_LOOKUP " representation!"},
    {GET("If-Match: \"v0\"\r\n"), ABSENT, OUTCOME_not_found, TO_LOOKUP " exists-"},
    {GET(""), UNREADABLE, OUTCOME_not_readable, TO_LOOKUP " exists+ is_readable-"},
    {GET(""), FOLDER, OUTCOME_slash_missing, TO_LOOKUP " exists+ is_readable+ lacks_slash+"},
    {GET(""), UNOFFERED, OUTCOME_view_unknown,
     TO_LOOKUP " exists+ is_readable+ lacks_slash- is_offered-"},
    {GET("If-Match: \"v0\"\r\n"), UNACCEPTABLE, OUTCOME_not_acceptable,
     TO_LOOKUP " exists+ is_readable+ lacks_slash- is_offered+ is_acceptable-"},
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
    {GET("If-None-Match: v1\r\n"), 0, OUTCOME_ok,
     TO_NONE_MATCH "+ if_none_match_holds+ changes- has_range-"},
    {GET("If-None-Match: v1, \"v1\"\r\n"), 0, OUTCOME_not_modified,
     TO_NONE_MATCH "+ if_none_match_holds- is_read+"},
    {GET("If-None-Match: W/\"v1\"\r\nRange: bytes=0-1\r\n"), 0, OUTCOME_not_modified,
     TO_NONE_MATCH "+ if_none_match_holds- is_read+"},
    {GET("If-None-Match: \"v0\"\r\nIf-Modified-Since: " THEN "\r\n"), 0, OUTCOME_ok,
     TO_NONE_MATCH "+ if_none_match_holds+ changes- has_range-"},
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
    // A read of what may be authored, with If: RFC 4918 §10.4
    {GET("If: (<a:b>)\r\n"), 0, OUTCOME_ok, TO_RANGE "-"},
    {GET(""), GUARDED, OUTCOME_ok, TO_RANGE "-"},
    {GET("If: (\r\n"), GUARDED | IF_MALFORMED, OUTCOME_if_malformed,
     TO_NONE_MATCH "- has_if_modified_since- changes+ has_if+ if_sound-"},
    {GET("If: </g> ([v1])\r\n"), GUARDED | STATE_UNKNOWN, OUTCOME_read_failed,
     TO_NONE_MATCH "- has_if_modified_since- changes+ has_if+ locks!"},
    {GET("If: (<a:b>)\r\n"), GUARDED | IF_FALSE, OUTCOME_if_failed,
     TO_NONE_MATCH "- has_if_modified_since- changes+ has_if+ if_sound+ if_holds-"},
    {GET("If: (<a:b>)\r\n"), GUARDED | LOCKED, OUTCOME_ok,
     TO_NONE_MATCH "- has_if_modified_since- changes+ has_if+ if_sound+ if_holds+ only_reads+ "
                   "has_range-"},
    // Uploads that go on
    {REQUEST("PATCH /f?upload=1", LENGTH "Upload-Length: 11\r\n"), UPLOAD,
     OUTCOME_content_too_large, TO_CONTENT "+ content_fits+ names_upload+ upload_fits-"},
    {PIECE("10", "10", "?0"), UPLOAD | UPLOAD_GONE, OUTCOME_not_found, TO_UPLOAD " upload!"},
    {REQUEST("HEAD /f?upload=1", ""), UPLOAD, OUTCOME_upload_told, TO_UPLOAD " asks_upload+"},
    {REQUEST("DELETE /f?upload=1", ""), UPLOAD, OUTCOME_done,
     TO_UPLOAD " asks_upload- gives_up_upload+ effect_whole+ tells_properties- "
               "came_from_form- leaves_unfinished- was_created- has_result-"},
    {PIECE("10", "10", "?0"), UPLOAD | OTHER_TYPE, OUTCOME_unsupported_media_type, TO_PIECE "-"},
    {REQUEST("PATCH /f?upload=1", LENGTH "Content-Encoding: gzip\r\n"), UPLOAD,
     OUTCOME_content_coded, TO_UPLOAD " asks_upload- gives_up_upload- piece_uncoded-"},
    {PIECE("ten", "10", "?0"), UPLOAD, OUTCOME_upload_fields_malformed, TO_PIECE "+ piece_sound-"},
    {PIECE("9", "10", "?0"), UPLOAD, OUTCOME_upload_offset_differs,
     TO_PIECE "+ piece_sound+ piece_follows-"},
    {PIECE("10", "10", "?1"), UPLOAD, OUTCOME_upload_length_differs,
     TO_PIECE "+ piece_sound+ piece_follows+ piece_fits-"},
    {PIECE("10", "10", "?0"), UPLOAD | UNFINISHED, OUTCOME_upload_appended,
     TO_PIECE_EFFECT
     " effect_whole+ tells_properties- came_from_form- leaves_unfinished+ was_opened-"},
    {PIECE("90", "10", "?1"), UPLOAD | ABSENT | ORPHAN, OUTCOME_parent_missing,
     TO_PIECE "+ piece_sound+ piece_follows+ piece_fits+ finishes_upload+ "
              "target_exists- makes_anew+ makes_file_with_slash- name_possible+ name_visible+ "
              "parent_there-"},
    {REQUEST("PUT /f", EMPTY "Upload-Complete: no\r\n"), 0, OUTCOME_upload_fields_malformed,
     TO_AUTHORING "+ depth_sound+ depth_fits+ overwrite_sound+ upload_fields_sound-"},
    {REQUEST("PUT /f", LENGTH "Upload-Complete: ?0\r\n"), UNFINISHED, OUTCOME_upload_opened,
     TO_EFFECT " effect_whole+ tells_properties- came_from_form- leaves_unfinished+ was_opened+"},
    // Authoring: what is asked, and of what
    {REQUEST("PUT /f", CHUNKED "X-Expected-Entity-Length: 11\r\n"), 0, OUTCOME_content_too_large,
     TO_AUTHOR "-"},
    {REQUEST("PUT /f", LENGTH "Upload-Length: 11\r\n"), 0, OUTCOME_content_too_large,
     TO_AUTHOR "-"},
    {REQUEST("POST /f", EMPTY "Origin: http://evil.example\r\n"), COLLECTION, OUTCOME_cross_site,
     TO_AUTHOR "+ from_this_site-"},
    {REQUEST("PUT /f", ""), 0, OUTCOME_length_required, TO_LENGTH "- may_be_chunked+"},
    {"POST /f HTTP/1.0\r\n\r\n", COLLECTION, OUTCOME_length_missing, TO_LENGTH "- may_be_chunked-"},
    {REQUEST("PROPFIND /f", LENGTH "Content-Encoding: gzip\r\n"), 0, OUTCOME_content_coded,
     TO_LENGTH "+ content_uncoded-"},
    {REQUEST("PUT /f", LENGTH "Content-Encoding: Identity\r\n"), LOOKUP_FAILS, OUTCOME_read_failed,
     TO_TARGET " representation!"},
    {REQUEST("PUT /f", EMPTY "Content-Encoding: gzip\r\n"), LOOKUP_FAILS, OUTCOME_read_failed,
     TO_TARGET " representation!"},
    {REQUEST("PATCH /f", LENGTH), OTHER_TYPE, OUTCOME_unsupported_media_type, TO_AUTHORING "-"},
    {REQUEST("DELETE /f", "Depth: deep\r\n"), 0, OUTCOME_depth_malformed,
     TO_AUTHORING "+ depth_sound-"},
    {REQUEST("LOCK /f", "Depth: 1\r\n"), 0, OUTCOME_depth_unsupported,
     TO_AUTHORING "+ depth_sound+ depth_fits-"},
    {REQUEST("COPY /f", "Overwrite: yes\r\n"), 0, OUTCOME_overwrite_malformed,
     TO_AUTHORING "+ depth_sound+ depth_fits+ overwrite_sound-"},
    {REQUEST("PUT /f", EMPTY), LOOKUP_FAILS, OUTCOME_read_failed, TO_TARGET " representation!"},
    {REQUEST("DELETE /f", ""), ABSENT, OUTCOME_not_found, TO_TARGET " target_exists- makes_anew-"},
    {REQUEST("PUT /f", EMPTY), ABSENT | SLASH, OUTCOME_slash_on_file,
     TO_TARGET " target_exists- makes_anew+ makes_file_with_slash+"},
    {REQUEST("MKCOL /f", ""), ABSENT | SLASH | ORPHAN, OUTCOME_parent_missing,
     TO_TARGET " target_exists- makes_anew+ makes_file_with_slash- name_possible+ "
               "name_visible+ parent_there-"},
    {REQUEST("DELETE /f", ""), SLASH, OUTCOME_not_found, TO_KIND "- is_file_with_slash+"},
    {REQUEST("PUT /f", EMPTY), ABSENT | NAME_IMPOSSIBLE, OUTCOME_name_impossible,
     TO_TARGET " target_exists- makes_anew+ makes_file_with_slash- name_possible-"},
    {REQUEST("PUT /f", EMPTY), ABSENT | NAME_HIDDEN, OUTCOME_name_hidden,
     TO_TARGET " target_exists- makes_anew+ makes_file_with_slash- name_possible+ name_visible-"},
    {REQUEST("MKCOL /f", ""), ABSENT | ORPHAN, OUTCOME_parent_missing,
     TO_TARGET " target_exists- makes_anew+ makes_file_with_slash- name_possible+ name_visible+ "
               "parent_there-"},
    {REQUEST("MKCOL /f", ""), 0, OUTCOME_collection_exists, TO_KIND "+"},
    {REQUEST("PUT /f", EMPTY), COLLECTION, OUTCOME_collection_in_the_way,
     TO_KIND "- is_file_with_slash- puts_on_collection+"},
    {REQUEST("POST /f", EMPTY), 0, OUTCOME_not_a_collection,
     TO_KIND "- is_file_with_slash- puts_on_collection- posts_on_file+"},
    {REQUEST("REPORT /f", ""), 0, OUTCOME_report_unsupported,
     TO_KIND "- is_file_with_slash- puts_on_collection- posts_on_file- reports_on_file+"},
    {REQUEST("DELETE /f", "Depth: 0\r\n"), COLLECTION, OUTCOME_depth_unsupported,
     TO_KIND "- is_file_with_slash- puts_on_collection- posts_on_file- reports_on_file- "
             "depth_fits_collection-"},
    {REQUEST("DELETE /f", "Depth: 0\r\n"), 0, OUTCOME_done,
     TO_EFFECT " effect_whole+ tells_properties- came_from_form- leaves_unfinished- was_created- "
               "has_result-"},
    {REQUEST("PROPFIND /f", ""), COLLECTION | UNLISTED | TOO_DEEP, OUTCOME_listing_off,
     TO_KIND "- is_file_with_slash- puts_on_collection- posts_on_file- reports_on_file- "
             "depth_fits_collection+ "
             "lists_unlisted+"},
    {REQUEST("PROPFIND /f", ""), COLLECTION | TOO_DEEP, OUTCOME_propfind_infinite,
     TO_KIND "- is_file_with_slash- puts_on_collection- posts_on_file- reports_on_file- "
             "depth_fits_collection+ "
             "lists_unlisted- walks_too_deep+"},
    // Destination
    {REQUEST("COPY /f", ""), 0, OUTCOME_destination_missing, TO_DESTINATION "-"},
    {DESTINATION_TO(""), DESTINATION_FOREIGN, OUTCOME_destination_foreign,
     TO_DESTINATION "+ destination!"},
    {DESTINATION_TO(""), OVERLAPS, OUTCOME_destination_overlaps,
     TO_DESTINATION "+ destination_apart-"},
    {DESTINATION_TO(""), DESTINATION_ORPHAN, OUTCOME_destination_parent_missing,
     TO_DESTINATION "+ destination_apart+ destination_parent_there-"},
    {REQUEST("COPY /f", "Destination: /g/\r\n"), 0, OUTCOME_slash_on_file,
     TO_DESTINATION "+ destination_apart+ destination_parent_there+ "
                    "moves_file_to_slash+"},
    {DESTINATION_TO("Overwrite: F\r\n"), DESTINATION_TAKEN, OUTCOME_destination_exists,
     TO_DESTINATION "+ destination_apart+ destination_parent_there+ "
                    "moves_file_to_slash- destination_free-"},
    {DESTINATION_TO(""), DESTINATION_TAKEN | LOCKED, OUTCOME_locked,
     TO_DESTINATION "+ destination_apart+ destination_parent_there+ moves_file_to_slash- "
                    "destination_free+ " UNCONDITIONAL
                    "has_if- only_reads- unlocks- refreshes_lock- needs_no_lock- unlocked-"},
    // Preconditions of what authors
    {REQUEST("PUT /f", EMPTY "If-None-Match: *\r\n"), 0, OUTCOME_if_none_match_failed,
     NO_DESTINATION "has_if_match- has_if_unmodified_since- has_if_none_match+ "
                    "if_none_match_holds- is_read-"},
    // Submitted state and locks
    {REQUEST("PUT /f", EMPTY "If: ()\r\n"), IF_MALFORMED, OUTCOME_if_malformed,
     TO_IF "+ if_sound-"},
    {REQUEST("PUT /f", EMPTY "If: (<a:b>)\r\n"), IF_FALSE, OUTCOME_if_failed,
     TO_IF "+ if_sound+ if_holds-"},
    {REQUEST("PUT /f", EMPTY "If: (<a:b>)\r\n"), LOCKED, OUTCOME_locked,
     TO_IF "+ if_sound+ if_holds+ only_reads- unlocks- refreshes_lock- needs_no_lock- "
           "unlocked-"},
    {REQUEST("UNLOCK /f", ""), 0, OUTCOME_lock_token_missing,
     TO_IF "- only_reads- unlocks+ lock_token_sent-"},
    {REQUEST("UNLOCK /f", "Lock-Token: <a:b>\r\n"), TOKEN_UNKNOWN, OUTCOME_lock_token_unknown,
     TO_IF "- only_reads- unlocks+ lock_token_sent+ lock_token_known-"},
    {REQUEST("UNLOCK /f", "Lock-Token: <a:b>\r\n"), 0, OUTCOME_done,
     TO_IF "- only_reads- unlocks+ lock_token_sent+ lock_token_known+ effect_whole+ "
           "tells_properties- came_from_form- leaves_unfinished- was_created- has_result-"},
    {REQUEST("LOCK /f", ""), TOKEN_UNKNOWN, OUTCOME_refresh_unnamed,
     TO_IF "- only_reads- unlocks- refreshes_lock+ refreshed_lock_named-"},
    {REQUEST("LOCK /f", ""), HAS_RESULT, OUTCOME_result_told,
     TO_IF "- only_reads- unlocks- refreshes_lock+ refreshed_lock_named+ effect_whole+ "
           "tells_properties- came_from_form- leaves_unfinished- was_created- has_result+"},
    // Content
    {REQUEST("PUT /f", LENGTH), NO_ROOM, OUTCOME_storage_full, TO_CHANGE "+ room!"},
    {REQUEST("PUT /f", LENGTH), CONTENT_BREAKS_OFF, OUTCOME_content_incomplete,
     TO_CHANGE "+ content!"},
    {REQUEST("PROPPATCH /f", LENGTH), MEANINGLESS, OUTCOME_xml_meaningless,
     TO_CHANGE "+ was_refresh- meaning!"},
    {REQUEST("LOCK /f", CHUNKED), TOKEN_UNKNOWN, OUTCOME_refresh_unnamed,
     TO_CHANGE "+ was_refresh+ refreshed_in_chunks-"},
    {REQUEST("LOCK /f", CHUNKED), HAS_RESULT, OUTCOME_result_told,
     TO_CHANGE "+ was_refresh+ refreshed_in_chunks+ "
               "effect_whole+ tells_properties- came_from_form- "
               "leaves_unfinished- was_created- has_result+"},
    {REQUEST("LOCK /f", LENGTH), CONFLICTING, OUTCOME_lock_conflict,
     TO_CHANGE "+ was_refresh- lock_grantable-"},
    // Effect
    {REQUEST("PUT /f", LENGTH), EFFECT_FAILS, OUTCOME_write_failed, TO_EFFECT " effect!"},
    {REQUEST("DELETE /f", ""), PARTLY, OUTCOME_partly_done, TO_EFFECT " effect_whole-"},
    {REQUEST("PROPFIND /f", ""), 0, OUTCOME_properties_told,
     TO_IF "- only_reads- unlocks- refreshes_lock- needs_no_lock+ "
           "was_refresh- lock_grantable+ effect_whole+ tells_properties+"},
    {REQUEST("PROPPATCH /f", LENGTH), UNTOLD, OUTCOME_done,
     TO_EFFECT " effect_whole+ tells_properties- came_from_form- leaves_unfinished- was_created- "
               "has_result-"},
    {REQUEST("POST /f", LENGTH), COLLECTION | FROM_FORM, OUTCOME_uploaded,
     TO_EFFECT " effect_whole+ tells_properties- came_from_form+"},
    {REQUEST("PUT /f", EMPTY), ABSENT | CREATES, OUTCOME_created,
     TO_TARGET " target_exists- makes_anew+ makes_file_with_slash- name_possible+ name_visible+ "
               "parent_there+ " UNCONDITIONAL
               "has_if- only_reads- unlocks- refreshes_lock- needs_no_lock- unlocked+ "
               "was_refresh- lock_grantable+ "
               "effect_whole+ tells_properties- came_from_form- leaves_unfinished- was_created+"},
    // What changed meanwhile is asked about again, and the trail is that of the last time
    {REQUEST("PUT /f", LENGTH), STALE_ONCE, OUTCOME_done,
     TO_EFFECT " effect_whole+ tells_properties- came_from_form- leaves_unfinished- was_created- "
               "has_result-"},
    // but not for ever
    {REQUEST("PUT /f", LENGTH), STALE_ALWAYS, OUTCOME_resources_exhausted, TO_EFFECT " effect!"},
    {REQUEST("PUT /f", LENGTH), STALE_ONCE | HURRIED, OUTCOME_server_stopping,
     TO_EFFECT " effect!"},
    // What answers by itself is asked whatever the method, and all else is its own to know
    {GET(""), ANSWERS, OUTCOME_relayed, TO_HOP "- is_tunnel- was_made_up-"},
    {REQUEST("BREW /f", LENGTH), ANSWERS, OUTCOME_relayed, TO_HOP "- is_tunnel- was_made_up-"},
    {GET(""), ANSWERS | MADE_UP, OUTCOME_mocked, TO_HOP "- is_tunnel- was_made_up+"},
    {GET("Connection: upgrade\r\nUpgrade: x\r\n"), ANSWERS | TUNNELS, OUTCOME_tunnelled,
     TO_HOP "- is_tunnel+"},
    {GET(""), ANSWERS | SILENT, OUTCOME_upstream_silent, TO_HOP "- answer!"},
    {REQUEST("POST /f", LENGTH), ANSWERS | CONTENT_BREAKS_OFF, OUTCOME_content_incomplete,
     TO_HOP "- opening!"},
    {REQUEST("POST /f", "Content-Length: 11\r\n"), ANSWERS, OUTCOME_content_too_large,
     TO_RESOURCE "+ answer_content_fits-"},
    {GET("Max-Forwards: 0\r\n"), ANSWERS, OUTCOME_relayed, TO_HOP "- is_tunnel- was_made_up-"},
    {REQUEST("OPTIONS /f", "Max-Forwards: 00\r\n"), ANSWERS, OUTCOME_options_told,
     TO_HOP "+ last_hop_traces-"},
    {REQUEST("OPTIONS /f", "Max-Forwards: 1\r\n"), ANSWERS, OUTCOME_relayed,
     TO_HOP "- is_tunnel- was_made_up-"},
    {REQUEST("TRACE /f", "Max-Forwards: 0\r\n"), ANSWERS, OUTCOME_method_not_performed,
     TO_HOP "+ last_hop_traces+ echoes-"},
    {REQUEST("TRACE /f", "Max-Forwards: 0\r\n"), ANSWERS | ALLOWS_TRACE, OUTCOME_trace_echoed,
     TO_HOP "+ last_hop_traces+ echoes+"},
};

#endif
