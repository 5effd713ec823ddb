// SPDX-License-Identifier: Apache-2.0
#include "CallOptions.h"
#include "Commands.h"
#include "FunctionCost.h"

using namespace llvm;

namespace seqc::driver {

static cl::opt<std::string> function("function", cl::desc("function to call (default: the only one)"), cl::sub(runCommand()),
                                     cl::sub(benchCommand()));
static cl::opt<std::string> shapes("shapes", cl::desc("generate the inputs that are not given, with these dims, as B=2,L=64"), cl::sub(runCommand()),
                                   cl::sub(benchCommand()));
static cl::opt<uint64_t> seed("seed", cl::desc("seed of generated inputs (default 0)"), cl::init(0), cl::sub(runCommand()), cl::sub(benchCommand()));
static cl::opt<std::string> device("device", cl::desc("cpu or cuda:N (default cpu)"), cl::init("cpu"), cl::sub(runCommand()), cl::sub(benchCommand()),
                                   cl::sub(verifyCommand()));
static cl::opt<int> threads("threads", cl::desc("CPU threads (default 0: all)"), cl::init(0), cl::sub(runCommand()), cl::sub(benchCommand()));

Expected<Session> openSession(StringRef package, bool inspectOnly) { return Session::open(package, {device, threads, inspectOnly}); }

Expected<Call> openCall(StringRef package) {
  Expected<Session> session = openSession(package, false);
  if (!session)
    return session.takeError();
  Expected<const seqc_rt_function_t *> fn = session->function(function);
  if (!fn)
    return fn.takeError();
  return Call{std::move(*session), *fn};
}

StringRef shapesOption() { return shapes; }

std::optional<int64_t> costOfCall(const Call &call, StringRef key) {
  Expected<StringMap<int64_t>> dims = parseDims(shapes);
  Expected<json::Value> manifest = call.session.manifest();
  if (dims && manifest)
    return functionCost(*manifest->getAsObject(), seqc_rt_function_name(call.function), *dims, key, StringRef(device).starts_with("cuda"));
  consumeError(dims ? Error::success() : dims.takeError());
  consumeError(manifest ? Error::success() : manifest.takeError());
  return std::nullopt;
}

Expected<std::vector<HostTensor>> generateInputs(const Call &call) {
  Expected<StringMap<int64_t>> dims = parseDims(shapes);
  if (!dims)
    return dims.takeError();
  return makeInputs(call.function, *dims, seed);
}

} // namespace seqc::driver
