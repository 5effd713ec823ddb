// SPDX-License-Identifier: Apache-2.0
#include "expr.h"
#include <stdio.h>
#include <string.h>

enum { OP_ADD, OP_SUB, OP_MUL, OP_FLOORDIV, OP_CEILDIV, OP_MOD, OP_MIN, OP_MAX, OP_EQ, OP_NE, OP_LT, OP_LE, OP_AND, OP_OR, kNumOps,
       LEAF_CONST = kNumOps, LEAF_NAME };

static const char *const kOpNames[kNumOps] = {"add", "sub", "mul", "floordiv", "ceildiv", "mod", "min",
                                              "max", "eq",  "ne",  "lt",       "le",      "and", "or"};
// As seq.assume writes them; precedence 0 is a call.
static const struct {
  const char *text;
  int precedence;
} kInfix[kNumOps] = {{"+", 5}, {"-", 5}, {"*", 6}, {"/", 6}, {"ceildiv", 0}, {"%", 6}, {"min", 0}, {"max", 0}, {"==", 3}, {"!=", 3}, {"<", 4}, {"<=", 4}, {"&&", 2}, {"||", 1}};

typedef struct {
  const rt_scope *scope;
  const char *where;
  rt_expr_token *tokens;
  int32_t count;
} compiler;

// Tokens that an expression takes, correct or not. Depth is bounded by the JSON reader.
static int32_t count_tokens(const cJSON *json) {
  int32_t n = 1;
  const cJSON *operand = cJSON_IsArray(json) && json->child ? json->child->next : NULL;
  for (; operand; operand = operand->next)
    n += count_tokens(operand);
  return n;
}

static void emit(compiler *c, uint8_t op, int64_t value) { c->tokens[c->count++] = (rt_expr_token){op, value}; }

static seqc_rt_status_t compile_name(compiler *c, const char *name) {
  for (int i = 0; i < c->scope->count; ++i)
    if (!strcmp(c->scope->names[i], name))
      return emit(c, LEAF_NAME, i), SEQC_RT_OK;
  return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects a known dim in an expression, but got '%.60s'", c->where, name);
}

static seqc_rt_status_t compile(compiler *c, const cJSON *json, int depth) {
  int64_t value;
  if (depth > SEQC_PACKAGE_MAX_EXPR_DEPTH)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects an expression of depth <= %d", c->where, SEQC_PACKAGE_MAX_EXPR_DEPTH);
  if (rt_json_is_int(json, &value))
    return emit(c, LEAF_CONST, value), SEQC_RT_OK;
  if (cJSON_IsString(json))
    return compile_name(c, json->valuestring);
  const cJSON *op = cJSON_IsArray(json) ? json->child : NULL;
  const cJSON *a = op ? op->next : NULL, *b = a ? a->next : NULL;
  if (!b || b->next || !cJSON_IsString(op))
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects an integer, a name or [op, a, b] as expression", c->where);
  for (int i = 0; i < kNumOps; ++i)
    if (!strcmp(kOpNames[i], op->valuestring)) {
      RT_TRY(compile(c, a, depth + 1));
      RT_TRY(compile(c, b, depth + 1));
      return emit(c, (uint8_t)i, 0), SEQC_RT_OK;
    }
  return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: unknown operator '%.60s' in an expression", c->where, op->valuestring);
}

seqc_rt_status_t rt_expr_parse(const cJSON *json, const rt_scope *scope, rt_arena *arena, const char *where, rt_expr *out) {
  rt_expr_token *tokens = rt_arena_alloc(arena, (size_t)count_tokens(json), sizeof *tokens);
  if (!tokens)
    return rt_no_memory("an expression");
  compiler c = {scope, where, tokens, 0};
  RT_TRY(compile(&c, json, 1));
  *out = (rt_expr){tokens, c.count};
  return SEQC_RT_OK;
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

// False on overflow or a divisor <= 0.
static bool apply(uint8_t op, int64_t a, int64_t b, int64_t *r) {
  switch (op) {
  case OP_ADD:
    return rt_add_i64(a, b, r);
  case OP_SUB:
    return !__builtin_sub_overflow(a, b, r);
  case OP_MUL:
    return rt_mul_i64(a, b, r);
  case OP_FLOORDIV:
    return b > 0 && (*r = floor_div(a, b), true);
  case OP_CEILDIV:
    return b > 0 && (*r = a / b + (a % b > 0), true);
  case OP_MOD:
    return b > 0 && (*r = a % b + (a % b < 0 ? b : 0), true);
  case OP_MIN:
    return *r = a < b ? a : b, true;
  case OP_MAX:
    return *r = a > b ? a : b, true;
  case OP_EQ:
    return *r = a == b, true;
  case OP_NE:
    return *r = a != b, true;
  case OP_LT:
    return *r = a < b, true;
  case OP_LE:
    return *r = a <= b, true;
  case OP_AND:
    return *r = a && b, true;
  default:
    return *r = a || b, true;
  }
}

seqc_rt_status_t rt_expr_eval(const rt_expr *expr, const int64_t *values, int64_t *out) {
  int64_t stack[SEQC_PACKAGE_MAX_EXPR_DEPTH + 1];
  int top = 0;
  for (int32_t i = 0; i < expr->count; ++i) {
    const rt_expr_token *t = &expr->tokens[i];
    if (t->op == LEAF_CONST) {
      stack[top++] = t->value;
    } else if (t->op == LEAF_NAME) {
      stack[top++] = values[t->value];
    } else {
      int64_t a = stack[top - 2], b = stack[top - 1];
      if (!apply(t->op, a, b, &stack[top - 2]))
        return rt_fail(SEQC_RT_SIZE_OVERFLOW, "%s of %lld and %lld overflows or divides by a number <= 0", kOpNames[t->op], (long long)a,
                       (long long)b);
      --top;
    }
  }
  *out = stack[0];
  return SEQC_RT_OK;
}

typedef struct {
  char *text;
  size_t size, used;
} writer;

static void append(writer *w, const char *text) {
  if (w->used < w->size)
    w->used += (size_t)snprintf(w->text + w->used, w->size - w->used, "%s", text);
}

static void print(writer *w, const cJSON *json, int outer) {
  int64_t value;
  char number[24];
  if (rt_json_is_int(json, &value)) {
    snprintf(number, sizeof number, "%lld", (long long)value);
    append(w, number);
    return;
  }
  if (cJSON_IsString(json)) {
    append(w, json->valuestring);
    return;
  }
  const cJSON *op = json->child, *a = op->next, *b = a->next;
  int i = 0;
  while (strcmp(kOpNames[i], op->valuestring))
    ++i;
  int precedence = kInfix[i].precedence;
  if (!precedence)
    append(w, kInfix[i].text);
  append(w, precedence < outer || !precedence ? "(" : "");
  print(w, a, precedence);
  append(w, precedence ? " " : ", ");
  if (precedence) {
    append(w, kInfix[i].text);
    append(w, " ");
  }
  print(w, b, precedence ? precedence + 1 : 0);
  append(w, precedence < outer || !precedence ? ")" : "");
}

void rt_expr_text(const cJSON *json, char *out, size_t size) {
  *out = 0;
  print(&(writer){out, size, 0}, json, 0);
}

bool rt_expr_is_const(const rt_expr *expr, int64_t *out) {
  return expr->count == 1 && expr->tokens[0].op == LEAF_CONST && (*out = expr->tokens[0].value, true);
}

bool rt_expr_is_name(const rt_expr *expr, int64_t *out_position) {
  return expr->count == 1 && expr->tokens[0].op == LEAF_NAME && (*out_position = expr->tokens[0].value, true);
}
