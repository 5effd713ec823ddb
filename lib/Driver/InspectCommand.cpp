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

/// ", the next x" for an output that is input x at the next call.
static std::string stateText(const json::Object &function, int64_t output) {
  const json::Array *states = function.getArray("states"), *inputs = function.getArray("inputs");
  for (const json::Value &v : states ? *states : json::Array()) {
    const json::Object *s = v.getAsObject();
    if (!s || !inputs || s->getInteger("output") != output)
      continue;
    int64_t input = s->getInteger("input").value_or(-1);
    if (input >= 0 && input < static_cast<int64_t>(inputs->size()) && (*inputs)[input].getAsObject())
      return ", the next " + text(*(*inputs)[input].getAsObject(), "name").str();
  }
  return "";
}

static void printTensors(const json::Object &function, StringRef title, StringRef key) {
  const json::Array *tensors = function.getArray(key);
  for (auto [i, v] : enumerate(tensors ? *tensors : json::Array()))
    if (const json::Object *t = v.getAsObject())
      outs() << formatv("    {0,-7} {1} : {2} {3}{4}\n", title, text(*t, "name"), text(*t, "dtype"), listText(t->getArray("shape")),
                        key == "outputs" ? stateText(function, i) : "");
}

static void printFunction(const json::Object &f) {
  const json::Array *launches = f.getArray("launches");
  outs() << formatv("  {0}: {1} launches, workspace {2} bytes\n", text(f, "name"), launches ? launches->size() : 0,
                    exprText(f.get("workspace_bytes")));
  if (const json::Object *plans = f.getObject("plans"))
    for (const auto &[target, value] : *plans)
      if (const json::Object *plan = value.getAsObject()) {
        const json::Array *own = plan->getArray("launches");
        outs() << formatv("    on {0}: {1} launches, workspace {2} bytes\n", target.str(), own ? own->size() : 0,
                          exprText(plan->get("workspace_bytes")));
      }
  printTensors(f, "input", "inputs");
  printTensors(f, "output", "outputs");
  for (const json::Value &a : f.getArray("assume") ? *f.getArray("assume") : json::Array())
    outs() << "    assume  " << exprText(&a) << '\n';
}

namespace {
/// A table with columns as wide as their widest cell.
class TextTable {
public:
  explicit TextTable(std::vector<std::string> head) { add(std::move(head)); }
  void add(std::vector<std::string> cells) {
    widths.resize(std::max(widths.size(), cells.size()));
    for (auto [i, c] : enumerate(cells))
      widths[i] = std::max(widths[i], c.size());
    rows.push_back(std::move(cells));
  }
  void print(raw_ostream &os) const {
    for (const std::vector<std::string> &row : rows) {
      std::string line = " ";
      for (auto [i, c] : enumerate(row))
        line += " " + c + std::string(i + 1 < row.size() ? widths[i] - c.size() + 1 : 0, ' ');
      os << line << '\n';
    }
  }

private:
  std::vector<size_t> widths;
  std::vector<std::vector<std::string>> rows;
};
} // namespace

static std::string number(const json::Object &o, StringRef key) {
  std::optional<int64_t> value = o.getInteger(key);
  return value ? std::to_string(*value) : "-";
}

static std::string configText(const json::Object &kernel) {
  std::string config;
  if (const json::Object *c = kernel.getObject("config"))
    for (const auto &entry : *c)
      config += (config.empty() ? "" : ", ") + entry.first.str() + " = " + formatv("{0}", entry.second).str();
  return config;
}

/// Bytes of the members that hold the code of a GPU record.
static std::string codeBytes(const json::Object &record, const json::Object *files) {
  int64_t bytes = 0;
  for (StringRef key : {"cubin", "ptx"})
    if (const json::Object *f = files ? files->getObject(text(record, key)) : nullptr)
      bytes += f->getInteger("bytes").value_or(0);
  return std::to_string(bytes);
}

/// One row per kernel and target. Scratch is of one worker, shared memory of one block; the CPU's code is one member for all kernels.
static void printKernels(const json::Object &manifest) {
  TextTable table({"kernel", "target", "grid", "block", "scratch", "shared", "registers", "spills", "code", "flops", "bytes", "config"});
  const json::Object *files = manifest.getObject("files");
  for (const json::Value &v : manifest.getArray("kernels") ? *manifest.getArray("kernels") : json::Array()) {
    const json::Object *k = v.getAsObject();
    if (!k)
      continue;
    std::string name = text(*k, "name").str(), grid = listText(k->getArray("grid")), config = configText(*k);
    std::string flops = k->get("flops") ? exprText(k->get("flops")) : "-", bytes = k->get("bytes") ? exprText(k->get("bytes")) : "-";
    if (const json::Object *cpu = k->getObject("cpu"))
      table.add({name, "cpu", grid, "-", number(*cpu, "scratch_bytes"), "-", "-", "-", "-", flops, bytes, config});
    bool isThere = k->getObject("cpu");
    for (const auto &[target, record] : *k)
      if (const json::Object *gpu = StringRef(target).starts_with("sm_") ? record.getAsObject() : nullptr) {
        isThere = true;
        table.add({name, target.str(), gpu->getArray("grid") ? listText(gpu->getArray("grid")) : grid, listText(gpu->getArray("block")), "-",
                   number(*gpu, "shared_bytes"), number(*gpu, "registers"), number(*gpu, "spill_bytes"), codeBytes(*gpu, files), flops, bytes,
                   config});
      }
    if (!isThere)
      table.add({name, "none", grid, "-", "-", "-", "-", "-", "-", flops, bytes, config});
  }
  table.print(outs());
}

Error runInspect() {
  Expected<Session> session = Session::open(package, {"cpu", 0, true});
  if (!session)
    return session.takeError();
  Expected<json::Value> parsed = session->manifest();
  if (!parsed)
    return parsed.takeError();
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
  printKernels(m);
  outs() << "files\n";
  if (const json::Object *files = m.getObject("files"))
    for (const auto &f : *files)
      if (const json::Object *o = f.second.getAsObject())
        outs() << formatv("  {0}: {1} bytes, sha256 {2}\n", f.first.str(), o->getInteger("bytes").value_or(0), text(*o, "sha256"));
  return Error::success();
}

} // namespace seqc::driver
