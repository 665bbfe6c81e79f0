// SPDX-License-Identifier: Apache-2.0
//
// The table of AMX with int8 products, on a CPU that has AVX-512 too: products with several tokens are done in tiles.
#include "kernels/amx/ternary-inl.h"
#include "kernels/amx/ternary_columns-inl.h"
#include "kernels/avx512/table-inl.h"

namespace sterna::kernels {
namespace {

constexpr KernelTable AmxKernels() {
  KernelTable table = Avx512Kernels();
  table.isa = "amx";
  table.needs |= 1u << 9;  // platform::kCpuAmx; a test compares
  table.ternary_scratch = {.bytes = amx::kScratchBytes, .least_tokens = 2, .most_tokens = 256};
  table.ternary_linear = amx::TernaryLinear;
  table.ternary_columns_linear = amx::TernaryColumnsLinear;
  return table;
}

}  // namespace

constinit const KernelTable kAmxTable = AmxKernels();

}  // namespace sterna::kernels
