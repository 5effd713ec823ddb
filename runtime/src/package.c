// SPDX-License-Identifier: Apache-2.0
// Opening and closing. Order matters: nothing of a member is used before its digest is checked, and code is loaded last.
#define _GNU_SOURCE
#include "gpu.h"
#include "package.h"
#include "safetensors.h"
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { kMaxThreads = 1024 };

// --- Files and digests ----------------------------------------------------------------------------------------------------------------

static seqc_rt_status_t map_fd(int fd, seqc_rt_package_t *pkg) {
  struct stat st;
  if (fstat(fd, &st))
    return rt_fail(SEQC_RT_IO_ERROR, "cannot be read: %s", strerror(errno));
  if (!S_ISREG(st.st_mode))
    return rt_fail(SEQC_RT_IO_ERROR, "expects a regular file");
  if (st.st_size == 0)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "expects a .seqc package, but the file is empty");
  void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED)
    return errno == ENOMEM ? rt_no_memory("mapping the file") : rt_fail(SEQC_RT_IO_ERROR, "cannot be mapped: %s", strerror(errno));
  pkg->data = data;
  pkg->size = (size_t)st.st_size;
  pkg->mapped = true;
  return SEQC_RT_OK;
}

static seqc_rt_status_t map_file(const char *path, seqc_rt_package_t *pkg) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    bool missing = errno == ENOENT || errno == ENOTDIR;
    return rt_fail(missing ? SEQC_RT_NOT_FOUND : SEQC_RT_IO_ERROR, "cannot be opened: %s", strerror(errno));
  }
  seqc_rt_status_t status = map_fd(fd, pkg);
  close(fd);
  return status;
}

// Weights may go unchecked on request; everything else, code above all, never.
static bool needs_digest(const seqc_rt_package_t *pkg, const char *path) { // GPU code is never in weights/: the manifest's reader demands it
  bool is_code = pkg->manifest.cpu_library && !strcmp(path, pkg->manifest.cpu_library);
  return pkg->verify == SEQC_RT_VERIFY_ALL || is_code || strncmp(path, "weights/", 8);
}

static bool digest_matches(const rt_member *member, const uint8_t *expected) {
  struct sha256_ctx context;
  uint8_t actual[SHA256_DIGEST_SIZE];
  sha256_init(&context);
  sha256_update(&context, member->size, member->data);
  sha256_digest(&context, sizeof actual, actual);
  return !memcmp(actual, expected, sizeof actual);
}

static seqc_rt_status_t check_file(const seqc_rt_package_t *pkg, const rt_file *file, bool *seen) {
  const rt_member *member = rt_archive_find(&pkg->archive, file->path);
  if (!member || member == pkg->manifest_member)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%.255s': listed in seqc.json, but not in the package", file->path);
  if (member->size != file->bytes)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%s': expects %zu bytes, but got %zu", file->path, file->bytes, member->size);
  bool *mark = &seen[member - pkg->archive.members];
  if (*mark)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%s': listed twice in seqc.json", file->path);
  *mark = true;
  if (needs_digest(pkg, file->path) && !digest_matches(member, file->sha256))
    return rt_fail(SEQC_RT_DIGEST_MISMATCH, "member '%s': its SHA-256 differs from the one in seqc.json; the file is damaged or was changed",
                   file->path);
  return SEQC_RT_OK;
}

static seqc_rt_status_t check_files(seqc_rt_package_t *pkg) {
  bool *seen = rt_arena_alloc(&pkg->arena, (size_t)pkg->archive.count, sizeof *seen);
  if (!seen)
    return rt_no_memory("the member list");
  for (int i = 0; i < pkg->manifest.num_files; ++i)
    RT_TRY(check_file(pkg, &pkg->manifest.files[i], seen));
  for (int i = 0; i < pkg->archive.count; ++i)
    if (!seen[i] && &pkg->archive.members[i] != pkg->manifest_member)
      return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%s': expects an entry in 'files' of seqc.json", pkg->archive.members[i].name);
  return SEQC_RT_OK;
}

// --- Weights --------------------------------------------------------------------------------------------------------------------------

// Complex numbers may be stored as pairs of parts: a last dim of 2.
static bool stores(const rt_stored_tensor *t, const rt_weight *w) {
  const rt_dtype *part = rt_dtype_part(w->dtype);
  bool pairs = part != w->dtype && !strcmp(t->dtype, part->safetensors_name) && t->rank == w->rank + 1 && t->shape[w->rank] == 2;
  bool same = !strcmp(t->dtype, w->dtype->safetensors_name) && t->rank == w->rank;
  return (pairs || same) && !memcmp(t->shape, w->shape, (size_t)w->rank * sizeof *w->shape);
}

