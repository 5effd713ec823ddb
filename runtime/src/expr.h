// SPDX-License-Identifier: Apache-2.0
// Integer expressions of the manifest, compiled at load to postfix code. Names are positions in a table of values.
#ifndef SEQC_RT_EXPR_H
#define SEQC_RT_EXPR_H

#include "json.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  uint8_t op;    // index into the operator table of expr.c, or one of the two leaf codes
  int64_t value; // of a constant; position of a name
} rt_expr_token;

typedef struct {
  const rt_expr_token *tokens; // in the arena
  int32_t count;
} rt_expr;

// Names an expression may use; value i belongs to names[i].
typedef struct {
  const char *const *names;
  int count;
} rt_scope;

// BAD_PACKAGE for unknown names or operators, wrong types, or a depth above SEQC_PACKAGE_MAX_EXPR_DEPTH; `where` names the expression.
seqc_rt_status_t rt_expr_parse(const cJSON *json, const rt_scope *scope, rt_arena *arena, const char *where, rt_expr *out);
// SIZE_OVERFLOW for overflow or a divisor <= 0; the message has no subject: callers add it with rt_prefix.
seqc_rt_status_t rt_expr_eval(const rt_expr *expr, const int64_t *values, int64_t *out);
// The infix form of an expression that was parsed, cut off at size - 1 characters.
void rt_expr_text(const cJSON *json, char *out, size_t size);
bool rt_expr_is_const(const rt_expr *expr, int64_t *out);
bool rt_expr_is_name(const rt_expr *expr, int64_t *out_position);

#ifdef __cplusplus
}
#endif

#endif
