// SPDX-License-Identifier: Apache-2.0
#include "gpu_helper.h"

namespace seqc_rt_test {

seqc_rt_status_t openGpu(const std::string &bytes, seqc_rt_package_t **out, int ordinal, void *context) {
  seqc_rt_open_options_t options = SEQC_RT_OPEN_OPTIONS_INIT;
  options.device = {SEQC_RT_CUDA, ordinal};
  options.cuda_context = context;
  return seqc_rt_package_open_memory(bytes.data(), bytes.size(), &options, out);
}

seqc_rt_status_t openGpuStatus(const std::string &bytes, int ordinal) {
  seqc_rt_package_t *p = nullptr;
  seqc_rt_status_t status = openGpu(bytes, &p, ordinal);
  EXPECT_EQ(p != nullptr, status == SEQC_RT_OK);
  seqc_rt_package_close(p);
  EXPECT_EQ(fake_cuda_alive(), 0);
  return status;
}

} // namespace seqc_rt_test
