// SPDX-License-Identifier: Apache-2.0
#include "Runtime.h"
#include "Machine.h"
#include "Numeric.h"
#include "Rewrite.h"

namespace seqc::sim {

static char *sharedAccess(uint64_t address, uint32_t site) { return Machine::active().sharedAccess(address, site); }
static char *globalAccess(uint64_t address, uint32_t site) { return Machine::active().globalAccess(address, site); }
static char *genericAccess(char *address, uint32_t site) { return Machine::active().genericAccess(address, site); }
static void iteration(uint32_t site) { Machine::active().iteration(site); }
static void operation(uint32_t site, const uint32_t *in, uint32_t *out) { Machine::active().operation(site, in, out); }
static char *toGeneric(uint64_t address) { return Machine::active().shared().hostAddress(address); }
static uint64_t toShared(const char *host) { return Machine::active().shared().kernelAddress(host); }

// Conversions that the host backend calls; the compiler's own library may lack them. A 16-bit float travels in the low bits of a float
// register, here and on every host so far.
static float inRegister(uint16_t bits) { return toFloat(bits); }
static float extendHalf(float half) { return halfToFloat(static_cast<uint16_t>(toBits(half))); }
static float truncateHalf(float x) { return inRegister(floatToHalf(x)); }
static float truncateHalfDouble(double x) { return inRegister(floatToHalf(roundToOdd(x))); }
static float truncateBfloat(float x) { return inRegister(floatToBfloat(x)); }
static float truncateBfloatDouble(double x) { return inRegister(floatToBfloat(roundToOdd(x))); }

template <typename F> static void *address(F *f) { return reinterpret_cast<void *>(f); }

std::vector<std::pair<llvm::StringRef, void *>> runtimeFunctions() {
  return {
      {sharedAccessName, address(sharedAccess)},   {globalAccessName, address(globalAccess)},
      {genericAccessName, address(genericAccess)}, {iterationName, address(iteration)},
      {operationName, address(operation)},         {toGenericName, address(toGeneric)},
      {toSharedName, address(toShared)},           {"__extendhfsf2", address(extendHalf)},
      {"__truncsfhf2", address(truncateHalf)},     {"__truncdfhf2", address(truncateHalfDouble)},
      {"__truncsfbf2", address(truncateBfloat)},   {"__truncdfbf2", address(truncateBfloatDouble)},
  };
}

} // namespace seqc::sim
