// SPDX-License-Identifier: Apache-2.0
#include "TensorFiles.h"
#include "seqc/Support/Files.h"
#include "seqc/Support/Npy.h"
#include <cstring>

using namespace llvm;

namespace seqc::driver {

Expected<HostTensor> readTensor(StringRef path, StringRef dtype) {
  if (Error e = expectRegularFile(path))
    return fail(ExitCode::Damaged, "E4001", toString(std::move(e)));
  Expected<NpyArray> array = readNpy(path);
  if (!array)
    return fail(ExitCode::Damaged, "E4004", toString(array.takeError()));
  if (array->dtype != dtype && !(dtype == "bf16" && array->dtype == "u16"))
    return fail(ExitCode::Rejected, "E4004", (path + ": expects elements of " + dtype + ", but got " + array->dtype).str());
  Expected<HostTensor> t = HostTensor::make(dtype, array->shape);
  if (!t)
    return t.takeError();
  std::memcpy(t->data.get(), array->data.data(), array->data.size());
  return t;
}

Error writeTensor(StringRef path, const HostTensor &tensor) {
  if (Error e = writeNpy(path, tensor.dtype, tensor.shape, StringRef(tensor.data.get(), tensor.bytes())))
    return fail(ExitCode::Damaged, "E4001", toString(std::move(e)));
  return Error::success();
}

} // namespace seqc::driver
