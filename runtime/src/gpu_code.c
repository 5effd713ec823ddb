// SPDX-License-Identifier: Apache-2.0
// GPU code: choice of the variant for a device, cubins and PTX to modules, entries to functions.
#include "gpu.h"
#include <elf.h>
#include <stdio.h>
#include <string.h>

// --- Choice ---------------------------------------------------------------------------------------------------------------------------

static bool cubin_fits(const rt_gpu_code *c, int sm) { return c->cubin && (c->suffix == 'a' ? c->sm == sm : c->sm / 10 == sm / 10 && c->sm <= sm); }
static bool ptx_fits(const rt_gpu_code *c, int sm) {
  return c->ptx && (c->suffix == 'a' ? c->sm == sm : c->suffix == 'f' ? c->sm / 10 == sm / 10 && c->sm <= sm : c->sm <= sm);
}

const char *rt_gpu_target(const rt_manifest *manifest, int sm) {
  const char *best = NULL;
  int best_rank = -1;
  for (int i = 0; i < manifest->num_kernels; ++i)
    for (int j = 0; j < manifest->kernels[i].num_gpu; ++j) {
      const rt_gpu_code *c = &manifest->kernels[i].gpu[j];
      bool cubin = cubin_fits(c, sm);
      int rank = (cubin ? 100000 : 0) + 2 * c->sm + (c->suffix != 0);
      if ((!cubin && !ptx_fits(c, sm)) || rank <= best_rank)
        continue;
      best = c->target_name;
      best_rank = rank;
    }
  return best;
}

const rt_gpu_code *rt_gpu_select(const rt_kernel *k, const char *target, int sm, bool *use_ptx) {
  for (int i = 0; i < k->num_gpu; ++i)
    if (!strcmp(k->gpu[i].target_name, target)) {
      *use_ptx = !cubin_fits(&k->gpu[i], sm);
      return !*use_ptx || ptx_fits(&k->gpu[i], sm) ? &k->gpu[i] : NULL;
    }
  return NULL;
}

// --- Modules --------------------------------------------------------------------------------------------------------------------------

enum { kMachineCuda = 190, kAbiWithSmInByte1 = 8 };

// The driver is given no size, so the file's own tables must lie inside it.
static bool tables_inside(const Elf64_Ehdr *e, const uint8_t *data, size_t size) {
  if (e->e_shentsize != sizeof(Elf64_Shdr) || e->e_shoff > size || e->e_shnum > (size - e->e_shoff) / sizeof(Elf64_Shdr))
    return false;
  if (e->e_phnum && (e->e_phentsize != sizeof(Elf64_Phdr) || e->e_phoff > size || e->e_phnum > (size - e->e_phoff) / sizeof(Elf64_Phdr)))
    return false;
  for (int i = 0; i < e->e_shnum; ++i) {
    Elf64_Shdr s;
    memcpy(&s, data + e->e_shoff + (size_t)i * sizeof s, sizeof s);
    if (s.sh_type != SHT_NOBITS && s.sh_type != SHT_NULL && (s.sh_offset > size || s.sh_size > size - s.sh_offset))
      return false;
  }
  return true;
}

static seqc_rt_status_t check_cubin(const rt_member *m, const rt_gpu_code *code) {
  Elf64_Ehdr e;
  bool good = m->size >= sizeof e;
  if (good)
    memcpy(&e, m->data, sizeof e);
  if (!good || memcmp(e.e_ident, ELFMAG, SELFMAG) || e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_ident[EI_DATA] != ELFDATA2LSB ||
      e.e_machine != kMachineCuda || !tables_inside(&e, m->data, m->size))
    return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%.255s': expects a cubin, but it is none or is cut off; compile the package again", m->name);
  int sm = (int)(e.e_flags >> 8 & 0xFF);
  if (e.e_ident[EI_ABIVERSION] == kAbiWithSmInByte1 && sm != code->sm)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%.255s': expects a cubin for %s, but it is for sm_%d; compile the package again", m->name,
                   code->target_name, sm);
  return SEQC_RT_OK;
}

enum { kLogBytes = 4096, kShownLog = 500 };

static seqc_rt_status_t load_image(const rt_gpu *gpu, const rt_member *member, const rt_gpu_code *code, bool is_ptx, const void *image, char *log,
                                   cu_module *out) {
  int options[] = {CU_JIT_ERROR_LOG, CU_JIT_ERROR_LOG_BYTES};
  void *values[] = {log, (void *)(uintptr_t)kLogBytes};
  cu_result result = gpu->cuda->ModuleLoadDataEx(out, image, is_ptx ? 2 : 0, options, values);
  if (result == CU_SUCCESS)
    return SEQC_RT_OK;
  *out = NULL;
  log[kLogBytes - 1] = 0;
  seqc_rt_status_t status = rt_cuda_fail(gpu->cuda, result, "cuModuleLoadDataEx");
  if (is_ptx && log[0])
    rt_prefix(status, "the driver's assembler says '%.*s'", kShownLog, log);
  return rt_prefix(status, "member '%.255s' (%s for %s) on %s, compute capability %d.%d", member->name, is_ptx ? "PTX" : "cubin", code->target_name,
                   gpu->facts.name, gpu->facts.sm / 10, gpu->facts.sm % 10);
}

