// SPDX-License-Identifier: Apache-2.0
//
// Stands in for src/kernels/intrinsics.h where the x86 kernels are compiled for the tests: what AVX2 has is native,
// what is beyond it is emulated.
#pragma once

#include <immintrin.h>

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/f16c.h>
#include <simde/x86/fma.h>

#include "kernels/missing_intrinsics.h"
#include "kernels/tiles.h"

namespace sterna::kernels {
namespace {

// No register is that wide here.
template <class Vector>
inline void KeepInRegister(Vector&) {}

}  // namespace
}  // namespace sterna::kernels
