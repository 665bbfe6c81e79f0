// SPDX-License-Identifier: Apache-2.0
//
// The intrinsics of the instruction set that a file is compiled for. Tests compile the same files a second time with a
// header of this name before it in the include path (tests/support/simde): the emulated ones of SIMDe.
#pragma once

#include <immintrin.h>

namespace sterna::kernels {
namespace {

// The value is in a register from here on: GCC would put a load that is used several times into each of its uses.
template <class Vector>
inline void KeepInRegister(Vector& vector) {
  asm("" : "+v"(vector));
}

}  // namespace
}  // namespace sterna::kernels
