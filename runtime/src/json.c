// SPDX-License-Identifier: Apache-2.0
#include "json.h"
#include <math.h>
#include <string.h>

// --- Strict scan ----------------------------------------------------------------------------------------------------------------------
// cJSON takes about 80 bytes per value, recurses, accepts more than JSON and does not tell exhaustion from a syntax error. So the text is
// scanned first, without allocation: afterwards it is JSON within the limits, and cJSON can fail for lack of memory only.

enum { kMaxNumberBytes = 60 }; // cJSON reads 63 characters of a number

typedef struct {
  const char *p, *end;
  int depth;
  int64_t values;
} scanner;

static bool scan_value(scanner *s);

static void skip_space(scanner *s) {
  while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\r' || *s->p == '\n'))
    ++s->p;
}

static bool eat(scanner *s, char c) { return s->p < s->end && *s->p == c && (++s->p, true); }

static bool eat_word(scanner *s, const char *word) {
  size_t n = strlen(word);
  return (size_t)(s->end - s->p) >= n && !memcmp(s->p, word, n) && (s->p += n, true);
}

static bool eat_digits(scanner *s) {
  const char *begin = s->p;
  while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
    ++s->p;
  return s->p > begin;
}

// Four hex digits as a number, or -1.
static int scan_hex4(scanner *s) {
  int value = 0;
  for (int i = 0; i < 4; ++i, ++s->p) {
    char c = s->p < s->end ? *s->p : 0;
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

// Behind "\u": a character other than 0; surrogates only in pairs.
static bool scan_unicode(scanner *s) {
  int code = scan_hex4(s);
  if (code >= 0xD800 && code < 0xDC00)
    return eat_word(s, "\\u") && (code = scan_hex4(s)) >= 0xDC00 && code < 0xE000;
  return code > 0 && !(code >= 0xDC00 && code < 0xE000);
}

static bool scan_string(scanner *s) {
  if (!eat(s, '"'))
    return false;
  while (s->p < s->end && *s->p != '"') {
    if ((unsigned char)*s->p < 32)
      return false;
    if (*s->p++ != '\\')
      continue;
    if (s->p >= s->end || !*s->p || !strchr("\"\\/bfnrtu", *s->p))
      return false;
    if (*s->p++ == 'u' && !scan_unicode(s))
      return false;
  }
  return eat(s, '"');
}

static bool scan_number(scanner *s) {
  const char *begin = s->p;
  eat(s, '-');
  if (!eat(s, '0') && !eat_digits(s))
    return false;
  if (eat(s, '.') && !eat_digits(s))
    return false;
  if (eat(s, 'e') || eat(s, 'E')) {
    if (!eat(s, '+'))
      eat(s, '-');
    if (!eat_digits(s))
      return false;
  }
  return s->p - begin <= kMaxNumberBytes;
}

// Elements up to the closing bracket; those of an object have a key.
static bool scan_elements(scanner *s, bool is_object) {
  char close = is_object ? '}' : ']';
  ++s->p;
  if (++s->depth > SEQC_PACKAGE_MAX_JSON_DEPTH)
    return false;
  skip_space(s);
  if (!eat(s, close)) {
    do {
      skip_space(s);
      if (is_object) {
        if (!scan_string(s))
          return false;
        skip_space(s);
        if (!eat(s, ':'))
          return false;
      }
      if (!scan_value(s))
        return false;
      skip_space(s);
    } while (eat(s, ','));
    if (!eat(s, close))
      return false;
  }
  --s->depth;
  return true;
}

static bool scan_value(scanner *s) {
  skip_space(s);
  if (s->p >= s->end || ++s->values > SEQC_PACKAGE_MAX_JSON_VALUES)
    return false;
  switch (*s->p) {
  case '{':
  case '[':
    return scan_elements(s, *s->p == '{');
  case '"':
    return scan_string(s);
  case 't':
    return eat_word(s, "true");
  case 'f':
    return eat_word(s, "false");
  case 'n':
    return eat_word(s, "null");
  default:
    return scan_number(s);
  }
}

static seqc_rt_status_t scan(const char *text, size_t size, const char *what) {
  scanner s = {text, text + size, 0, 0};
  bool good = scan_value(&s);
  if (s.depth > SEQC_PACKAGE_MAX_JSON_DEPTH || s.values > SEQC_PACKAGE_MAX_JSON_VALUES)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects JSON of depth <= %d with <= %d values, but got more", what,
                   SEQC_PACKAGE_MAX_JSON_DEPTH, SEQC_PACKAGE_MAX_JSON_VALUES);
  skip_space(&s);
  if (!good || s.p != s.end)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects JSON, but it is wrong at byte %zu", what, (size_t)(s.p - text));
  return SEQC_RT_OK;
}

seqc_rt_status_t rt_json_parse(const char *text, size_t size, const char *what, cJSON **out) {
  *out = NULL;
  if (size > SEQC_PACKAGE_MAX_JSON_BYTES)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects at most %d bytes of JSON, but got %zu", what, SEQC_PACKAGE_MAX_JSON_BYTES, size);
  RT_TRY(scan(text, size, what));
  *out = cJSON_ParseWithLengthOpts(text, size, NULL, 0);
  return *out ? SEQC_RT_OK : rt_no_memory(what);
}

// --- Access ---------------------------------------------------------------------------------------------------------------------------

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
