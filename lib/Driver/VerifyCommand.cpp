// SPDX-License-Identifier: Apache-2.0
// seqc verify: digests of all members; with --cases, runs stored inputs and compares with stored outputs.
#include "CallOptions.h"
#include "Commands.h"
#include "TensorFiles.h"
#include "seqc/Support/Files.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace llvm;

namespace seqc::driver {

cl::SubCommand &verifyCommand() {
  static cl::SubCommand command("verify", "check the digests of a package, and with --cases its results");
  return command;
}
static cl::opt<std::string> package(cl::Positional, cl::Required, cl::desc("<package.seqc>"), cl::sub(verifyCommand()));
static cl::opt<std::string> casesFile("cases", cl::desc("JSON list of {function, inputs: {name: file.npy}, outputs: {..}, rtol, atol}; files beside it"), cl::sub(verifyCommand()));

namespace {
struct Difference {
  double maxAbs = 0;
  int64_t where = -1; ///< first element beyond the tolerance, -1 if none
};
} // namespace

static Difference compare(const HostTensor &expected, const HostTensor &actual, double rtol, double atol) {
  Difference d;
  for (int64_t i = 0; i < expected.elements(); ++i) {
    std::complex<double> e = expected.getComplex(i), a = actual.getComplex(i);
    auto same = [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); };
    if (same(e.real(), a.real()) && same(e.imag(), a.imag()))
      continue;
    double error = std::abs(e - a);
    if (!(error <= d.maxAbs))
      d.maxAbs = error;
    if (!(error <= atol + rtol * std::abs(e)) && d.where < 0)
      d.where = i;
  }
  return d;
}

static Expected<HostTensor> tensorOf(const json::Object &files, StringRef folder, const seqc_rt_tensor_info_t *info) {
  std::optional<StringRef> file = files.getString(info->name);
  if (!file)
    return fail(ExitCode::Usage, "E2001", casesFile + ": no file for tensor '" + info->name + "'");
  SmallString<256> path(folder);
  sys::path::append(path, *file);
  return readTensor(path, info->dtype_name);
}

static Error runCase(const Session &session, const json::Object &c, StringRef folder, unsigned &failures) {
  Expected<const seqc_rt_function_t *> fn = session.function(c.getString("function").value_or(""));
  if (!fn)
    return fn.takeError();
  const json::Object *in = c.getObject("inputs"), *out = c.getObject("outputs");
  if (!in || !out)
    return fail(ExitCode::Usage, "E2001", casesFile + ": a case needs inputs and outputs");
  std::vector<HostTensor> inputs;
  for (int32_t i = 0; i < seqc_rt_function_num_inputs(*fn); ++i) {
    Expected<HostTensor> t = tensorOf(*in, folder, seqc_rt_function_input(*fn, i));
    if (!t)
      return t.takeError();
    inputs.push_back(*t);
  }
  Expected<std::vector<HostTensor>> outputs = session.call(*fn, inputs);
  if (!outputs)
    return outputs.takeError();
  for (int32_t i = 0; i < seqc_rt_function_num_outputs(*fn); ++i) {
    const seqc_rt_tensor_info_t *info = seqc_rt_function_output(*fn, i);
    Expected<HostTensor> expected = tensorOf(*out, folder, info);
    if (!expected)
      return expected.takeError();
    if (expected->shape != (*outputs)[i].shape) {
      outs() << info->name << ": FAILED, the expected tensor has another shape\n";
      ++failures;
      continue;
    }
    Difference d = compare(*expected, (*outputs)[i], c.getNumber("rtol").value_or(1e-4), c.getNumber("atol").value_or(1e-5));
    outs() << seqc_rt_function_name(*fn) << ' ' << info->name << (d.where < 0 ? ": ok" : ": FAILED") << llvm::format(", max abs error %.3g", d.maxAbs);
    if (d.where >= 0)
      outs() << formatv(", first at element {0}: expected {1}, got {2}", d.where, expected->text(d.where), (*outputs)[i].text(d.where));
    outs() << '\n';
    failures += d.where >= 0;
  }
  return Error::success();
}

Error runVerify() {
  Expected<Session> session = openSession(package, casesFile.empty());
  if (!session)
    return session.takeError();
  outs() << package << ": all digests match\n";
  if (casesFile.empty())
    return Error::success();
  if (Error e = expectRegularFile(casesFile))
    return fail(ExitCode::Damaged, "E4001", toString(std::move(e)));
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(casesFile);
  if (!buffer)
    return fail(ExitCode::Damaged, "E4001", casesFile + ": " + buffer.getError().message());
  Expected<json::Value> parsed = json::parse((*buffer)->getBuffer());
  if (!parsed)
    return fail(ExitCode::Damaged, "E4001", casesFile + ": " + toString(parsed.takeError()));
  const json::Array *cases = parsed->getAsArray();
  if (!cases)
    return fail(ExitCode::Damaged, "E4001", casesFile + ": expects a JSON list of cases");
  if (cases->empty())
    return fail(ExitCode::Damaged, "E4001", casesFile + ": expects at least one case, but got none");
  unsigned failures = 0;
  for (const json::Value &c : *cases) {
    if (!c.getAsObject())
      return fail(ExitCode::Damaged, "E4001", casesFile + ": a case is an object");
    if (Error e = runCase(*session, *c.getAsObject(), sys::path::parent_path(casesFile), failures))
      return e;
  }
  if (failures)
    return fail(ExitCode::Mismatch, "E6001", std::to_string(failures) + " outputs differ from the expected ones");
  return Error::success();
}

} // namespace seqc::driver
