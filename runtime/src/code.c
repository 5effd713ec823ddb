// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "code.h"
#include "cpu_features.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

seqc_rt_status_t rt_code_check_cpu(const rt_manifest *m) {
  size_t n = strcspn(m->cpu_triple, "-");
  if (n != strlen(rt_cpu_arch()) || memcmp(m->cpu_triple, rt_cpu_arch(), n) || !strstr(m->cpu_triple + n, "linux"))
    return rt_fail(SEQC_RT_UNSUPPORTED, "the package has CPU code for %.80s, but this machine is %s Linux; compile it for this machine",
                   m->cpu_triple, rt_cpu_arch());
  for (int i = 0; i < m->num_cpu_features; ++i)
    if (!rt_cpu_has_feature(m->cpu_features[i]))
      return rt_fail(SEQC_RT_UNSUPPORTED, "the package needs the CPU feature '%.60s', which this CPU does not have; compile it for this CPU",
                     m->cpu_features[i]);
  return SEQC_RT_OK;
}

static bool write_all(int fd, const uint8_t *data, size_t size) {
  while (size) {
    ssize_t n = write(fd, data, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    data += n;
    size -= (size_t)n;
  }
  return true;
}

seqc_rt_status_t rt_code_load(const rt_member *member, const rt_manifest *manifest, rt_code *out, rt_kernel_fn *kernels) {
  *out = RT_CODE_NONE;
  out->fd = memfd_create("seqc-kernels", MFD_CLOEXEC);
  if (out->fd < 0 || !write_all(out->fd, member->data, member->size)) {
    int error = errno;
    rt_code_unload(out);
    return rt_fail(SEQC_RT_DEVICE_ERROR, "%s: cannot make an in-memory file: %s", member->name, strerror(error));
  }
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/./%d", out->fd);
  out->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!out->handle) {
    rt_fail(SEQC_RT_DEVICE_ERROR, "%s: the system loader refuses it: %s", member->name, dlerror());
    rt_code_unload(out);
    return SEQC_RT_DEVICE_ERROR;
  }
  for (int i = 0; i < manifest->num_kernels; ++i) {
    const char *symbol = manifest->kernels[i].symbol;
    void *address = symbol ? dlsym(out->handle, symbol) : NULL;
    if (symbol && !address) {
      rt_code_unload(out);
      return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects the symbol '%.80s' of kernel %d, but it is not there", member->name, symbol, i);
    }
    memcpy(&kernels[i], &address, sizeof address); // object to function pointer, as POSIX allows
  }
  return SEQC_RT_OK;
}

void rt_code_unload(rt_code *code) {
  if (code->handle)
    dlclose(code->handle);
  if (code->fd >= 0)
    close(code->fd);
  *code = RT_CODE_NONE;
}
