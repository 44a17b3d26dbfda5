// SPDX-License-Identifier: MIT
/*
 * Whatever the bytes are: either a configuration, or an error that says where and has no control
 * byte in it. What is configured can be found again.
 */
#include "base/buf.h"
#include "server/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *config = NULL;
    struct config_error error = {NULL};
    int r = config_load_text("fuzz.yaml", span_of((const char *)data, size), &config, &error);

    if (r < 0) {
        if (!error.text || config || strncmp(error.text, "fuzz.yaml:", 10) != 0)
            abort();
        for (const char *at = error.text; *at; at++)
            if (((unsigned char)*at < 0x20 && *at != '\n') || *at == 0x7f)
                abort();
        config_error_done(&error);
        return 0;
    }
    if (!config || config->routes.count == 0 || config->listen_count == 0)
        abort();
    for (size_t i = 0; i < config->routes.count; i++) {
        const struct route *route = &config->routes.routes[i];
        bool known;

        if (route_find(config, route->host, route->path, &known) != route || !known)
            abort();
    }
    config_free(config);
    return 0;
}
