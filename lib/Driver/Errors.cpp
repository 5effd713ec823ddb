// SPDX-License-Identifier: Apache-2.0
// Errors of the driver: printing, exit codes, and the table behind `seqc explain`.
#include "seqc/Driver/Driver.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace seqc::driver {

/// One JSON object a line, as the diagnostics before it.
static void printJson(StringRef message, StringRef id) {
  errs() << json::Value(json::Object{{"severity", "error"}, {"message", message}, {"id", ("seqc-" + id).str()}}) << '\n';
}

ExitCode report(Error error, bool asJson) {
  ExitCode code = ExitCode::Done;
  handleAllErrors(
      std::move(error),
      [&](const CodedError &e) {
        code = e.exitCode();
        if (asJson)
          return printJson(e.text(), e.identifier());
        errs() << "seqc: error: ";
        e.log(errs());
        errs() << '\n';
      },
      [&](const ErrorInfoBase &e) {
        code = ExitCode::Internal;
        if (asJson)
          return printJson(e.message(), "E7001");
        errs() << "seqc: internal error: " << e.message() << " [seqc-E7001]\n";
      });
  return code;
}

namespace {
struct Explanation {
  const char *id, *text;
};
constexpr Explanation kExplanations[] = {
    {"E1001", "The model text does not parse or does not verify.\n"
              "The diagnostics above the message say where. MLIR text in the forms of docs/spec/graph-forms.md is accepted; MLIR bytecode is not.\n"},
    {"E1002", "The graph breaks a rule of the graph level (a shape, a dtype, a name of a dim).\n"
              "Each diagnostic names the op, its location and the rule; the rules are in docs/spec/seq/ and docs/spec/graph-forms.md.\n"},
    {"E1003", "The module has no entry point. Mark at least one function with the attribute `seq.export`.\n"},
    {"E1004", "The text that was to be resumed is not of the phase that --from names.\n"
              "Texts of a phase are written by `seqc compile --emit=<phase>` and `--dump-dir`; their first line says how to resume them.\n"},
    {"E2001", "The command line is wrong. `seqc <command> --help` lists the options with their defaults.\n"},
    {"E3001", "The graph contains ops that seqc does not support. All of them are listed, with locations.\n"
              "Rewrite them in the forms of docs/spec/graph-forms.md, or import the model with `python3 -m seqc.torch`, which does so.\n"},
    {"E3002", "The target is not one that this build of seqc can produce, or a tool that it needs is not installed. `seqc doctor` lists both.\n"},
    {"E4001", "A file cannot be read or written. The message names the file and the reason of the operating system.\n"},
    {"E4002", "A weights file is damaged, or it lacks a tensor of the graph, or the tensor has another shape or dtype.\n"
              "The weights are read from the safetensors file that the module attribute `seq.weights` names, beside the model file.\n"},
    {"E4003", "The package is damaged: truncated, changed after it was written, or not a package.\n"
              "Digests of all members are in its manifest; `seqc verify` checks them. Compile the model again.\n"},
    {"E4004", "An input tensor file cannot be used: not a .npy file, or its dtype or shape is not what the function takes.\n"},
    {"E4005", "A model file is damaged: it is not an ONNX model, or weights that it names are missing, truncated or outside of its folder.\n"},
    {"E5001", "Loading the code or running the function failed on this machine. `seqc doctor` shows what the machine has.\n"},
    {"E6001", "The outputs differ from the expected ones by more than the tolerance. The message says by how much and where.\n"},
    {"E7001", "A bug in seqc. Please report it with the reproducer file that the message names: it holds the version, the command line and the model text\n"
              "(not the weights).\n"},
    {"E8001", "The time limit that --timeout sets was reached. Nothing was left half-written. Give a larger limit, or less to do.\n"},
};
} // namespace

StringRef explain(StringRef id) {
  id.consume_front("seqc-");
  const auto *it = find_if(kExplanations, [&](const Explanation &e) { return id == e.id; });
  return it == std::end(kExplanations) ? StringRef() : StringRef(it->text);
}

} // namespace seqc::driver
