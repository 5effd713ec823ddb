// SPDX-License-Identifier: Apache-2.0
// seqc compile from file to file: parsing, diagnostics, dumps, output of the asked phase.
#include "EarlyEnd.h"
#include "ImportOnnx.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Dialect/Seq/Transforms/Forms.h"
#include "seqc/Driver/Compile.h"
#include "seqc/Pipelines/Pipelines.h"
#include "seqc/Support/Files.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include <chrono>

using namespace llvm;

namespace seqc::driver {

namespace {

/// Prints diagnostics as text with the source line, or as one JSON object a line; drops remarks unless they are asked for.
class DiagnosticPrinter {
public:
  DiagnosticPrinter(SourceMgr &sources, mlir::MLIRContext &context, const CompileOptions &options) : options(options), text(sources, &context, errs()) {
    id = context.getDiagEngine().registerHandler([this](mlir::Diagnostic &d) {
      if (d.getSeverity() == mlir::DiagnosticSeverity::Remark && !this->options.remarks)
        return mlir::success();
      if (!this->options.jsonDiagnostics)
        return mlir::failure(); // the text handler prints it
      printJson(d);
      return mlir::success();
    });
    this->context = &context;
  }
  ~DiagnosticPrinter() { context->getDiagEngine().eraseHandler(id); }

private:
  static StringRef severity(mlir::DiagnosticSeverity s) {
    return s == mlir::DiagnosticSeverity::Error ? "error" : s == mlir::DiagnosticSeverity::Warning ? "warning" : s == mlir::DiagnosticSeverity::Remark ? "remark" : "note";
  }
  static json::Object object(mlir::Diagnostic &d) {
    json::Object o{{"severity", severity(d.getSeverity())}, {"message", d.str()}};
    if (auto loc = d.getLocation()->findInstanceOf<mlir::FileLineColLoc>()) {
      o["file"] = loc.getFilename().str();
      o["line"] = static_cast<int64_t>(loc.getLine());
      o["column"] = static_cast<int64_t>(loc.getColumn());
    }
    return o;
  }
  static void printJson(mlir::Diagnostic &d) {
    json::Object o = object(d);
    json::Array notes;
    for (mlir::Diagnostic &note : d.getNotes())
      notes.push_back(object(note));
    if (!notes.empty())
      o["notes"] = std::move(notes);
    errs() << json::Value(std::move(o)) << '\n';
  }

  const CompileOptions &options;
  mlir::SourceMgrDiagnosticHandler text;
  mlir::MLIRContext *context;
  mlir::DiagnosticEngine::HandlerID id;
};

constexpr int kMaxNesting = 256; ///< the parser of MLIR is recursive, without a limit

/// Depth of brackets in a text, outside of strings and comments.
int nesting(StringRef text) {
  int depth = 0, deepest = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '/' && text.substr(i).starts_with("//"))
      i = std::min(text.find('\n', i), text.size());
    else if (c == '"')
      for (++i; i < text.size() && text[i] != '"'; ++i)
        i += text[i] == '\\';
    else if (c == '(' || c == '[' || c == '{' || c == '<')
      deepest = std::max(deepest, ++depth);
    else if (c == ')' || c == ']' || c == '}' || (c == '>' && i && text[i - 1] != '-' ))
      depth = std::max(depth - 1, 0);
  }
  return deepest;
}

class FileCompilation {
public:
  FileCompilation(StringRef input, StringRef output, const CompileOptions &options) : input(input), output(output), options(options) {
    mlir::DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    // One small module: starting a thread pool costs more than it gives.
    context.disableMultithreading();
    // Ops of other dialects are parsed, so that the check of the graph lists all of them with what to write instead.
    context.allowUnregisteredDialects();
    context.printOpOnDiagnostic(false);
  }

