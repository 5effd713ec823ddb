// SPDX-License-Identifier: Apache-2.0
// A package with GPU code for the fake driver, made byte by byte.
#ifndef SEQC_RT_TEST_GPU_MANIFEST_H
#define SEQC_RT_TEST_GPU_MANIFEST_H

#include "package_builder.h"

namespace seqc_rt_test {

/// main: y = s * (x + w) through the workspace, w a weight; wide: a grid of two named dims, with i32 indices; cpu: a kernel without GPU code.
extern const char *const kGpuManifest;
/// What cubins look like to the fake driver: an ELF header, then entries.
std::string fakeCubin(int sm, const std::string &entries);
extern const char *const kEntries;
std::map<std::string, std::string> gpuMembers();
inline std::string gpuPackage() { return makePackage(kGpuManifest, gpuMembers()); }
/// The standard GPU package with one replacement in its manifest.
std::string gpuPackageWith(const std::string &from, const std::string &to);

} // namespace seqc_rt_test

#endif
