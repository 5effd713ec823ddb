// SPDX-License-Identifier: Apache-2.0
// seqc inspect: what a package holds. Never loads code.
#include "Commands.h"
#include "Session.h"
#include "seqc/Support/Expr.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace seqc::driver {

cl::SubCommand &inspectCommand() {
  static cl::SubCommand command("inspect", "what a package holds: functions, kernels, weights");
  return command;
}
static cl::opt<std::string> package(cl::Positional, cl::Required, cl::desc("<package.seqc>"), cl::sub(inspectCommand()));
static cl::opt<bool> json("json", cl::desc("print the manifest as JSON"), cl::sub(inspectCommand()));

static std::string exprText(const json::Value *v) {
  if (!v)
    return "?";
  Expected<Expr> e = Expr::fromJson(*v);
  if (!e) {
    consumeError(e.takeError());
    return "?";
  }
  return e->str();
}

static std::string listText(const json::Array *list) {
  std::string text;
  for (const json::Value &v : list ? *list : json::Array())
    text += (text.empty() ? "" : ", ") + exprText(&v);
  return "[" + text + "]";
}

static StringRef text(const json::Object &o, StringRef key) { return o.getString(key).value_or(""); }

static void printTensors(StringRef title, const json::Array *tensors) {
  for (const json::Value &v : tensors ? *tensors : json::Array())
    if (const json::Object *t = v.getAsObject())
      outs() << formatv("    {0,-7} {1} : {2} {3}\n", title, text(*t, "name"), text(*t, "dtype"), listText(t->getArray("shape")));
}

static void printFunction(const json::Object &f) {
  const json::Array *launches = f.getArray("launches");
  outs() << formatv("  {0}: {1} launches, workspace {2} bytes\n", text(f, "name"), launches ? launches->size() : 0, exprText(f.get("workspace_bytes")));
  printTensors("input", f.getArray("inputs"));
  printTensors("output", f.getArray("outputs"));
  for (const json::Value &a : f.getArray("assume") ? *f.getArray("assume") : json::Array())
    outs() << "    assume  " << exprText(&a) << '\n';
}

static void printKernel(const json::Object &k) {
  std::string cpu = "-";
  if (const json::Object *c = k.getObject("cpu"))
    cpu = formatv("scratch {0} bytes", c->getInteger("scratch_bytes").value_or(0)).str();
  std::string config;
  if (const json::Object *c = k.getObject("config"))
    for (const auto &entry : *c)
      config += (config.empty() ? "" : ", ") + entry.first.str() + " = " + formatv("{0}", entry.second).str();
  outs() << formatv("  {0}: grid {1}, cpu {2}, config {{{3}}\n", text(k, "name"), listText(k.getArray("grid")), cpu, config);
}

Error runInspect() {
  Expected<Session> session = Session::open(package, {"cpu", 0, true});
  if (!session)
    return session.takeError();
  const char *manifest;
  size_t size;
  if (Error e = fromStatus(seqc_rt_package_manifest(session->package(), &manifest, &size), package))
    return e;
  Expected<json::Value> parsed = json::parse(StringRef(manifest, size));
  if (!parsed || !parsed->getAsObject()) {
    if (!parsed)
      consumeError(parsed.takeError());
    return fail(ExitCode::Damaged, "E4003", package + ": the manifest is not a JSON object");
  }
  if (json) {
    outs() << formatv("{0:2}\n", *parsed);
    return Error::success();
  }
  const json::Object &m = *parsed->getAsObject();
  outs() << "functions\n";
  for (const json::Value &f : m.getArray("functions") ? *m.getArray("functions") : json::Array())
    if (f.getAsObject())
      printFunction(*f.getAsObject());
  outs() << "kernels\n";
  for (const json::Value &k : m.getArray("kernels") ? *m.getArray("kernels") : json::Array())
    if (k.getAsObject())
      printKernel(*k.getAsObject());
  outs() << "files\n";
  if (const json::Object *files = m.getObject("files"))
    for (const auto &f : *files)
      if (const json::Object *o = f.second.getAsObject())
        outs() << formatv("  {0}: {1} bytes, sha256 {2}\n", f.first.str(), o->getInteger("bytes").value_or(0), text(*o, "sha256"));
  return Error::success();
}

} // namespace seqc::driver