  Error run() {
    for (const std::string &name : options.targets) {
      Expected<std::unique_ptr<TargetBackend>> target = createTarget(name, options.target);
      if (!target)
        return target.takeError();
      targets.push_back(std::move(*target));
    }
    if (Error e = parse())
      return e;
    if (failOnPurpose(options.debugFail))
      return fail(ExitCode::Internal, "E7001", "failed on purpose");
    DiagnosticPrinter printer(sources, context, options);
    if (Error e = dump(*module, options.from, ""))
      return e;
    if (options.from < Phase::SeqOpt && options.upTo >= Phase::SeqOpt)
      if (Error e = lowerTo(*module, Phase::SeqOpt, "cpu", ""))
        return e;
    if (options.upTo < Phase::Tile)
      return emitText([&](raw_ostream &os) { module->print(os); });
    std::optional<Compiled> all;
    for (std::unique_ptr<TargetBackend> &target : targets)
      if (Error e = compileFor(*target, all))
        return e;
    if (options.upTo != Phase::Package)
      return Error::success();
    Error e = imported ? writePackage(*all, safetensorsOf(*imported), input, output) : writePackage(*all, weightsPath(), output);
    lap("package");
    return e;
  }

private:
  Error parse() {
    if (input != "-")
      if (Error e = expectRegularFile(input))
        return fail(ExitCode::Damaged, "E4001", toString(std::move(e)));
    if (isOnnxPath(input))
      return importInput();
    ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFileOrSTDIN(input);
    if (!buffer)
      return fail(ExitCode::Damaged, "E4001", (input + ": " + buffer.getError().message()).str());
    if ((*buffer)->getBuffer().starts_with("ML\xefR"))
      return fail(ExitCode::Rejected, "E1001", (input + ": MLIR bytecode is not accepted; give the text form").str());
    setReproducerModel((*buffer)->getBuffer());
    if (nesting((*buffer)->getBuffer()) > kMaxNesting)
      return fail(ExitCode::Rejected, "E1001", (input + ": expects at most " + Twine(kMaxNesting) + " brackets inside each other, but got more").str());
    sources.AddNewSourceBuffer(std::move(*buffer), SMLoc());
    DiagnosticPrinter printer(sources, context, options);
    module = mlir::parseSourceFile<mlir::ModuleOp>(sources, mlir::ParserConfig(&context, /*verifyAfterParse=*/false));
    if (!module || mlir::failed(seq::checkBeforeVerifiers(*module)) || mlir::failed(mlir::verify(*module)))
      return fail(ExitCode::Rejected, "E1001", (input + ": the text does not parse or verify; see the errors above").str());
    if (auto name = (*module)->getAttrOfType<mlir::StringAttr>(seq::kWeightsAttr))
      weightsName = name.getValue().str();
    lap("parse");
    return Error::success();
  }

  /// An ONNX model: the graph in memory, its weights where the file's data is.
  Error importInput() {
    if (options.from != Phase::Seq)
      return fail(ExitCode::Usage, "E2001", "expects --from=seq for an ONNX model");
    if (!options.weightsPath.empty())
      return fail(ExitCode::Usage, "E2001", "expects no --weights with an ONNX model, which has its own");
    DiagnosticPrinter printer(sources, context, options);
    Expected<onnx::Imported> model = importModel(input, context, onnx::ImportOptions());
    if (!model)
      return model.takeError();
    module = std::move(model->module);
    imported = std::move(*model);
    std::string graph;
    raw_string_ostream os(graph);
    module->print(os);
    setReproducerModel(graph);
    lap("import");
    return Error::success();
  }

  /// A text that is not what --from says is the user's mistake, whatever the pass that noticed it thinks.
  Error wrongPhase(Error e) {
    if (options.from == Phase::Seq)
      return e;
    StringRef phase = info(options.from).name;
    return handleErrors(std::move(e), [&](std::unique_ptr<CodedError> d) -> Error {
      if (d->exitCode() != ExitCode::Rejected && d->exitCode() != ExitCode::Internal)
        return Error(std::move(d));
      return fail(ExitCode::Rejected, "E1004", (input + ": the text is not of phase " + phase + "; write it with --emit=" + phase + " or --dump-dir").str());
    });
  }

  std::string weightsPath() const {
    if (!options.weightsPath.empty() || weightsName.empty())
      return options.weightsPath;
    SmallString<256> path = sys::path::parent_path(input);
    sys::path::append(path, weightsName);
    return std::string(path);
  }

  /// One pass pipeline, in place.
  Error lowerTo(mlir::ModuleOp m, Phase phase, StringRef configs, StringRef suffix) {
    if (Error e = lower(m, static_cast<Phase>(static_cast<int>(phase) - 1), phase, configs))
      return wrongPhase(std::move(e));
    lap(info(phase).name.str() + suffix);
    return dump(m, phase, suffix);
  }

