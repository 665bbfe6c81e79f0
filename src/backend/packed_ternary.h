// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sterna::backend {

// A ternary matrix in the layout that backends multiply from (kernels/table.h), as a `sterna` file holds it.
struct PackedTernary {
  uint64_t rows = 0;
  uint64_t columns = 0;
  bool by_input = false;                // one run of codes for each input instead of each row
  float scale = 1;                      // of all values, where there are no others
  std::span<const std::byte> codes;     // of ShapeOfPacked; any bytes are safe to multiply
  std::span<const float> group_scales;  // [rows][columns / group_columns] or none; never for codes by input
  uint32_t group_columns = 256;         // or 128, or 64
  std::span<const float> row_scales;    // [rows] or none; never for codes by input, nor with group scales
};

// Codes lie in runs that follow each other: a row's, padded to 128 columns, or an input's, padded to 128 rows. Groups
// of fewer than 256 columns have a block of 128 codes each, the first group's of all rows first.
struct PackedShape {
  uint64_t run_bytes = 0;
  uint64_t runs = 0;  // by input: a multiple of 4
  uint64_t bytes() const { return run_bytes * runs; }
};
PackedShape ShapeOfPacked(uint64_t rows, uint64_t columns, bool by_input, uint32_t group_columns = 256);

}  // namespace sterna::backend
