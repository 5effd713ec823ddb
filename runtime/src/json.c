// SPDX-License-Identifier: Apache-2.0
#include "json.h"
#include <math.h>
#include <string.h>

// cJSON takes about 80 bytes per value and recurses, so both counts are bounded before it sees the text.
static seqc_rt_status_t check_limits(const char *text, size_t size, const char *what) {
  int depth = 0;
  int64_t values = 1;
  bool in_string = false;
  for (size_t i = 0; i < size; ++i) {
    char c = text[i];
    if (c == 0)
      return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects JSON without zero bytes, but got one at byte %zu", what, i);
    if (in_string) {
      if (c == '\\')
        ++i;
      in_string = c != '"';
      continue;
    }
    in_string = c == '"';
    if (c == ',' || c == '[' || c == '{')
      ++values;
    if (c == '[' || c == '{')
      ++depth;
    if (c == ']' || c == '}')
      --depth;
    if (depth > SEQC_PACKAGE_MAX_JSON_DEPTH || values > SEQC_PACKAGE_MAX_JSON_VALUES)
      return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects JSON of depth <= %d with <= %d values, but got more", what,
                     SEQC_PACKAGE_MAX_JSON_DEPTH, SEQC_PACKAGE_MAX_JSON_VALUES);
  }
  return SEQC_RT_OK;
}

static bool only_space(const char *p, const char *end) {
  while (p < end && strchr(" \t\r\n", *p))
    ++p;
  return p == end;
}

seqc_rt_status_t rt_json_parse(const char *text, size_t size, const char *what, cJSON **out) {
  *out = NULL;
  if (size > SEQC_PACKAGE_MAX_JSON_BYTES)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects at most %d bytes of JSON, but got %zu", what, SEQC_PACKAGE_MAX_JSON_BYTES, size);
  RT_TRY(check_limits(text, size, what));
  const char *end = text;
  cJSON *root = cJSON_ParseWithLengthOpts(text, size, &end, 0);
  // cJSON does not tell exhaustion from a syntax error; an error in the middle of correct text is reported as damage either way.
  if (!root)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects JSON, but it cannot be parsed near byte %zu", what, end ? (size_t)(end - text) : 0);
  if (!only_space(end, text + size)) {
    cJSON_Delete(root);
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects one JSON value, but got more text at byte %zu", what, (size_t)(end - text));
  }
  *out = root;
  return SEQC_RT_OK;
}

seqc_rt_status_t rt_json_find(const cJSON *object, const char *key, const char *where, const cJSON **out) {
  *out = NULL;
  if (!cJSON_IsObject(object))
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects an object", where);
  for (const cJSON *item = object->child; item; item = item->next) {
    if (!item->string || strcmp(item->string, key))
      continue;
    if (*out)
      return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects the key '%s' once, but got it twice", where, key);
    *out = item;
  }
  return SEQC_RT_OK;
}

seqc_rt_status_t rt_json_string(const cJSON *object, const char *key, const char *where, const char **out) {
  const cJSON *item;
  RT_TRY(rt_json_find(object, key, where, &item));
  if (!cJSON_IsString(item) || !item->valuestring)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects a string '%s'", where, key);
  *out = item->valuestring;
  return SEQC_RT_OK;
}

seqc_rt_status_t rt_json_optional_array(const cJSON *object, const char *key, const char *where, const cJSON **out, int *out_count) {
  RT_TRY(rt_json_find(object, key, where, out));
  *out_count = 0;
  if (!*out)
    return SEQC_RT_OK;
  if (!cJSON_IsArray(*out))
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects an array '%s'", where, key);
  *out_count = cJSON_GetArraySize(*out);
  return SEQC_RT_OK;
}

seqc_rt_status_t rt_json_array(const cJSON *object, const char *key, const char *where, const cJSON **out, int *out_count) {
  RT_TRY(rt_json_optional_array(object, key, where, out, out_count));
  return *out ? SEQC_RT_OK : rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects an array '%s'", where, key);
}

bool rt_json_is_int(const cJSON *value, int64_t *out) {
  if (!cJSON_IsNumber(value))
    return false;
  double d = value->valuedouble;
  if (!(fabs(d) <= (double)SEQC_PACKAGE_MAX_INT) || d != floor(d))
    return false;
  *out = (int64_t)d;
  return true;
}

seqc_rt_status_t rt_json_int(const cJSON *object, const char *key, const char *where, int64_t min, int64_t max, int64_t *out) {
  const cJSON *item;
  RT_TRY(rt_json_find(object, key, where, &item));
  if (!rt_json_is_int(item, out) || *out < min || *out > max)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects an integer '%s' from %lld to %lld", where, key, (long long)min, (long long)max);
  return SEQC_RT_OK;
}
