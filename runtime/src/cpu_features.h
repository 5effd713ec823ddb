// SPDX-License-Identifier: Apache-2.0
// What the running CPU and operating system can execute, by LLVM's feature names.
#ifndef SEQC_RT_CPU_FEATURES_H
#define SEQC_RT_CPU_FEATURES_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

// First component of the triples whose code runs here, e.g. "x86_64".
const char *rt_cpu_arch(void);
// False for unknown names too.
bool rt_cpu_has_feature(const char *llvm_name);

#ifdef __cplusplus
}
#endif

#endif
