// SPDX-License-Identifier: Apache-2.0
//
// The table of AVX2 with AVX-VNNI: the kernels of AVX2, compiled here once more, but for ternary products.
#include "kernels/avx2/table-inl.h"
#include "kernels/avxvnni/integer_peak-inl.h"
#include "kernels/avxvnni/ternary-inl.h"
#include "kernels/avxvnni/ternary_group-inl.h"
#include "kernels/avxvnni/ternary_rows-inl.h"

namespace sterna::kernels {
namespace {

constexpr KernelTable AvxVnniKernels() {
  KernelTable table = kAvx2Kernels;
  table.isa = "avxvnni";
  table.ternary_scratch = {};  // its products make no tables
  table.integer_peak = avxvnni::IntegerPeak;
  table.needs |= 1u << 3;  // platform::kCpuAvxVnni; a test compares
  table.ternary_linear = avxvnni::TernaryLinear;
  table.ternary_group_linear = avxvnni::TernaryGroupLinear;
  table.ternary_listed_rows = avxvnni::TernaryListedRows;
  return table;
}

}  // namespace

// constinit: code of this file must not run before the CPU was asked.
constinit const KernelTable kAvxVnniTable = AvxVnniKernels();

}  // namespace sterna::kernels