seqc_rt_status_t rt_gpu_load_module(const rt_gpu *gpu, const rt_member *member, const rt_gpu_code *code, bool is_ptx, cu_module *out) {
  *out = NULL;
  if (!is_ptx)
    RT_TRY(check_cubin(member, code));
  // PTX must end with a null byte, and a cubin be aligned.
  size_t log_at = (member->size + SEQC_PACKAGE_ALIGN) & ~(size_t)(SEQC_PACKAGE_ALIGN - 1);
  char *copy = rt_aligned_alloc(log_at + kLogBytes);
  if (!copy)
    return rt_no_memory("a GPU module");
  memcpy(copy, member->data, member->size);
  memset(copy + member->size, 0, log_at + kLogBytes - member->size);
  seqc_rt_status_t status = load_image(gpu, member, code, is_ptx, copy, copy + log_at, out);
  rt_free(copy);
  return status;
}

// --- Functions ------------------------------------------------------------------------------------------------------------------------

// The parameters that the code has against those that the manifest says. Drivers before CUDA 12.4 cannot tell.
static seqc_rt_status_t check_params(const rt_gpu *gpu, cu_function function, const rt_kernel *k, const rt_gpu_code *code) {
  if (!gpu->cuda->FuncGetParamInfo)
    return SEQC_RT_OK;
  size_t offset, bytes, expected = 0;
  for (int i = 0; i < k->num_params; ++i) {
    size_t size = code->param_bytes[i];
    expected = (expected + size - 1) / size * size;
    cu_result result = gpu->cuda->FuncGetParamInfo(function, (size_t)i, &offset, &bytes);
    if (result != CU_SUCCESS && result != CU_INVALID_VALUE)
      return rt_cuda_fail(gpu->cuda, result, "cuFuncGetParamInfo");
    if (result == CU_INVALID_VALUE)
      return rt_fail(SEQC_RT_BAD_PACKAGE, "expects %d parameters, but the code has %d", k->num_params, i);
    if (offset != expected || bytes != size)
      return rt_fail(SEQC_RT_BAD_PACKAGE, "expects %zu bytes at %zu for parameter '%.60s', but the code has %zu at %zu", size, expected,
                     k->params[i].name, bytes, offset);
    expected += size;
  }
  cu_result result = gpu->cuda->FuncGetParamInfo(function, (size_t)k->num_params, &offset, &bytes);
  if (result == CU_INVALID_VALUE)
    return SEQC_RT_OK;
  return result == CU_SUCCESS ? rt_fail(SEQC_RT_BAD_PACKAGE, "expects %d parameters, but the code has more", k->num_params)
                              : rt_cuda_fail(gpu->cuda, result, "cuFuncGetParamInfo");
}

enum { kSharedWithoutAsking = 48 << 10 };

static seqc_rt_status_t check_limits(const rt_gpu *gpu, cu_function function, const rt_gpu_code *code) {
  int fixed, threads, block = code->block[0] * code->block[1] * code->block[2];
  RT_CUDA_TRY(gpu->cuda, FuncGetAttribute, &fixed, CU_FUNC_ATTR_STATIC_SHARED, function);
  RT_CUDA_TRY(gpu->cuda, FuncGetAttribute, &threads, CU_FUNC_ATTR_MAX_THREADS, function);
  if (block > threads)
    return rt_fail(SEQC_RT_DEVICE_ERROR, "needs blocks of %d threads, but this GPU can run it with %d at most; compile it for this GPU", block,
                   threads);
  if (code->shared_bytes > gpu->facts.shared_bytes - fixed)
    return rt_fail(SEQC_RT_DEVICE_ERROR, "needs %d bytes of shared memory, but this GPU has %d; compile it for this GPU", code->shared_bytes + fixed,
                   gpu->facts.shared_bytes);
  int allowed;
  RT_CUDA_TRY(gpu->cuda, FuncGetAttribute, &allowed, CU_FUNC_ATTR_MAX_DYNAMIC_SHARED, function);
  // At first 48 KB with the fixed part; more if another record of the same entry has asked for it.
  if (code->shared_bytes > allowed || (allowed <= kSharedWithoutAsking && code->shared_bytes + fixed > kSharedWithoutAsking))
    RT_CUDA_TRY(gpu->cuda, FuncSetAttribute, function, CU_FUNC_ATTR_MAX_DYNAMIC_SHARED, code->shared_bytes);
  return SEQC_RT_OK;
}

seqc_rt_status_t rt_gpu_load_function(const rt_gpu *gpu, cu_module module, const rt_kernel *k, const rt_gpu_code *code, cu_function *out) {
  cu_result result = gpu->cuda->ModuleGetFunction(out, module, code->entry);
  seqc_rt_status_t status = result == CU_SUCCESS ? check_params(gpu, *out, k, code) : rt_cuda_fail(gpu->cuda, result, "cuModuleGetFunction");
  if (status == SEQC_RT_OK)
    status = check_limits(gpu, *out, code);
  if (status != SEQC_RT_OK)
    return rt_prefix(result == 500 ? SEQC_RT_BAD_PACKAGE : status, "kernel '%.80s': entry '%.80s'", k->name, code->entry); // 500: not found
  return SEQC_RT_OK;
}
