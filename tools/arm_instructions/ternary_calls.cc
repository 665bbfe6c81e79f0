// SPDX-License-Identifier: Apache-2.0
//
// Runs one ternary product a number of times, for count.py:
//   ternary_calls TABLE ROWS COLUMNS TOKENS CALLS
// Two runs that differ in CALLS alone differ by the instructions of those calls. Ends with 1 when a result is not the
// scalar one.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "kernels/dispatch.h"

namespace sterna {
namespace {

struct Product {
  std::vector<uint8_t> codes;
  std::vector<int8_t> values;
  std::vector<float> scales;
  std::vector<int32_t> sums;
  kernels::TernaryRows weights;
  kernels::Int8Rows tokens;
};

Product MakeProduct(size_t rows, size_t columns, size_t tokens) {
  Product p;
  const size_t blocks = columns / kernels::kTernaryBlockColumns;
  p.codes.resize(rows * blocks * kernels::kTernaryBlockBytes);
  p.values.resize(tokens * columns);
  p.scales.assign(tokens, 3.5f);
  p.sums.assign(tokens, 0);
  constexpr uint8_t kCodes[] = {0x00, 0x55, 0xaa, 0x18, 0x91, 0x24, 0x62};  // no code 3
  for (size_t i = 0; i < p.codes.size(); ++i) p.codes[i] = kCodes[i % std::size(kCodes)];
  for (size_t i = 0; i < p.values.size(); ++i) {
    p.values[i] = int8_t(i * 37 % 255);
    p.sums[i / columns] += p.values[i];
  }
  p.weights = {p.codes.data(), rows, blocks, 0.25f, nullptr};
  p.tokens = {p.values.data(), p.scales.data(), p.sums.data(), tokens, columns};
  return p;
}

int Run(std::string_view name, size_t rows, size_t columns, size_t tokens, int calls) {
  for (const kernels::KernelTable* table : kernels::AllTables()) {
    if (name != table->isa) continue;
    const Product p = MakeProduct(rows, columns, tokens);
    std::vector<float> expected(rows * tokens), out(rows * tokens);
    kernels::kScalarTable.ternary_linear(p.weights, p.tokens, expected.data(), rows);
    for (int i = 0; i < calls; ++i) table->ternary_linear(p.weights, p.tokens, out.data(), rows);
    return std::memcmp(out.data(), expected.data(), out.size() * sizeof(float)) == 0 ? 0 : 1;
  }
  std::fprintf(stderr, "ternary_calls: no table of this name\n");
  return 2;
}

}  // namespace
}  // namespace sterna

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  return sterna::Run(argv[1], std::strtoul(argv[2], nullptr, 10), std::strtoul(argv[3], nullptr, 10),
                     std::strtoul(argv[4], nullptr, 10), std::atoi(argv[5]));
}
