// SPDX-License-Identifier: Apache-2.0
#include "cpu_features.h"
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

typedef enum { EAX, EBX, ECX, EDX } cpuid_register;
// State that the operating system must save (XCR0).
typedef enum { STATE_NONE = 0, STATE_AVX = 0x6, STATE_AVX512 = 0xE6, STATE_AMX = 0x60000 } os_state;

// Intel SDM volume 2, CPUID; AMD APM volume 3, appendix E.
static const struct {
  const char *name;
  uint32_t leaf, subleaf;
  cpuid_register reg;
  int bit;
  os_state state;
} kFeatures[] = {
    {"cx8", 1, 0, EDX, 8, STATE_NONE},
    {"cmov", 1, 0, EDX, 15, STATE_NONE},
    {"mmx", 1, 0, EDX, 23, STATE_NONE},
    {"fxsr", 1, 0, EDX, 24, STATE_NONE},
    {"sse", 1, 0, EDX, 25, STATE_NONE},
    {"sse2", 1, 0, EDX, 26, STATE_NONE},
    {"sse3", 1, 0, ECX, 0, STATE_NONE},
    {"pclmul", 1, 0, ECX, 1, STATE_NONE},
    {"ssse3", 1, 0, ECX, 9, STATE_NONE},
    {"fma", 1, 0, ECX, 12, STATE_AVX},
    {"cx16", 1, 0, ECX, 13, STATE_NONE},
    {"sse4.1", 1, 0, ECX, 19, STATE_NONE},
    {"sse4.2", 1, 0, ECX, 20, STATE_NONE},
    {"crc32", 1, 0, ECX, 20, STATE_NONE},
    {"movbe", 1, 0, ECX, 22, STATE_NONE},
    {"popcnt", 1, 0, ECX, 23, STATE_NONE},
    {"aes", 1, 0, ECX, 25, STATE_NONE},
    {"xsave", 1, 0, ECX, 26, STATE_NONE},
    {"avx", 1, 0, ECX, 28, STATE_AVX},
    {"f16c", 1, 0, ECX, 29, STATE_AVX},
    {"bmi", 7, 0, EBX, 3, STATE_NONE},
    {"avx2", 7, 0, EBX, 5, STATE_AVX},
    {"bmi2", 7, 0, EBX, 8, STATE_NONE},
    {"avx512f", 7, 0, EBX, 16, STATE_AVX512},
    {"avx512dq", 7, 0, EBX, 17, STATE_AVX512},
    {"avx512ifma", 7, 0, EBX, 21, STATE_AVX512},
    {"avx512cd", 7, 0, EBX, 28, STATE_AVX512},
    {"avx512bw", 7, 0, EBX, 30, STATE_AVX512},
    {"avx512vl", 7, 0, EBX, 31, STATE_AVX512},
    {"avx512vbmi", 7, 0, ECX, 1, STATE_AVX512},
    {"avx512vbmi2", 7, 0, ECX, 6, STATE_AVX512},
    {"gfni", 7, 0, ECX, 8, STATE_NONE},
    {"vaes", 7, 0, ECX, 9, STATE_AVX},
    {"vpclmulqdq", 7, 0, ECX, 10, STATE_AVX},
    {"avx512vnni", 7, 0, ECX, 11, STATE_AVX512},
    {"avx512bitalg", 7, 0, ECX, 12, STATE_AVX512},
    {"avx512vpopcntdq", 7, 0, ECX, 14, STATE_AVX512},
    {"avx512fp16", 7, 0, EDX, 23, STATE_AVX512},
    {"amx-bf16", 7, 0, EDX, 22, STATE_AMX},
    {"amx-tile", 7, 0, EDX, 24, STATE_AMX},
    {"amx-int8", 7, 0, EDX, 25, STATE_AMX},
    {"avxvnni", 7, 1, EAX, 4, STATE_AVX},
    {"avx512bf16", 7, 1, EAX, 5, STATE_AVX512},
    {"avxifma", 7, 1, EAX, 23, STATE_AVX},
    {"avxneconvert", 7, 1, EDX, 5, STATE_AVX},
    {"sahf", 0x80000001, 0, ECX, 0, STATE_NONE},
    {"lzcnt", 0x80000001, 0, ECX, 5, STATE_NONE},
    {"prfchw", 0x80000001, 0, ECX, 8, STATE_NONE},
    {"64bit", 0x80000001, 0, EDX, 29, STATE_NONE},
};

const char *rt_cpu_arch(void) { return "x86_64"; }

static uint64_t saved_state(void) {
  uint32_t r[4];
  if (!__get_cpuid(1, &r[0], &r[1], &r[2], &r[3]) || !(r[2] >> 27 & 1)) // OSXSAVE
    return 0;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

bool rt_cpu_has_feature(const char *llvm_name) {
  for (size_t i = 0; i < sizeof kFeatures / sizeof kFeatures[0]; ++i) {
    if (strcmp(kFeatures[i].name, llvm_name))
      continue;
    uint32_t r[4] = {0};
    // __get_cpuid_count answers 0 for a leaf above the highest; subleaf 1 of leaf 7 reads as zero where it is not there.
    if (!__get_cpuid_count(kFeatures[i].leaf, kFeatures[i].subleaf, &r[0], &r[1], &r[2], &r[3]))
      return false;
    uint64_t state = (uint64_t)kFeatures[i].state;
    return (r[kFeatures[i].reg] >> kFeatures[i].bit & 1) && (state == 0 || (saved_state() & state) == state);
  }
  return false;
}

#else

const char *rt_cpu_arch(void) {
#if defined(__aarch64__)
  return "aarch64";
#else
  return "unknown";
#endif
}

bool rt_cpu_has_feature(const char *llvm_name) {
#if defined(__aarch64__)
  return !strcmp(llvm_name, "neon") || !strcmp(llvm_name, "fp-armv8"); // the base of AArch64 Linux
#else
  (void)llvm_name;
  return false;
#endif
}

#endif