static seqc_rt_status_t bind_weight(seqc_rt_package_t *pkg, int index, const rt_safetensors *file) {
  const rt_weight *w = &pkg->manifest.weights[index];
  const rt_stored_tensor *t = rt_safetensors_find(file, w->name);
  if (!t)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%.255s': expects a tensor '%.80s', but it is not there", w->file, w->name);
  if (!stores(t, w))
    return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%.255s': tensor '%.80s': its dtype or shape differs from the one in seqc.json", w->file, w->name);
  pkg->weights[index] = t->data;
  if ((uintptr_t)t->data % (size_t)w->dtype->bytes == 0)
    return SEQC_RT_OK;
  if (!(pkg->copies[index] = rt_aligned_alloc(t->bytes)))
    return rt_no_memory("an aligned copy of a weight");
  memcpy(pkg->copies[index], t->data, t->bytes);
  pkg->weights[index] = pkg->copies[index];
  return SEQC_RT_OK;
}

static seqc_rt_status_t bind_weights(seqc_rt_package_t *pkg) {
  int count = pkg->manifest.num_weights;
  pkg->weights = rt_arena_alloc(&pkg->arena, (size_t)count, sizeof *pkg->weights);
  pkg->copies = rt_arena_alloc(&pkg->arena, (size_t)count, sizeof *pkg->copies);
  rt_safetensors *files = rt_arena_alloc(&pkg->arena, (size_t)pkg->archive.count, sizeof *files);
  bool *read = rt_arena_alloc(&pkg->arena, (size_t)pkg->archive.count, sizeof *read);
  if (!pkg->weights || !pkg->copies || !files || !read)
    return rt_no_memory("the table of weights");
  for (int i = 0; i < count; ++i) {
    const rt_member *member = rt_archive_find(&pkg->archive, pkg->manifest.weights[i].file);
    if (!member || member == pkg->manifest_member)
      return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%.255s': named by weights[%d] of seqc.json, but not in the package",
                     pkg->manifest.weights[i].file, i);
    int file = (int)(member - pkg->archive.members);
    if (!read[file])
      RT_TRY(rt_safetensors_read(member->data, member->size, member->name, &pkg->arena, &files[file]));
    read[file] = true;
    RT_TRY(bind_weight(pkg, i, &files[file]));
  }
  return SEQC_RT_OK;
}

// --- Loading --------------------------------------------------------------------------------------------------------------------------

// Members with GPU code are there, whatever the package is opened for.
static seqc_rt_status_t check_gpu_members(const seqc_rt_package_t *pkg) {
  for (int i = 0; i < pkg->manifest.num_kernels; ++i) {
    const rt_kernel *k = &pkg->manifest.kernels[i];
    for (int j = 0; j < 2 * k->num_gpu; ++j) {
      const char *name = j % 2 ? k->gpu[j / 2].ptx : k->gpu[j / 2].cubin;
      if (name && !rt_archive_find(&pkg->archive, name))
        return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%.255s': named by kernels[%d] of seqc.json, but not in the package", name, i);
    }
  }
  return SEQC_RT_OK;
}

static seqc_rt_status_t load_code(seqc_rt_package_t *pkg) {
  const rt_manifest *m = &pkg->manifest;
  if (pkg->device.type == SEQC_RT_CUDA)
    return rt_gpu_open(pkg);
  if (!m->cpu_library)
    return rt_fail(SEQC_RT_UNSUPPORTED, "the package has no CPU code; compile it with a CPU target");
  const rt_member *member = rt_archive_find(&pkg->archive, m->cpu_library);
  if (!member || member == pkg->manifest_member)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%.255s': named by 'cpu' of seqc.json, but not in the package", m->cpu_library);
  RT_TRY(rt_code_check_cpu(m));
  rt_kernel_fn *kernels = rt_arena_alloc(&pkg->arena, (size_t)m->num_kernels, sizeof *kernels);
  if (!kernels)
    return rt_no_memory("the table of kernels");
  RT_TRY(rt_code_load(member, m, &pkg->code, kernels));
  pkg->kernels = kernels;
  pkg->pool = rt_pool_create(pkg->num_threads);
  return pkg->pool ? SEQC_RT_OK : rt_no_memory("the thread pool");
}

static seqc_rt_status_t load(seqc_rt_package_t *pkg) {
  RT_TRY(rt_archive_read(pkg->data, pkg->size, &pkg->arena, &pkg->archive));
  pkg->manifest_member = rt_archive_find(&pkg->archive, SEQC_PACKAGE_MANIFEST);
  if (!pkg->manifest_member)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "expects a member 'seqc.json'; this zip file is no .seqc package");
  RT_TRY(rt_manifest_read((const char *)pkg->manifest_member->data, pkg->manifest_member->size, &pkg->arena, &pkg->manifest));
  RT_TRY(check_files(pkg));
  RT_TRY(check_gpu_members(pkg));
  RT_TRY(bind_weights(pkg));
  pkg->functions = rt_arena_alloc(&pkg->arena, (size_t)pkg->manifest.num_functions, sizeof *pkg->functions);
  if (!pkg->functions)
    return rt_no_memory("the table of functions");
  for (int i = 0; i < pkg->manifest.num_functions; ++i)
    pkg->functions[i] = (struct seqc_rt_function){pkg, &pkg->manifest.functions[i], rt_function_plan(&pkg->manifest.functions[i], "cpu")};
  return pkg->inspect_only ? SEQC_RT_OK : load_code(pkg);
}

