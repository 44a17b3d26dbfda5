// SPDX-License-Identifier: MIT
/*
 * What every header of libcandor needs: the mark of an exported function.
 *
 * For the whole library: it holds what is known about HTTP and computes on bytes in memory. It
 * opens nothing, prints nothing, keeps no state, and may be used from several threads at once.
 * Text goes in as a pointer and a length in bytes, and need not end with NUL. Text that comes out
 * ends with NUL, is UTF-8, belongs to the library and lives as long as the program. Structs whose
 * contents are not shown are the library's own rows, and never freed. What is made for the caller,
 * in candor/json_schema.h, says so. Unless said otherwise a pointer argument must not be NULL.
 */
#ifndef CANDOR_API_H
#define CANDOR_API_H

#if defined(__GNUC__)
#define CANDOR_API __attribute__((visibility("default")))
#else
#define CANDOR_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library, such as "0.1.0". */
CANDOR_API const char *candor_version(void);

#ifdef __cplusplus
}
#endif

#endif
