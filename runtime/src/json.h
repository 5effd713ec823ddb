// SPDX-License-Identifier: Apache-2.0
// JSON of untrusted origin: cJSON behind a check of size, depth and number of values; typed access whose errors name the path.
#ifndef SEQC_RT_JSON_H
#define SEQC_RT_JSON_H

#include "support.h"
#include <cjson/cJSON.h>

#ifdef __cplusplus
extern "C" {
#endif

// Parses `size` bytes. BAD_PACKAGE for anything that is not one JSON value within the limits of package_format.h, OUT_OF_MEMORY;
// `what` names the text.
seqc_rt_status_t rt_json_parse(const char *text, size_t size, const char *what, cJSON **out);

// Members of an object; `where` names the object in messages. A key that occurs twice is an error.
seqc_rt_status_t rt_json_find(const cJSON *object, const char *key, const char *where, const cJSON **out); // *out NULL if absent
seqc_rt_status_t rt_json_string(const cJSON *object, const char *key, const char *where, const char **out);
seqc_rt_status_t rt_json_array(const cJSON *object, const char *key, const char *where, const cJSON **out, int *out_count);
seqc_rt_status_t rt_json_optional_array(const cJSON *object, const char *key, const char *where, const cJSON **out, int *out_count);
seqc_rt_status_t rt_json_int(const cJSON *object, const char *key, const char *where, int64_t min, int64_t max, int64_t *out);
// A number that is an integer of at most SEQC_PACKAGE_MAX_INT.
bool rt_json_is_int(const cJSON *value, int64_t *out);

#ifdef __cplusplus
}
#endif

#endif
