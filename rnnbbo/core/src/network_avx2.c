/* The level `avx2`: for x86-64 processors with AVX2 and FMA, of which `rnnbbo_level` tells. */

#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#define LEVEL avx2
#include "network_all.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
