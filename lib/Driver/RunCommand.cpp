// SPDX-License-Identifier: Apache-2.0
// seqc run: runs a function of a package on .npy or generated inputs.
#include "CallOptions.h"
#include "Commands.h"
#include "TensorFiles.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <cmath>

using namespace llvm;

namespace seqc::driver {

cl::SubCommand &runCommand() {
  static cl::SubCommand command("run", "run a function of a package");
  return command;
}
static cl::opt<std::string> package(cl::Positional, cl::Required, cl::desc("<package.seqc>"), cl::sub(runCommand()));
static cl::list<std::string> inputSpecs("input", cl::desc("[name=]@file.npy; once per input, in order or by name"), cl::sub(runCommand()));
static cl::list<std::string> outputSpecs("output", cl::desc("[name=]@file.npy: where to write an output (default: print a summary)"), cl::sub(runCommand()));

/// Splits "[name=]@path"; position is used where no name is given.
static Expected<std::pair<int32_t, std::string>> parseSpec(StringRef spec, int32_t position, int32_t count, function_ref<StringRef(int32_t)> nameOf) {
  auto [name, path] = spec.contains("=@") ? spec.split("=@") : std::pair<StringRef, StringRef>("", spec.starts_with("@") ? spec.drop_front() : "");
  if (path.empty())
    return fail(ExitCode::Usage, "E2001", "expects [name=]@file.npy, but got '" + spec.str() + "'");
  int32_t index = position;
  if (!name.empty())
    for (index = 0; index < count && nameOf(index) != name; ++index)
      ;
  if (index >= count)
    return fail(ExitCode::Usage, "E2001", "the function has no tensor for '" + spec.str() + "'");
  return std::pair(index, path.str());
}

static Expected<std::vector<HostTensor>> collectInputs(const Call &call) {
  const seqc_rt_function_t *fn = call.function;
  int32_t count = seqc_rt_function_num_inputs(fn);
  std::vector<HostTensor> inputs(count);
  if (!shapesOption().empty() || inputSpecs.empty()) {
    Expected<std::vector<HostTensor>> made = generateInputs(call);
    if (!made)
      return made.takeError();
    inputs = std::move(*made);
  }
  for (auto [position, spec] : enumerate(inputSpecs)) {
    auto parsed = parseSpec(spec, position, count, [&](int32_t i) { return StringRef(seqc_rt_function_input(fn, i)->name); });
    if (!parsed)
      return parsed.takeError();
    Expected<HostTensor> t = readTensor(parsed->second, seqc_rt_function_input(fn, parsed->first)->dtype_name);
    if (!t)
      return t.takeError();
    inputs[parsed->first] = *t;
  }
  for (auto [i, t] : enumerate(inputs))
    if (!t.data)
      return fail(ExitCode::Usage, "E2001", std::string("input '") + seqc_rt_function_input(fn, i)->name + "' is missing; give --input or --shapes");
  return inputs;
}

static void printSummary(StringRef name, const HostTensor &t) {
  outs() << name << ": " << t.dtype << " [";
  interleaveComma(t.shape, outs());
  outs() << "]";
  int64_t n = t.elements(), shown = std::min<int64_t>(n, 8);
  for (int64_t i = 0; i < shown; ++i)
    outs() << ' ' << t.text(i);
  outs() << (shown < n ? " ...\n" : "\n");
}

Error runRun() {
  Expected<Call> call = openCall(package);
  if (!call)
    return call.takeError();
  const seqc_rt_function_t *fn = call->function;
  Expected<std::vector<HostTensor>> inputs = collectInputs(*call);
  if (!inputs)
    return inputs.takeError();
  Expected<std::vector<HostTensor>> outputs = call->session.call(fn, *inputs);
  if (!outputs)
    return outputs.takeError();
  auto nameOf = [&](int32_t i) { return StringRef(seqc_rt_function_output(fn, i)->name); };
  if (outputSpecs.empty())
    for (auto [i, t] : enumerate(*outputs))
      printSummary(nameOf(i), t);
  for (auto [position, spec] : enumerate(outputSpecs)) {
    auto parsed = parseSpec(spec, position, outputs->size(), nameOf);
    if (!parsed)
      return parsed.takeError();
    if (Error e = writeTensor(parsed->second, (*outputs)[parsed->first]))
      return e;
  }
  return Error::success();
}

} // namespace seqc::driver
