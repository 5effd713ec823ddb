// SPDX-License-Identifier: Apache-2.0
// Questions about packages and functions that run nothing.
#include "package.h"
#include <stdio.h>
#include <string.h>

seqc_rt_status_t seqc_rt_package_manifest(const seqc_rt_package_t *pkg, const char **out_text, size_t *out_size) {
  if (!pkg || !out_text || !out_size)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "seqc_rt_package_manifest: expects package, out_text and out_size, but got NULL");
  *out_text = (const char *)pkg->manifest_member->data;
  *out_size = pkg->manifest_member->size;
  return SEQC_RT_OK;
}

int32_t seqc_rt_package_num_threads(const seqc_rt_package_t *pkg) { return pkg ? pkg->num_threads : 0; }
int32_t seqc_rt_package_num_functions(const seqc_rt_package_t *pkg) { return pkg ? pkg->manifest.num_functions : 0; }

seqc_rt_status_t seqc_rt_package_function(const seqc_rt_package_t *pkg, int32_t index, const seqc_rt_function_t **out_fn) {
  if (out_fn)
    *out_fn = NULL;
  if (!pkg || !out_fn)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "seqc_rt_package_function: expects package and out_fn, but got NULL");
  if (index < 0 || index >= pkg->manifest.num_functions)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "seqc_rt_package_function: expects an index below %d, but got %d", pkg->manifest.num_functions, index);
  *out_fn = &pkg->functions[index];
  return SEQC_RT_OK;
}

// "'prefill', 'step'", shortened to fit.
static void list_functions(const rt_manifest *m, char *text, size_t size) {
  size_t used = 0;
  text[0] = 0;
  for (int i = 0; i < m->num_functions && used + 1 < size; ++i) {
    int n = snprintf(text + used, size - used, "%s'%.60s'", i ? ", " : "", m->functions[i].name);
    used += n > 0 ? (size_t)n : 0;
  }
}

seqc_rt_status_t seqc_rt_package_find_function(const seqc_rt_package_t *pkg, const char *name, const seqc_rt_function_t **out_fn) {
  if (out_fn)
    *out_fn = NULL;
  if (!pkg || !out_fn)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "seqc_rt_package_find_function: expects package and out_fn, but got NULL");
  const rt_manifest *m = &pkg->manifest;
  for (int i = 0; i < m->num_functions; ++i)
    if (name ? !strcmp(m->functions[i].name, name) : m->num_functions == 1) {
      *out_fn = &pkg->functions[i];
      return SEQC_RT_OK;
    }
  char known[400];
  list_functions(m, known, sizeof known);
  if (!name)
    return rt_fail(SEQC_RT_NOT_FOUND, "expects a function name, because the package has %d functions: %s", m->num_functions, known);
  return rt_fail(SEQC_RT_NOT_FOUND, "no function '%.80s' in the package; it has: %s", name, known);
}

const char *seqc_rt_function_name(const seqc_rt_function_t *fn) { return fn ? fn->decl->name : ""; }
int32_t seqc_rt_function_num_inputs(const seqc_rt_function_t *fn) { return fn ? fn->decl->num_inputs : 0; }
int32_t seqc_rt_function_num_outputs(const seqc_rt_function_t *fn) { return fn ? fn->decl->num_outputs : 0; }
int32_t seqc_rt_function_num_states(const seqc_rt_function_t *fn) { return fn ? fn->decl->num_states : 0; }
int32_t seqc_rt_function_num_dims(const seqc_rt_function_t *fn) { return fn ? fn->decl->num_dims : 0; }

static bool in_range(int32_t index, int32_t count) { return index >= 0 && index < count; }

const char *seqc_rt_function_dim_name(const seqc_rt_function_t *fn, int32_t index) {
  return in_range(index, seqc_rt_function_num_dims(fn)) ? fn->decl->dims[index] : NULL;
}
const seqc_rt_tensor_info_t *seqc_rt_function_input(const seqc_rt_function_t *fn, int32_t index) {
  return in_range(index, seqc_rt_function_num_inputs(fn)) ? &fn->decl->inputs[index].info : NULL;
}
const seqc_rt_tensor_info_t *seqc_rt_function_output(const seqc_rt_function_t *fn, int32_t index) {
  return in_range(index, seqc_rt_function_num_outputs(fn)) ? &fn->decl->outputs[index].info : NULL;
}
const seqc_rt_state_t *seqc_rt_function_state(const seqc_rt_function_t *fn, int32_t index) {
  return in_range(index, seqc_rt_function_num_states(fn)) ? &fn->decl->states[index] : NULL;
}
