// SPDX-License-Identifier: Apache-2.0
//
// The intrinsics of the instruction set that a file is compiled for. Tests compile the same files a second time with a
// header of this name before it in the include path (tests/support/simde): the emulated ones of SIMDe.
#pragma once

#include <immintrin.h>
