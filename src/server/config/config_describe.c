// SPDX-License-Identifier: MIT
#include "base/buf.h"
#include "server/config/config.h"
#include "server/config/config_schema.h"

static const char introduction[] =
    "`candor serve DIR` needs no configuration. `candor serve --config FILE` reads one YAML file,\n"
    "and `candor check FILE` tells whether it is fine without starting anything. A mistake is "
    "told\n"
    "with file, line, column, the key and what was expected; up to 20 of them at once.\n"
    "\n"
    "```yaml\n"
    "listen:\n"
    "  - 127.0.0.1:8080\n"
    "  - { address: unix:/run/candor.sock, mode: 0660, group: www-data }\n"
    "limits: { content: 2M, idle_timeout: 30s }\n"
    "error_pages:\n"
    "  - { for: 404, file: pages/404.html }\n"
    "routes:\n"
    "  - path: /\n"
    "    files: { root: public }\n"
    "  - path: /download/\n"
    "    host: example.org\n"
    "    files: { root: /srv/download, listing: false }\n"
    "```\n"
    "\n"
    "- Durations are `500ms`, `5s`, `10m`, `1h`, `2d`; sizes `512`, `64K`, `10M`, `2G` (K is "
    "1024).\n"
    "- Booleans are exactly `true`, `false`, `yes`, `no`, `on` or `off`.\n"
    "- Relative paths are relative to the folder of the file.\n"
    "- A key that stands twice, and YAML's anchors, aliases and tags, are refused.\n";

static void describe_key(struct buf *out, const struct option_section *section,
                         const struct option_row *key)
{
    bool is_section =
        key->section && key->kind != OPTION_ADDRESSES && key->kind != OPTION_UPSTREAMS;

    buf_addf(out, "\n### %s%.*s\n\n%s\n\n", section->path, SPAN_ARG(key->name), key->meaning);
    if (is_section) {
        buf_add_str(out, key->kind == OPTION_SECTIONS ? "A list; each member has the keys below."
                                                      : "Holds the keys below.");
    } else {
        buf_add(out, SPAN("Takes "));
        config_add_expected(out, key);
        buf_add_char(out, '.');
    }
    if (key->need == OPTION_MUST) {
        buf_add(out, SPAN(" Must be there.\n"));
        return;
    }
    if (key->need == OPTION_KIND_OF_ROUTE) {
        buf_add(out, SPAN(" Exactly one such key says how the route answers.\n"));
        return;
    }
    if (!is_section) {
        buf_add(out, SPAN(" Without it: "));
        if (key->kind == OPTION_WORD)
            buf_add(out, span_first(span_from_str(key->standard_text),
                                    strcspn(key->standard_text, "|")));
        else if (key->standard_text[0])
            buf_add_str(out, key->standard_text);
        else
            config_add_number(out, key->kind, key->standard);
        buf_add_char(out, '.');
    }
    if (key->need == OPTION_WRITABLE)
        buf_add(out, SPAN(" Only with `write: true`."));
    buf_add_char(out, '\n');
}

static void describe_section(struct buf *out, const struct option_section *section)
{
    for (size_t i = 0; i < section->count; i++) {
        describe_key(out, section, &section->rows[i]);
        if (section->rows[i].section)
            describe_section(out, section->rows[i].section);
    }
}

void config_describe(struct buf *out)
{
    buf_add_str(out, introduction);
    buf_add(out, SPAN("\n## Keys\n"));
    describe_section(out, &config_schema);
}
