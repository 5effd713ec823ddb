// SPDX-License-Identifier: Apache-2.0
// Kernels run with the default floating-point mode (round to nearest, denormals kept, no traps) whatever the host program set, so that
// results do not depend on the thread that runs a program.
#ifndef SEQC_RT_FLOAT_MODE_H
#define SEQC_RT_FLOAT_MODE_H

#include <stdint.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
enum { RT_MXCSR_DEFAULT = 0x1F80 };
static inline uint32_t rt_float_mode_get(void) { return _mm_getcsr(); }
static inline void rt_float_mode_set(uint32_t mode) { _mm_setcsr(mode); }
static inline void rt_float_mode_set_default(void) { _mm_setcsr(RT_MXCSR_DEFAULT); }
#else
static inline uint32_t rt_float_mode_get(void) { return 0; }
static inline void rt_float_mode_set(uint32_t mode) { (void)mode; }
static inline void rt_float_mode_set_default(void) {}
#endif

#endif
