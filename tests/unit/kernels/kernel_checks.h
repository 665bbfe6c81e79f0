// SPDX-License-Identifier: Apache-2.0
//
// One check per field of the kernel table: runs a table's kernel and the scalar one over shapes, values and alignments.
#pragma once

#include <ostream>
#include <span>
#include <string>

#include "kernels/table.h"

namespace sterna::test {

struct KernelCheck {
  const char* field;  // name of the table's field; arrays: with the element's name, "dense_linear.F16"
  // "" when `table` returns the scalar table's bits everywhere; else the first difference.
  std::string (*run)(const kernels::KernelTable& table);
};

inline void PrintTo(const KernelCheck& check, std::ostream* out) { *out << check.field; }

std::span<const KernelCheck> RowChecks();        // row_checks.cc
std::span<const KernelCheck> TernaryChecks();    // ternary_checks.cc
std::span<const KernelCheck> SparseChecks();     // sparse_checks.cc
std::span<const KernelCheck> DenseChecks();      // dense_checks.cc
std::span<const KernelCheck> AttentionChecks();  // attention_checks.cc

}  // namespace sterna::test