  /// Phases tile to code for one target; the result is added to `all`.
  Error compileFor(TargetBackend &target, std::optional<Compiled> &all) {
    const PhaseInfo &last = info(options.upTo);
    if (!last.target.empty() && last.target != target.name())
      return Error::success();
    std::string suffix = targets.size() > 1 ? ("." + target.name()).str() : "";
    mlir::OwningOpRef<mlir::ModuleOp> own = targets.size() > 1 ? mlir::OwningOpRef<mlir::ModuleOp>(module->clone()) : std::move(module);
    if (options.from < Phase::Tile)
      if (Error e = lowerTo(*own, Phase::Tile, target.configs(), suffix))
        return e;
    if (options.upTo == Phase::Tile)
      return emitText([&](raw_ostream &os) { own->print(os); });
    bool reached = options.upTo == Phase::Package;
    Expected<Compiled> compiled = compileKernels(*own, target, options.upTo, [&](Phase phase, function_ref<void(raw_ostream &)> print) -> Error {
      lap(info(phase).name);
      if (Error e = dumpText(phase, suffix, print))
        return e;
      reached |= phase == options.upTo;
      return phase == options.upTo ? emitText(print) : Error::success();
    });
    if (!compiled)
      return wrongPhase(compiled.takeError());
    if (!reached) // no kernels, no code
      return emitText([](raw_ostream &) {});
    if (all)
      merge(*all, std::move(*compiled), target.name());
    else
      all = std::move(*compiled);
    return Error::success();
  }

  std::string dumpPath(Phase phase, StringRef suffix) const {
    const PhaseInfo &i = info(phase);
    SmallString<256> path(options.dumpDir);
    sys::path::append(path, std::to_string(i.number) + "-" + i.name.str() + (i.target.empty() ? suffix.str() : "") + "." + i.extension.str());
    return std::string(path);
  }

  Error dump(mlir::ModuleOp m, Phase phase, StringRef suffix) {
    return dumpText(phase, suffix, [&](raw_ostream &os) {
      if (info(phase).resumable)
        os << "// resume: seqc compile --from=" << info(phase).name << " " << sys::path::filename(dumpPath(phase, suffix)) << "\n";
      m.print(os, mlir::OpPrintingFlags().enableDebugInfo(true));
      os << '\n';
    });
  }

  Error dumpText(Phase phase, StringRef suffix, function_ref<void(raw_ostream &)> print) {
    if (options.dumpDir.empty())
      return Error::success();
    if (std::error_code ec = sys::fs::create_directories(options.dumpDir))
      return fail(ExitCode::Damaged, "E4001", options.dumpDir + ": " + ec.message());
    std::string text;
    raw_string_ostream os(text);
    print(os);
    return writeFile(dumpPath(phase, suffix), text);
  }

  Error emitText(function_ref<void(raw_ostream &)> print) {
    std::string text;
    raw_string_ostream os(text);
    print(os);
    if (info(options.upTo).text && !StringRef(text).ends_with("\n"))
      text += '\n';
    if (output == "-") {
      outs() << text;
      return Error::success();
    }
    return writeFile(output, text);
  }

  /// Whole or not at all.
  static Error writeFile(StringRef path, StringRef bytes) {
    Error e = writeAtomically(path, [&](raw_ostream &os) { os << bytes; });
    return e ? fail(ExitCode::Damaged, "E4001", toString(std::move(e))) : Error::success();
  }

  void lap(const Twine &what) {
    if (!options.timing)
      return;
    auto now = std::chrono::steady_clock::now();
    errs() << "seqc: " << what << format(": %.3f s\n", std::chrono::duration<double>(now - last).count());
    last = now;
  }

  StringRef input, output;
  const CompileOptions &options;
  mlir::MLIRContext context;
  SourceMgr sources;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string weightsName; ///< `seq.weights` of the module
  std::vector<std::unique_ptr<TargetBackend>> targets;
  std::optional<onnx::Imported> imported; ///< of an ONNX model; `module` has its graph
  std::chrono::steady_clock::time_point last = std::chrono::steady_clock::now();
};

} // namespace

Error compileFile(StringRef input, StringRef output, const CompileOptions &options) { return FileCompilation(input, output, options).run(); }

} // namespace seqc::driver
