// SPDX-License-Identifier: Apache-2.0
// A function with its tensors in memory of the package's device, to be timed there.
#ifndef SEQC_LIB_DRIVER_DEVICECALL_H
#define SEQC_LIB_DRIVER_DEVICECALL_H

#include "Session.h"

namespace seqc::driver {

class DeviceCall {
public:
  /// Copies the inputs; makes outputs and the workspace.
  static llvm::Expected<DeviceCall> make(const Session &session, const seqc_rt_function_t *fn, llvm::ArrayRef<HostTensor> inputs);

  struct Times {
    double deviceMs = 0; ///< between the events around the calls, a call
    double hostMs = 0;   ///< until the calls returned, a call
  };
  /// `calls` calls one after the other on one stream; waits for them.
  llvm::Expected<Times> run(int calls);

private:
  struct Resources;
  explicit DeviceCall(std::shared_ptr<Resources> resources) : resources(std::move(resources)) {}
  std::shared_ptr<Resources> resources;
};

} // namespace seqc::driver

#endif // SEQC_LIB_DRIVER_DEVICECALL_H
