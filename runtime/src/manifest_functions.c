// SPDX-License-Identifier: Apache-2.0
// Manifest: functions with their tensors and launches.
#include "manifest.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { kWhereBytes = 192 };

typedef struct {
  const rt_manifest *manifest;
  rt_function_decl *fn;
  rt_arena *arena;
  rt_scope dims;     // of shapes
  rt_scope launches; // dims and sms
} reader;

static seqc_rt_status_t no_memory(void) { return rt_no_memory("the manifest"); }

// --- Dims and tensors -----------------------------------------------------------------------------------------------------------------

static seqc_rt_status_t read_dims(reader *r, const cJSON *item, const char *where) {
  const cJSON *dims;
  int count;
  RT_TRY(rt_json_array(item, "dims", where, &dims, &count));
  if (count > SEQC_PACKAGE_MAX_DIM_NAMES)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects at most %d dims, but got %d", where, SEQC_PACKAGE_MAX_DIM_NAMES, count);
  const char **names = rt_arena_alloc(r->arena, (size_t)count + 1, sizeof *names);
  if (!names)
    return no_memory();
  rt_function_decl *fn = r->fn;
  fn->dims = names;
  for (const cJSON *d = dims->child; d; d = d->next) {
    if (!cJSON_IsString(d) || !*d->valuestring || !strcmp(d->valuestring, "sms"))
      return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects names other than 'sms' in 'dims'", where);
    for (int i = 0; i < fn->num_dims; ++i)
      if (!strcmp(names[i], d->valuestring))
        return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects each dim once, but got '%.60s' twice", where, names[i]);
    if (!(names[fn->num_dims++] = rt_arena_strdup(r->arena, d->valuestring)))
      return no_memory();
  }
  names[fn->num_dims] = "sms";
  r->dims = (rt_scope){names, fn->num_dims};
  r->launches = (rt_scope){names, fn->num_dims + 1};
  return SEQC_RT_OK;
}

static seqc_rt_status_t json_text(reader *r, const cJSON *json, const char **out) {
  char *printed = cJSON_PrintUnformatted(json);
  if (!printed)
    return no_memory();
  *out = rt_arena_strdup(r->arena, printed);
  cJSON_free(printed);
  return *out ? SEQC_RT_OK : no_memory();
}

static seqc_rt_status_t infix_text(reader *r, const cJSON *json, const char **out) {
  char text[400];
  rt_expr_text(json, text, sizeof text);
  *out = rt_arena_strdup(r->arena, text);
  return *out ? SEQC_RT_OK : no_memory();
}

static seqc_rt_status_t read_extent(reader *r, const cJSON *json, const char *where, rt_expr *expr, seqc_rt_dim_t *dim) {
  RT_TRY(rt_expr_parse(json, &r->dims, r->arena, where, expr));
  int64_t position;
  *dim = (seqc_rt_dim_t){NULL, -1, -1};
  if (rt_expr_is_name(expr, &position)) {
    dim->dim_index = (int32_t)position;
    dim->text = r->fn->dims[position];
    return SEQC_RT_OK;
  }
  if (rt_expr_is_const(expr, &dim->size) && dim->size < 0)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects sizes >= 0, but got %lld", where, (long long)dim->size);
  return json_text(r, json, &dim->text);
}

