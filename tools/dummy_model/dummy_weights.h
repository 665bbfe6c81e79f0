// SPDX-License-Identifier: Apache-2.0
//
// Random tensors as streams of bytes: a chunk of rows at a time, so that a file of any size needs little memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "format/gguf_writer.h"
#include "quant/tensor_type.h"

namespace sterna::dummy_model {

struct TernaryMatrix {
  std::string name;
  quant::TensorType type;
  uint64_t rows, columns;
  double zero_share;
  uint64_t zero_rows = 0;      // the first rows are all zero
  uint64_t minus_columns = 0;  // the first columns are all -1
  float scale_factor = 1;
};

// Norm weights lie within 1 +- this.
inline constexpr float kNormSpread = 0.25f;

// Columns at the front of a matrix or vector that hold a constant in place of random values.
struct ConstantColumns {
  uint64_t count = 0;
  float value = 0;
};

// The share of zeros that a matrix really gets: zero_share to 1/128.
double RealZeroShare(double zero_share);

// Values scale * {-1, 0, +1} with scale = scale_factor / sqrt(columns * share of non-zeros), rounded to float16 so that
// every ternary type stores the same: an input of unit variance gives an output of unit variance. The codes depend on
// the seed and the name only.
format::GgufWriter::Producer TernaryWeights(TernaryMatrix matrix, uint64_t seed);

// The same values as IQ2_BN: each row a float32 scale and blocks of 64 codes in 16 bytes (docs/formats.md).
uint64_t Iq2BnBytes(uint64_t rows, uint64_t columns);
format::GgufWriter::Producer Iq2BnWeights(TernaryMatrix matrix, uint64_t seed);

// Uniform in (mean - spread, mean + spread) times the column's factor (no factors: 1), except for the constant columns.
struct UniformMatrix {
  std::string name;  // with the seed it decides on the values
  quant::TensorType type;
  uint64_t rows, columns;
  float mean, spread;
  ConstantColumns constant = {};
  std::vector<float> column_factors = {};
  std::function<uint64_t(uint64_t row)> row_source = {};  // whose values a row has; empty: its own
};
format::GgufWriter::Producer UniformWeights(UniformMatrix matrix, uint64_t seed);

}  // namespace sterna::dummy_model
