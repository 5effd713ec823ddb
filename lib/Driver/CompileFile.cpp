// SPDX-License-Identifier: Apache-2.0
// seqc compile from file to file: parsing, diagnostics, dumps, output of the asked phase.
#include "seqc/Conversion/TileToCpu.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Dialect/Tile/IR/Tile.h"
#include "seqc/Driver/Compile.h"
#include "seqc/Emit/CpuObject.h"
#include "seqc/Pipelines/Pipelines.h"
#include "seqc/Support/Files.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
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
    if (Error e = parse())
      return e;
    DiagnosticPrinter printer(sources, context, options);
    if (Error e = dump(options.from))
      return e;
    for (Phase phase : {Phase::SeqOpt, Phase::Tile}) {
      if (phase <= options.from || phase > options.upTo)
        continue;
      if (Error e = lower(*module, static_cast<Phase>(static_cast<int>(phase) - 1), phase))
        return options.from == Phase::Seq ? std::move(e) : wrongPhase(std::move(e));
      if (Error e = dump(phase))
        return e;
      lap(info(phase).name);
    }
    if (options.upTo <= Phase::Tile)
      return emitText([&](raw_ostream &os) { module->print(os); });
    if (options.upTo <= Phase::Llvm || !options.dumpDir.empty())
      if (Error e = lowerKernels())
        return e;
    if (options.upTo <= Phase::Llvm)
      return Error::success();
    std::string weights = weightsPath();
    Expected<Compiled> compiled = compileKernels(std::move(module), options.cpu);
    if (!compiled)
      return options.from == Phase::Seq ? compiled.takeError() : wrongPhase(compiled.takeError());
    lap("object");
    if (!options.dumpDir.empty())
      if (Error e = writeFile(dumpPath(Phase::Object), StringRef(compiled->library.data(), compiled->library.size())))
        return e;
    if (options.upTo == Phase::Object)
      return writeFile(output, StringRef(compiled->library.data(), compiled->library.size()));
    Error e = writePackage(*compiled, weights, output);
    lap("package");
    return e;
  }

private:
  Error parse() {
    ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFileOrSTDIN(input);
    if (!buffer)
      return fail(ExitCode::Damaged, "E4001", (input + ": " + buffer.getError().message()).str());
    if ((*buffer)->getBuffer().starts_with("ML\xefR"))
      return fail(ExitCode::Rejected, "E1001", (input + ": MLIR bytecode is not accepted; give the text form").str());
    sources.AddNewSourceBuffer(std::move(*buffer), SMLoc());
    DiagnosticPrinter printer(sources, context, options);
    module = mlir::parseSourceFile<mlir::ModuleOp>(sources, &context);
    if (!module)
      return fail(ExitCode::Rejected, "E1001", (input + ": the text does not parse or verify; see the errors above").str());
    lap("parse");
    return Error::success();
  }

  /// A text that is not what --from says is the user's mistake, whatever the pass that noticed it thinks.
  Error wrongPhase(Error e) {
    StringRef phase = info(options.from).name;
    return handleErrors(std::move(e), [&](std::unique_ptr<CodedError> d) -> Error {
      if (d->exitCode() != ExitCode::Rejected && d->exitCode() != ExitCode::Internal)
        return Error(std::move(d));
      return fail(ExitCode::Rejected, "E1004", (input + ": the text is not of phase " + phase + "; write it with --emit=" + phase + " or --dump-dir").str());
    });
  }

  std::string weightsPath() {
    if (!options.weightsPath.empty())
      return options.weightsPath;
    auto name = (*module)->getAttrOfType<mlir::StringAttr>(seq::kWeightsAttr);
    if (!name)
      return "";
    SmallString<256> path = sys::path::parent_path(input);
    sys::path::append(path, name.getValue());
    return std::string(path);
  }

  /// Phases tile-cpu and llvm, on a copy.
  Error lowerKernels() {
    Expected<CpuTarget> target = CpuTarget::get(options.cpu);
    if (!target)
      return fail(ExitCode::Usage, "E2001", toString(target.takeError()));
    loadCpuDialects(context);
    mlir::OwningOpRef<mlir::ModuleOp> kernels = mlir::ModuleOp::create(module->getLoc());
    for (auto kernel : module->getOps<tile::KernelOp>())
      if (failed(convertTileToCpu(kernel, *kernels, *target)))
        return fail(ExitCode::Unsupported, "E3001", "a kernel has no CPU form; see the errors above");
    mlir::PassManager pm(&context);
    buildCpuToLlvmPipeline(pm);
    if (failed(pm.run(*kernels)))
      return fail(ExitCode::Unsupported, "E3001", "a kernel has no CPU form; see the errors above");
    auto printMlir = [&](raw_ostream &os) { kernels->print(os); };
    if (options.upTo == Phase::TileCpu)
      return emitText(printMlir);
    if (Error e = dumpText(Phase::TileCpu, printMlir))
      return e;
    LLVMContext llvmContext;
    Expected<std::unique_ptr<Module>> llvmModule = emitLlvm(*kernels, *target, llvmContext);
    if (!llvmModule)
      return fail(ExitCode::Internal, "E7001", toString(llvmModule.takeError()));
    auto printLlvm = [&](raw_ostream &os) { (*llvmModule)->print(os, nullptr); };
    return options.upTo == Phase::Llvm ? emitText(printLlvm) : dumpText(Phase::Llvm, printLlvm);
  }

  std::string dumpPath(Phase phase) const {
    SmallString<256> path(options.dumpDir);
    sys::path::append(path, std::to_string(static_cast<int>(phase)) + "-" + info(phase).name.str() + "." + info(phase).extension.str());
    return std::string(path);
  }

  Error dump(Phase phase) {
    return dumpText(phase, [&](raw_ostream &os) {
      if (info(phase).resumable)
        os << "// resume: seqc compile --from=" << info(phase).name << " " << sys::path::filename(dumpPath(phase)) << "\n";
      module->print(os, mlir::OpPrintingFlags().enableDebugInfo(true));
      os << '\n';
    });
  }

  Error dumpText(Phase phase, function_ref<void(raw_ostream &)> print) {
    if (options.dumpDir.empty())
      return Error::success();
    if (std::error_code ec = sys::fs::create_directories(options.dumpDir))
      return fail(ExitCode::Damaged, "E4001", options.dumpDir + ": " + ec.message());
    std::string text;
    raw_string_ostream os(text);
    print(os);
    return writeFile(dumpPath(phase), text);
  }

  Error emitText(function_ref<void(raw_ostream &)> print) {
    std::string text;
    raw_string_ostream os(text);
    print(os);
    if (!StringRef(text).ends_with("\n"))
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

  void lap(StringRef what) {
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
  std::chrono::steady_clock::time_point last = std::chrono::steady_clock::now();
};

} // namespace

Error compileFile(StringRef input, StringRef output, const CompileOptions &options) { return FileCompilation(input, output, options).run(); }

} // namespace seqc::driver
