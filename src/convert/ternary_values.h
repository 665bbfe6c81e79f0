// SPDX-License-Identifier: Apache-2.0
//
// A ternary matrix between two files: codes and scales, read from a stored ternary type or made from numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "quant/ternary.h"

namespace sterna::convert {

struct TernaryValues {
  uint64_t rows = 0, columns = 0;
  std::vector<uint8_t> codes;  // 0, 1, 2, row by row
  std::vector<float> scales;   // one, or one for each group_columns columns, row by row
  uint64_t group_columns = 0;  // 0: one scale for all

  quant::TernaryCodes View() const { return {rows, columns, codes, scales, group_columns}; }
};

// The finest stretch of a row that may have a scale of its own.
uint64_t UnitColumns(uint64_t columns);

// What became of values that had to be made ternary.
struct Rounding {
  uint64_t values = 0;         // of matrices that were not ternary
  uint64_t changed = 0;        // of these: not equal to what stands for them now
  double squares = 0;          // sum of their squares
  double squared_changes = 0;  // sum of the squares of the differences

  void Add(const Rounding& other);
  bool Happened() const { return changed > 0; }
  double ChangedShare() const;
  // Root mean square of the differences over that of the values.
  double RelativeChange() const;
};

// A stored matrix, its scales multiplied by `factor`. Errors as quant::InspectTernary.
Result<TernaryValues> ReadTernary(const quant::TernarySource& source, float factor);

// How numbers become ternary. Rounding is that of the b1.58 models (Ma et al., arXiv 2402.17764): to the nearest of -1,
// 0, +1 in units of the mean magnitude, at least 1e-5.
enum class NumbersAre : uint8_t {
  kMasters,   // of a model that rounds them on every call: rounded
  kFinished,  // exact where they are ternary already - one magnitude beside zero in the whole matrix, in each row, or
              // in each 256, 128 or 64 columns of a row - and rounded otherwise
};

// A matrix of numbers whose rows `read` writes. Corrupt when one is NaN or infinite; `rounding` tells what changed.
using RowReader = std::function<void(uint64_t row, float* out)>;
Result<TernaryValues> TernaryFromRows(uint64_t rows, uint64_t columns, NumbersAre kind, const RowReader& read,
                                      Rounding& rounding);

}  // namespace sterna::convert