static seqc_rt_status_t apply_options(const seqc_rt_open_options_t *options, seqc_rt_package_t *pkg) {
  enum { kSmallest = offsetof(seqc_rt_open_options_t, cuda_context) }; // of programs built before that member was added
  seqc_rt_open_options_t all = SEQC_RT_OPEN_OPTIONS_INIT, *o = &all;
  if (options && options->struct_size < kSmallest)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "options: expects struct_size %zu, but got %zu; use SEQC_RT_OPEN_OPTIONS_INIT", sizeof *o,
                   options->struct_size);
  if (options)
    memcpy(&all, options, options->struct_size < sizeof all ? options->struct_size : sizeof all);
  bool on_gpu = o->device.type == SEQC_RT_CUDA;
  if (o->device.ordinal < 0 || (!on_gpu && (o->device.type != SEQC_RT_CPU || o->device.ordinal != 0)))
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "device: expects {SEQC_RT_CPU, 0} or {SEQC_RT_CUDA, N}, but got {%d, %d}", (int)o->device.type,
                   (int)o->device.ordinal);
  if (o->cuda_context && !on_gpu)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "cuda_context: expects NULL on the CPU");
  if (o->num_threads < 0 || o->num_threads > kMaxThreads)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "num_threads: expects 0 to %d, but got %d", kMaxThreads, (int)o->num_threads);
  if (o->verify != SEQC_RT_VERIFY_ALL && o->verify != SEQC_RT_VERIFY_CODE)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "verify: expects SEQC_RT_VERIFY_ALL or SEQC_RT_VERIFY_CODE, but got %d", (int)o->verify);
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  pkg->num_threads = o->num_threads ? o->num_threads : online < 1 ? 1 : online > kMaxThreads ? kMaxThreads : (int)online;
  pkg->sms = pkg->num_threads;
  pkg->device = o->device;
  pkg->cuda_context = o->cuda_context;
  pkg->verify = o->verify;
  pkg->inspect_only = o->inspect_only != 0;
  return SEQC_RT_OK;
}

static seqc_rt_status_t new_package(const seqc_rt_open_options_t *options, seqc_rt_package_t **out) {
  seqc_rt_package_t *pkg = rt_calloc(1, sizeof *pkg);
  if (!pkg)
    return rt_no_memory("the package");
  pkg->code = RT_CODE_NONE;
  seqc_rt_status_t status = apply_options(options, pkg);
  if (status != SEQC_RT_OK) {
    rt_free(pkg);
    return status;
  }
  *out = pkg;
  return SEQC_RT_OK;
}

static seqc_rt_status_t finish(seqc_rt_status_t status, seqc_rt_package_t *pkg, seqc_rt_package_t **out) {
  if (status == SEQC_RT_OK)
    *out = pkg;
  else
    seqc_rt_package_close(pkg);
  return status;
}

seqc_rt_status_t seqc_rt_package_open(const char *path, const seqc_rt_open_options_t *options, seqc_rt_package_t **out_package) {
  if (!path || !out_package)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "seqc_rt_package_open: expects path and out_package, but got NULL");
  *out_package = NULL;
  seqc_rt_package_t *pkg;
  RT_TRY(new_package(options, &pkg));
  seqc_rt_status_t status = map_file(path, pkg);
  if (status == SEQC_RT_OK)
    status = load(pkg);
  if (status != SEQC_RT_OK)
    rt_prefix(status, "%.400s", path);
  return finish(status, pkg, out_package);
}

seqc_rt_status_t seqc_rt_package_open_memory(const void *data, size_t size, const seqc_rt_open_options_t *options,
                                             seqc_rt_package_t **out_package) {
  if (!out_package || (!data && size))
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "seqc_rt_package_open_memory: expects data and out_package, but got NULL");
  *out_package = NULL;
  seqc_rt_package_t *pkg;
  RT_TRY(new_package(options, &pkg));
  pkg->data = data ? data : (const void *)"";
  pkg->size = size;
  return finish(load(pkg), pkg, out_package);
}

void seqc_rt_package_close(seqc_rt_package_t *pkg) {
  if (!pkg)
    return;
  rt_gpu_close(pkg->gpu);
  rt_pool_destroy(pkg->pool);
  rt_code_unload(&pkg->code);
  rt_free(atomic_load(&pkg->workspace));
  for (int i = 0; pkg->copies && i < pkg->manifest.num_weights; ++i)
    rt_free(pkg->copies[i]);
  rt_arena_free(&pkg->arena);
  if (pkg->mapped)
    munmap((void *)pkg->data, pkg->size);
  rt_free(pkg);
}