static seqc_rt_status_t read_tensor(reader *r, const cJSON *item, const char *where, rt_tensor_decl *t) {
  const cJSON *shape;
  int rank;
  RT_TRY(rt_manifest_string(item, "name", where, r->arena, &t->info.name));
  RT_TRY(rt_manifest_dtype(item, where, &t->dtype));
  RT_TRY(rt_json_array(item, "shape", where, &shape, &rank));
  if (rank > SEQC_PACKAGE_MAX_RANK)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects rank <= %d, but got %d", where, SEQC_PACKAGE_MAX_RANK, rank);
  rt_expr *exprs = rt_arena_alloc(r->arena, (size_t)rank, sizeof *exprs);
  seqc_rt_dim_t *dims = rt_arena_alloc(r->arena, (size_t)rank, sizeof *dims);
  if (!exprs || !dims)
    return no_memory();
  int i = 0;
  for (const cJSON *d = shape->child; d; d = d->next, ++i)
    RT_TRY(read_extent(r, d, where, &exprs[i], &dims[i]));
  t->shape = exprs;
  t->info.dtype_name = t->dtype->name;
  t->info.dtype = (DLDataType){t->dtype->code, t->dtype->bits, 1};
  t->info.rank = rank;
  t->info.dims = rank ? dims : NULL;
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_tensors(reader *r, const cJSON *item, const char *key, const char *where, rt_tensor_decl **out, int *out_count) {
  const cJSON *list;
  int count;
  RT_TRY(rt_json_array(item, key, where, &list, &count));
  *out = rt_arena_alloc(r->arena, (size_t)count, sizeof **out);
  if (!*out)
    return no_memory();
  for (const cJSON *t = list->child; t; t = t->next) {
    char inner[kWhereBytes];
    snprintf(inner, sizeof inner, "%s.%s[%d]", where, key, *out_count);
    RT_TRY(read_tensor(r, t, inner, &(*out)[(*out_count)++]));
  }
  return SEQC_RT_OK;
}

// Every named dim must be solvable: it is the plain extent of some input.
static seqc_rt_status_t check_dims_solvable(const rt_function_decl *fn, const char *where) {
  for (int d = 0; d < fn->num_dims; ++d) {
    bool found = false;
    for (int i = 0; i < fn->num_inputs && !found; ++i)
      for (int j = 0; j < fn->inputs[i].info.rank && !found; ++j)
        found = fn->inputs[i].info.dims[j].dim_index == d;
    if (!found)
      return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects dim '%.60s' to be an extent of an input", where, fn->dims[d]);
  }
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_assume(reader *r, const cJSON *item, const char *where) {
  rt_function_decl *fn = r->fn;
  const cJSON *assume;
  int count;
  RT_TRY(rt_json_optional_array(item, "assume", where, &assume, &count));
  fn->assume = rt_arena_alloc(r->arena, (size_t)count, sizeof *fn->assume);
  fn->assume_text = rt_arena_alloc(r->arena, (size_t)count, sizeof *fn->assume_text);
  if (!fn->assume || !fn->assume_text)
    return no_memory();
  for (const cJSON *a = assume ? assume->child : NULL; a; a = a->next) {
    RT_TRY(rt_expr_parse(a, &r->dims, r->arena, where, &fn->assume[fn->num_assume]));
    RT_TRY(infix_text(r, a, &fn->assume_text[fn->num_assume++]));
  }
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_states(reader *r, const cJSON *item, const char *where) {
  rt_function_decl *fn = r->fn;
  const cJSON *states;
  int count;
  RT_TRY(rt_json_optional_array(item, "states", where, &states, &count));
  fn->states = rt_arena_alloc(r->arena, (size_t)count, sizeof *fn->states);
  if (!fn->states)
    return no_memory();
  for (const cJSON *s = states ? states->child : NULL; s; s = s->next) {
    int64_t input, output;
    RT_TRY(rt_json_int(s, "input", where, 0, fn->num_inputs - 1, &input));
    RT_TRY(rt_json_int(s, "output", where, 0, fn->num_outputs - 1, &output));
    const rt_tensor_decl *a = &fn->inputs[input], *b = &fn->outputs[output];
    if (a->dtype != b->dtype || a->info.rank != b->info.rank)
      return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects input and output of state %d to have one dtype and rank", where, fn->num_states);
    fn->states[fn->num_states++] = (seqc_rt_state_t){(int32_t)input, (int32_t)output};
  }
  return SEQC_RT_OK;
}

// --- Launches -------------------------------------------------------------------------------------------------------------------------

// The bits of `value` in an IEEE-like format with `mantissa` significand bits (the hidden one included) and `exponent` exponent bits, rounded
// once, to nearest even; denormals kept.
static uint64_t round_to_float(double value, int mantissa, int exponent) {
  int min_exponent = 2 - (1 << (exponent - 1)), e;
  uint64_t infinity = (((uint64_t)1 << exponent) - 1) << (mantissa - 1), bits = 0;
  double a = fabs(value);
  if (isnan(value)) {
    bits = infinity | (uint64_t)1 << (mantissa - 2);
  } else if (isinf(value)) {
    bits = infinity;
  } else if (a > 0) {
    frexp(a, &e); // a = m * 2^e, 1/2 <= m < 1
    e = e - 1 > min_exponent ? e - 1 : min_exponent;
    // The hidden bit of a normal number adds 1 to the exponent field, and so does a carry.
    bits = ((uint64_t)(e - min_exponent) << (mantissa - 1)) + (uint64_t)rint(ldexp(a, mantissa - 1 - e));
    bits = bits < infinity ? bits : infinity;
  }
  return bits | (uint64_t)(signbit(value) != 0) << (mantissa - 1 + exponent);
}

// The bytes of a scalar, as the kernel reads them.
static bool scalar_bits(const cJSON *json, const rt_dtype *dtype, uint64_t *out) {
  static const struct {
    const char *name;
    double value;
  } kSpecial[] = {{"inf", INFINITY}, {"-inf", -INFINITY}, {"nan", NAN}};
  *out = 0;
  if (dtype->code == RT_DL_BOOL && cJSON_IsBool(json))
    return *out = (uint64_t)(cJSON_IsTrue(json) != 0), true;
  bool is_float = dtype->code == kDLFloat || dtype->code == kDLBfloat;
  double value = json->valuedouble;
  if (cJSON_IsString(json) && is_float) {
    int i = 0;
    while (i < RT_COUNT(kSpecial) && strcmp(kSpecial[i].name, json->valuestring))
      ++i;
    if (i == RT_COUNT(kSpecial))
      return false;
    value = kSpecial[i].value;
  } else if (!cJSON_IsNumber(json)) {
    return false;
  }
  int64_t integer;
  if (!is_float) {
    if (!rt_json_is_int(json, &integer))
      return false;
    int64_t limit = dtype->code == RT_DL_BOOL ? 1 : dtype->bits == 64 ? INT64_MAX : ((int64_t)1 << (dtype->bits - 1)) - 1;
    if (integer > limit || integer < (dtype->code == RT_DL_BOOL ? 0 : -limit - 1))
      return false;
    *out = (uint64_t)integer;
    return true;
  }
  if (dtype->bits == 64)
    memcpy(out, &value, sizeof value);
  else if (dtype->bits == 32)
    *out = round_to_float(value, 24, 8);
  else
    *out = dtype->code == kDLBfloat ? round_to_float(value, 8, 8) : round_to_float(value, 11, 5);
  return true;
}

static seqc_rt_status_t read_tensor_arg(reader *r, const rt_param *p, const cJSON *value, const char *where, rt_arg *arg) {
  const rt_function_decl *fn = r->fn;
  int64_t index;
  int count = arg->kind == RT_ARG_INPUT ? fn->num_inputs : arg->kind == RT_ARG_OUTPUT ? fn->num_outputs : r->manifest->num_weights;
  if (!rt_json_is_int(value, &index) || index < 0 || index >= count)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects '%s' from 0 to %d", where, value->string, count - 1);
  arg->index = (int32_t)index;
  const rt_dtype *dtype = arg->kind == RT_ARG_INPUT    ? fn->inputs[index].dtype
                          : arg->kind == RT_ARG_OUTPUT ? fn->outputs[index].dtype
                                                       : r->manifest->weights[index].dtype;
  if (rt_dtype_part(dtype) != p->dtype)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects a tensor of %s, but got %s", where, p->dtype->name, dtype->name);
  if (p->writes && arg->kind != RT_ARG_OUTPUT)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects an output or workspace for the written param '%.60s'", where, p->name);
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_arg(reader *r, const rt_param *p, const cJSON *json, const char *where, rt_arg *arg) {
  static const struct {
    const char *key;
    rt_param_kind kind;
  } kArgs[] = {{"input", RT_PARAM_PTR},     {"output", RT_PARAM_PTR}, {"weight", RT_PARAM_PTR},
               {"workspace", RT_PARAM_PTR}, {"expr", RT_PARAM_INDEX}, {"value", RT_PARAM_SCALAR}};
  const cJSON *value = NULL;
  for (int i = 0; i < RT_COUNT(kArgs) && !value; ++i) {
    RT_TRY(rt_json_find(json, kArgs[i].key, where, &value));
    if (value && kArgs[i].kind != p->kind)
      return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: '%s' does not fit the kind of param '%.60s'", where, kArgs[i].key, p->name);
    arg->kind = (rt_arg_kind)i;
  }
  if (!value)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects input, output, weight, workspace, expr or value", where);
  if (arg->kind == RT_ARG_WORKSPACE || arg->kind == RT_ARG_INDEX)
    return rt_expr_parse(value, &r->launches, r->arena, where, &arg->expr);
  if (arg->kind != RT_ARG_VALUE)
    return read_tensor_arg(r, p, value, where, arg);
  if (!scalar_bits(value, p->dtype, &arg->bits))
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects a value of %s for param '%.60s'", where, p->dtype->name, p->name);
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_alternative(reader *r, const cJSON *json, const char *where, rt_alternative *alt) {
  const cJSON *guard, *args;
  int64_t kernel;
  int count;
  RT_TRY(rt_json_find(json, "guard", where, &guard));
  if (!guard)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects a 'guard'", where);
  RT_TRY(rt_expr_parse(guard, &r->launches, r->arena, where, &alt->guard));
  RT_TRY(rt_json_int(json, "kernel", where, 0, r->manifest->num_kernels - 1, &kernel));
  alt->kernel = (int32_t)kernel;
  const rt_kernel *k = &r->manifest->kernels[kernel];
  RT_TRY(rt_json_array(json, "args", where, &args, &count));
  if (count != k->num_params)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects %d args for kernel '%.80s', but got %d", where, k->num_params, k->name, count);
  rt_arg *list = rt_arena_alloc(r->arena, (size_t)count, sizeof *list);
  if (!list)
    return no_memory();
  alt->args = list;
  int i = 0;
  for (const cJSON *a = args->child; a; a = a->next, ++i) {
    char inner[kWhereBytes];
    snprintf(inner, sizeof inner, "%s.args[%d]", where, i);
    RT_TRY(read_arg(r, &k->params[i], a, inner, &list[i]));
  }
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_launch(reader *r, const cJSON *json, const char *where, rt_launch *launch) {
  int count = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : 0;
  if (count == 0)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects a list of at least one alternative", where);
  rt_alternative *list = rt_arena_alloc(r->arena, (size_t)count, sizeof *list);
  if (!list)
    return no_memory();
  launch->alternatives = list;
  for (const cJSON *a = json->child; a; a = a->next) {
    char inner[kWhereBytes];
    snprintf(inner, sizeof inner, "%s[%d]", where, launch->count);
    RT_TRY(read_alternative(r, a, inner, &list[launch->count++]));
  }
  int64_t guard;
  if (!rt_expr_is_const(&list[count - 1].guard, &guard) || guard != 1)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects 1 as guard of the last alternative", where);
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_plan(reader *r, const cJSON *item, const char *where, rt_plan *plan) {
  const cJSON *workspace, *launches;
  int count;
  RT_TRY(rt_json_find(item, "workspace_bytes", where, &workspace));
  if (!workspace)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects 'workspace_bytes'", where);
  RT_TRY(rt_expr_parse(workspace, &r->launches, r->arena, where, &plan->workspace_bytes));
  RT_TRY(rt_json_array(item, "launches", where, &launches, &count));
  plan->launches = rt_arena_alloc(r->arena, (size_t)count, sizeof *plan->launches);
  if (!plan->launches)
    return no_memory();
  for (const cJSON *l = launches->child; l; l = l->next) {
    char inner[kWhereBytes];
    snprintf(inner, sizeof inner, "%s.launches[%d]", where, plan->num_launches);
    RT_TRY(read_launch(r, l, inner, &plan->launches[plan->num_launches++]));
  }
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_plans(reader *r, const cJSON *item, const char *where) {
  rt_function_decl *fn = r->fn;
  const cJSON *plans;
  RT_TRY(rt_json_find(item, "plans", where, &plans));
  if (plans && !cJSON_IsObject(plans))
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects an object 'plans'", where);
  fn->plans = rt_arena_alloc(r->arena, (size_t)(plans ? cJSON_GetArraySize(plans) : 0) + 1, sizeof *fn->plans);
  if (!fn->plans)
    return no_memory();
  RT_TRY(read_plan(r, item, where, &fn->plans[fn->num_plans++]));
  for (const cJSON *p = plans ? plans->child : NULL; p; p = p->next) {
    char inner[kWhereBytes];
    snprintf(inner, sizeof inner, "%s.plans[\"%.40s\"]", where, p->string);
    if (rt_function_plan(fn, p->string) != &fn->plans[0])
      return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects each target once", inner);
    RT_TRY(read_plan(r, p, inner, &fn->plans[fn->num_plans]));
    if (!(fn->plans[fn->num_plans++].target = rt_arena_strdup(r->arena, p->string)))
      return no_memory();
  }
  return SEQC_RT_OK;
}

const rt_plan *rt_function_plan(const rt_function_decl *fn, const char *target) {
  for (int i = 1; i < fn->num_plans; ++i)
    if (!strcmp(fn->plans[i].target, target))
      return &fn->plans[i];
  return &fn->plans[0];
}

// --- Functions ------------------------------------------------------------------------------------------------------------------------

static seqc_rt_status_t read_function(reader *r, const cJSON *item, const char *where) {
  rt_function_decl *fn = r->fn;
  RT_TRY(rt_manifest_string(item, "name", where, r->arena, &fn->name));
  RT_TRY(read_dims(r, item, where));
  RT_TRY(read_tensors(r, item, "inputs", where, &fn->inputs, &fn->num_inputs));
  RT_TRY(read_tensors(r, item, "outputs", where, &fn->outputs, &fn->num_outputs));
  RT_TRY(check_dims_solvable(fn, where));
  RT_TRY(read_assume(r, item, where));
  RT_TRY(read_states(r, item, where));
  return read_plans(r, item, where);
}

seqc_rt_status_t rt_manifest_read_functions(const cJSON *root, rt_arena *arena, rt_manifest *out) {
  const cJSON *functions;
  int count;
  RT_TRY(rt_json_array(root, "functions", "seqc.json", &functions, &count));
  if (count > SEQC_PACKAGE_MAX_FUNCTIONS)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "seqc.json: expects at most %d functions, but got %d", SEQC_PACKAGE_MAX_FUNCTIONS, count);
  out->functions = rt_arena_alloc(arena, (size_t)count, sizeof *out->functions);
  if (!out->functions)
    return rt_no_memory("the manifest");
  for (const cJSON *item = functions->child; item; item = item->next) {
    char where[64];
    snprintf(where, sizeof where, "seqc.json: functions[%d]", out->num_functions);
    reader r = {.manifest = out, .fn = &out->functions[out->num_functions++], .arena = arena};
    RT_TRY(read_function(&r, item, where));
    for (int i = 0; i + 1 < out->num_functions; ++i)
      if (!strcmp(out->functions[i].name, r.fn->name))
        return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects function names to differ, but got '%.80s' twice", where, r.fn->name);
  }
  return SEQC_RT_OK;
}
