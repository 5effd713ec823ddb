// SPDX-License-Identifier: Apache-2.0
// Written by ExpandMathFit.py. Coefficients in ascending powers.
#ifndef SEQC_LIB_CONVERSION_TILETOCPU_EMITMATHTABLES_H
#define SEQC_LIB_CONVERSION_TILETOCPU_EMITMATHTABLES_H

namespace seqc {

/// (2^f - 1) / f, f in [0, 1]
inline constexpr double kExp2F32[] = {
    0x1.62e42f9c5c28cp-1, 0x1.ebfc3d8c89e4ep-3, 0x1.c69f98c87f2bep-5, 0x1.3c487b0cd33a7p-7,
    0x1.4cb7af45dfae1p-10, 0x1.b49554920e6a2p-13,
};
/// (2^f - 1) / f, f in [0, 1]
inline constexpr double kExp2F64[] = {
    0x1.62e42fefa39efp-1, 0x1.ebfbdff82c58fp-3, 0x1.c6b08d704a0c7p-5, 0x1.3b2ab6fba4be8p-7,
    0x1.5d87fe78b509fp-10, 0x1.430912f554f24p-13, 0x1.ffcbfd2f9cee0p-17, 0x1.62c00eaea042ap-20,
    0x1.b527aa4152b14p-24, 0x1.e49a967df50e0p-28, 0x1.ebcc144488b7bp-32, 0x1.a7c576652e1a7p-36,
    0x1.0a6892219b67dp-39,
};
/// (e^r - 1) / r, r in [-0.01, 0.72]
inline constexpr double kExpF32[] = {
    0x1.ffffffe534870p-1, 0x1.00002cf7f4e3ap-1, 0x1.55482e2beb648p-3, 0x1.569c1e3e88475p-5,
    0x1.0348add9ddaadp-7, 0x1.efd50e8b6f86ap-10,
};
/// (e^r - 1) / r, r in [-0.01, 0.72]
inline constexpr double kExpF64[] = {
    0x1.0000000000000p+0, 0x1.0000000000000p-1, 0x1.5555555555559p-3, 0x1.55555555552f9p-5,
    0x1.111111111c3ecp-7, 0x1.6c16c1686e48cp-10, 0x1.a01a025dba8dep-13, 0x1.a019e87303ff9p-16,
    0x1.71e07b58090bdp-19, 0x1.27c1f067f786bp-22, 0x1.b13b5a9106481p-26, 0x1.0c388768ebd39p-29,
    0x1.ec2f9cfbde2afp-33,
};
/// log2(1 + f) / f, f in [1/sqrt(2) - 1, sqrt(2) - 1]
inline constexpr double kLog2F32[] = {
    0x1.7154764ee5de8p+0, -0x1.715470c116066p-1, 0x1.ec70a965f253ap-2, -0x1.715a6f2b5fc6ap-2,
    0x1.277a529a342d2p-2, -0x1.eab7a9bba9285p-3, 0x1.a38c680c9e4ecp-3, -0x1.87f6a111824a5p-3,
    0x1.7a63a0350f8a9p-3, -0x1.b84fb63e54244p-4,
};
/// log2(1 + f) / f, f in [1/sqrt(2) - 1, sqrt(2) - 1]
inline constexpr double kLog2F64[] = {
    0x1.71547652b82fep+0, -0x1.71547652b82ffp-1, 0x1.ec709dc3a0433p-2, -0x1.71547652b800fp-2,
    0x1.2776c50ef5449p-2, -0x1.ec709dc3de50ep-3, 0x1.a61762ac71ca2p-3, -0x1.71547641fc287p-3,
    0x1.484b128b845f3p-3, -0x1.2776c6edde219p-3, 0x1.0c9ab88c54a07p-3, -0x1.ec709bde9879cp-4,
    0x1.c68596a3c9e56p-4, -0x1.a60d06a2aa842p-4, 0x1.8a7edf409421fp-4, -0x1.726c96263fa73p-4,
    0x1.576973d0e6deep-4, -0x1.3aff910ec026ap-4, 0x1.41f5576cdfd64p-4, -0x1.735b00d1c5594p-4,
    0x1.4c6c00bec13ccp-4, -0x1.17115e91ac526p-5,
};
/// (tanh(x) / x - 1) / z, z = x^2, x in [0, 0.625]
inline constexpr double kTanhF32[] = {
    -0x1.55555539a3fddp-2, 0x1.1110e919f7ad3p-3, -0x1.ba08c4e66a3c8p-5, 0x1.64a9766b3a952p-6,
    -0x1.116a168e18e77p-7, 0x1.2c83c001d2709p-9,
};
/// erf(x) / x, z = x^2, x in [0, 1.25]
inline constexpr double kErfF32[] = {
    0x1.20dd74fffb183p+0, -0x1.8127415411635p-2, 0x1.ce2dff97c2c45p-4, -0x1.b8156393e2670p-6,
    0x1.556a69352d429p-8, -0x1.b582baadd65f5p-11, 0x1.b4f778c826f8cp-14, -0x1.ff25b9a4a7d7ap-18,
};
/// erfc(x)^(1/8), x in [1.25, 4]
inline constexpr double kErfcRootF32[] = {
    0x1.00597c253efaep+0, -0x1.2ba840e76d730p-3, -0x1.f30332e43a58cp-5, -0x1.4c6bfa56bd8a7p-7,
    0x1.6c94b860fb123p-7, -0x1.6eb189fb8af0ep-10, -0x1.7ae5f94913869p-13, 0x1.afcf6fd024607p-15,
    -0x1.a5a3363e24391p-19,
};
/// (tanh(x) / x - 1) / z, z = x^2, x in [0, 0.625]
inline constexpr double kTanhF64[] = {
    -0x1.5555555555555p-2, 0x1.11111111110a8p-3, -0x1.ba1ba1ba0f126p-5, 0x1.664f487e0a749p-6,
    -0x1.226e3473dce5cp-7, 0x1.d6d39ae3905e2p-9, -0x1.7d9f6f23e8682p-10, 0x1.3526e9ed54da1p-11,
    -0x1.f243823c8c981p-13, 0x1.8445870f6fe41p-14, -0x1.05bbdae896297p-15, 0x1.b33642a122cddp-18,
};
/// erf(x) / x, z = x^2, x in [0, 1]
inline constexpr double kErfF64[] = {
    0x1.20dd750429b6dp+0, -0x1.812746b0379e6p-2, 0x1.ce2f21a042b30p-4, -0x1.b82ce31284e00p-6,
    0x1.565bcd0dbaa38p-8, -0x1.c02db3dac435fp-11, 0x1.f9a321d5b8e1ep-14, -0x1.f4d1e3183f7aep-17,
    0x1.b9df224ca4b97p-20, -0x1.5f1ecb6f0764cp-23, 0x1.f7b4bf3b13964p-27, -0x1.389d4f2641625p-30,
    0x1.05ffd737fb32ep-34,
};
/// log2(erfc(t + 3.5) e^((t + 3.5)^2)), t in [-2.5, 2.5]
inline constexpr double kErfcF64[] = {
    -0x1.57ed4bd1055b5p+1, -0x1.891d3a3ca0b7dp-2, 0x1.88ee524e006d4p-5, -0x1.ee13f474f5d99p-8,
    0x1.4a6c54f8e8d42p-10, -0x1.bda82a8c5948dp-13, 0x1.2720fc1cdc764p-15, -0x1.7893e37325d3dp-18,
    0x1.c59512e3428a0p-21, -0x1.f40017313a9cfp-24, 0x1.d87d8e2be1666p-27, -0x1.334d56f57344bp-30,
    -0x1.3ab02852f8642p-35, 0x1.850d6c4e59c0cp-35, -0x1.d2100671a772bp-37, 0x1.a0fea9191c4d9p-39,
    -0x1.3fb69b1ee609ep-41, 0x1.b571449d51410p-44, -0x1.d0573ee1a2d56p-47, 0x1.aee45fc3758b5p-51,
    -0x1.3bbb5b0aada91p-55, 0x1.13b0e11d9de44p-55, 0x1.a75e56b570d0dp-57, -0x1.0f339654e42dcp-57,
    0x1.0d5892f1fab30p-60,
};
/// (sin(r) / r - 1) / z, z = r^2, r in [0, pi/4]
inline constexpr double kSinFullF64[] = {
    -0x1.5555555555555p-3, 0x1.1111111111110p-7, -0x1.a01a01a019938p-13, 0x1.71de3a546095bp-19,
    -0x1.ae645412c560cp-26, 0x1.61217f0b800d5p-33, -0x1.ab17d404de5b3p-41,
};
/// (cos(r) - 1) / z, z = r^2, r in [0, pi/4]
inline constexpr double kCosFullF64[] = {
    -0x1.0000000000000p-1, 0x1.5555555555551p-5, -0x1.6c16c16c15d79p-10, 0x1.a01a019de131fp-16,
    -0x1.27e4f8e4a2e74p-22, 0x1.1eea7f259b344p-29, -0x1.8ff9d439a204ap-37,
};
/// (sin(r) / r - 1) / z, z = r^2, r in [0, pi/4], for results rounded to float
inline constexpr double kSinF64[] = {
    -0x1.555555555516bp-3, 0x1.1111110fd3d43p-7, -0x1.a019fd9b35ee5p-13, 0x1.71d9a9f41c5a9p-19,
    -0x1.aa285788aaa42p-26,
};
/// (cos(r) - 1) / z, z = r^2, r in [0, pi/4], for results rounded to float
inline constexpr double kCosF64[] = {
    -0x1.fffffffffe697p-2, 0x1.555555514f774p-5, -0x1.6c16bae5ef6d4p-10, 0x1.a01298d866458p-16,
    -0x1.2474e1a97d143p-22,
};

} // namespace seqc

#endif // SEQC_LIB_CONVERSION_TILETOCPU_EMITMATHTABLES_H
