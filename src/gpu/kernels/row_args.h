// SPDX-License-Identifier: Apache-2.0
//
// What kernels on rows of activations are launched with. Float rows are `stride` floats apart, a multiple of 16; int8
// rows a multiple of 128 bytes, zero past the columns. Everything starts at a multiple of 64 bytes.
#pragma once

#include "gpu/dialect/address_spaces.h"

namespace sterna {
namespace gpu {

// RmsNorm: the runs of `count` numbers in each row, each by itself. out may be in.
// Grid: (runs of a row, rows). Shared memory: none.
struct RmsNormArgs {
  const STERNA_GLOBAL float* in;
  const STERNA_GLOBAL float* gain;  // [count]
  STERNA_GLOBAL float* out;
  uint32_t in_stride, out_stride;
  uint32_t count;
  float eps;
};

// Quantize: float rows to int8 rows with a scale and a sum each. Grid: rows. Shared memory: none.
struct QuantizeArgs {
  const STERNA_GLOBAL float* in;
  STERNA_GLOBAL int8_t* values;
  STERNA_GLOBAL float* scales;
  STERNA_GLOBAL int32_t* sums;
  uint32_t in_stride, values_stride;
  uint32_t count;
};

}  // namespace gpu
}  // namespace sterna
