# SPDX-License-Identifier: Apache-2.0
# lit configuration: tools from the build tree and LLVM's test tools on PATH.
import os
import sys

import lit.formats

config.name = "seqc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.test_source_root = os.path.join(config.seqc_source_dir, "test")
config.test_exec_root = os.path.join(config.seqc_build_dir, "test")
config.excludes = ["Inputs", "CMakeLists.txt"]

config.environment["PATH"] = os.pathsep.join(
    [os.path.join(config.seqc_build_dir, "bin"), config.llvm_tools_dir, config.environment.get("PATH", "")])
config.environment["FILECHECK_OPTS"] = "--enable-var-scope --allow-unused-prefixes=false"
config.environment["PYTHONPATH"] = os.path.join(config.seqc_source_dir, "python")

config.substitutions.append(("%seqc_src", config.seqc_source_dir))
config.substitutions.append(("%seqc_build", config.seqc_build_dir))
config.substitutions.append(("%mlir_plugin", os.path.join(config.seqc_build_dir, "lib", "libseqc-mlir-plugin.so")))
config.substitutions.append(("%python", sys.executable))

# Tests that assemble PTX say `REQUIRES: ptxas`; the compiler finds it by this variable.
ptxas = os.environ.get("SEQC_PTXAS") or config.seqc_ptxas
if os.path.exists(ptxas):
    config.available_features.add("ptxas")
    config.environment["SEQC_PTXAS"] = ptxas
    config.substitutions.append(("%ptxas", ptxas))
# Tests that read machine code say `REQUIRES: ptxas, nvdisasm`.
nvdisasm = os.environ.get("SEQC_NVDISASM") or config.seqc_nvdisasm
if os.path.exists(nvdisasm):
    config.available_features.add("nvdisasm")
    config.environment["SEQC_NVDISASM"] = nvdisasm
