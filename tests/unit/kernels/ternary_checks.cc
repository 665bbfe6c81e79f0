// SPDX-License-Identifier: Apache-2.0
#include "support/kernel_harness.h"
#include "unit/kernels/kernel_checks.h"

namespace sterna::test {
namespace {

using kernels::KernelTable;
using kernels::kScalarTable;

constexpr uint64_t kSeed = 31173;
constexpr size_t kTableRows = 300;  // rows of weights enough for any kernel to make tables

enum class Codes { kMinus, kZero, kPlus, kRandom };
enum class Bytes { kZero, kLowest, kHighest, kAlternating, kRandom };

uint8_t DrawCodes(Codes kind, Random& random) {
  uint8_t byte = 0;
  for (int field = 0; field < 4; ++field) {
    const uint32_t code = kind == Codes::kRandom ? random.Below(3) : uint32_t(kind);
    byte = uint8_t(byte << 2 | code);
  }
  return byte;
}

int8_t DrawByte(Bytes kind, size_t i, Random& random) {
  switch (kind) {
    case Bytes::kZero: return 0;
    case Bytes::kLowest: return -128;
    case Bytes::kHighest: return 127;
    case Bytes::kAlternating: return i % 2 == 0 ? 127 : -128;
    case Bytes::kRandom: break;
  }
  return int8_t(int(random.Below(256)) - 128);
}

// One product: `rows` x `blocks` weights and `tokens` activations.
struct Product {
  size_t rows, blocks, tokens;
  Codes codes = Codes::kRandom;
  Bytes bytes = Bytes::kRandom;
};

// A kernel and the scratch its table asks for.
using Linear = void (*)(const kernels::TernaryRows&, const kernels::Int8Rows&, float*, size_t) noexcept;

struct Kernel {
  Linear run;
  size_t scratch_bytes;
};

std::string CompareProduct(const Product& p, Linear scalar, const Kernel& other) {
  Random random(kSeed + p.rows * 131 + p.blocks * 17 + p.tokens);
  const size_t stride = p.blocks * kernels::kTernaryBlockColumns;
  const size_t out_stride = p.rows + 3;
  GuardedBuffer<uint8_t> codes(p.rows * p.blocks * kernels::kTernaryBlockBytes, 64);
  GuardedBuffer<int8_t> q(p.tokens * stride, 64);
  GuardedBuffer<float> scales(p.tokens), group_scales(p.rows * (p.blocks / 2));
  GuardedBuffer<int32_t> sums(p.tokens);
  GuardedBuffer<float> y((p.tokens - 1) * out_stride + p.rows), y2(y.size());
  for (uint8_t& byte : codes.span()) byte = DrawCodes(p.codes, random);
  for (float& scale : group_scales.span()) scale = DrawFloat(Floats::kWide, random);
  for (size_t t = 0; t < p.tokens; ++t) {
    sums[t] = 0;
    scales[t] = 127.0f / (1.1f + random.Uniform());
    for (size_t k = 0; k < stride; ++k) sums[t] += q[t * stride + k] = DrawByte(p.bytes, k, random);
  }
  const kernels::TernaryRows w = {codes.data(), p.rows, p.blocks, 0.37f, group_scales.data()};
  kernels::Int8Rows x = {q.data(), scales.data(), sums.data(), p.tokens, stride};
  scalar(w, x, y.data(), out_stride);
  GuardedBuffer<uint8_t> scratch(other.scratch_bytes, 64);
  for (uint8_t& byte : scratch.span()) byte = uint8_t(random.Below(256));
  if (other.scratch_bytes > 0) x.scratch = scratch.data();
  other.run(w, x, y2.data(), out_stride);
  const Case where = Case()
                         .With("rows", p.rows)
                         .With("blocks", p.blocks)
                         .With("tokens", p.tokens)
                         .With("codes", int(p.codes))
                         .With("bytes", int(p.bytes))
                         .With("seed", kSeed);
  return Compare("out", where, y, y2);
}

// Every count of rows and tokens around the tiles, every count of blocks around the runs of int16 sums, the shapes of
// real models (20 blocks: 2560 columns; 54: 6912), and the sums of largest magnitude.
std::string CheckShapes(Linear scalar, const Kernel& other, size_t block_step) {
  for (size_t rows = 1; rows <= 9; ++rows) {
    for (size_t tokens = 1; tokens <= 9; ++tokens) {
      if (auto bad = CompareProduct({rows, 2, tokens}, scalar, other); !bad.empty()) return bad;
    }
  }
  for (size_t blocks = block_step; blocks <= 54; blocks += blocks < 36 ? block_step : 18) {
    for (const size_t tokens : {size_t{1}, size_t{5}}) {
      if (auto bad = CompareProduct({7, blocks, tokens}, scalar, other); !bad.empty()) return bad;
    }
  }
  for (const Codes codes : {Codes::kMinus, Codes::kZero, Codes::kPlus, Codes::kRandom}) {
    for (const Bytes bytes : {Bytes::kZero, Bytes::kLowest, Bytes::kHighest, Bytes::kAlternating, Bytes::kRandom}) {
      for (const size_t tokens : {size_t{1}, size_t{4}}) {
        if (auto bad = CompareProduct({6, 54, tokens, codes, bytes}, scalar, other); !bad.empty()) return bad;
      }
    }
  }
  return "";
}

// As above where kernels with scratch differ: enough rows of weights for tables, rows of activations around their runs.
std::string CheckTableShapes(Linear scalar, const Kernel& other) {
  for (size_t tokens = 1; tokens <= 40; ++tokens) {
    if (auto bad = CompareProduct({kTableRows + tokens, 2, tokens}, scalar, other); !bad.empty()) return bad;
  }
  for (const size_t tokens : {63, 64, 65, 127, 128, 129}) {
    if (auto bad = CompareProduct({kTableRows, 4, tokens}, scalar, other); !bad.empty()) return bad;
  }
  for (const size_t rows : {1, 7, 8, 9, 64, 127, 255, 256, 257, 1791, 1792, 1793, 3585}) {
    if (auto bad = CompareProduct({rows, 2, 17}, scalar, other); !bad.empty()) return bad;
  }
  for (size_t blocks = 2; blocks <= 20; blocks += 2) {
    if (auto bad = CompareProduct({kTableRows, blocks, 16}, scalar, other); !bad.empty()) return bad;
  }
  for (const Codes codes : {Codes::kMinus, Codes::kZero, Codes::kPlus, Codes::kRandom}) {
    for (const Bytes bytes : {Bytes::kLowest, Bytes::kHighest, Bytes::kAlternating}) {
      if (auto bad = CompareProduct({kTableRows, 54, 16, codes, bytes}, scalar, other); !bad.empty()) return bad;
    }
  }
  return "";
}

std::string CheckTernaryLinear(const KernelTable& table) {
  const Kernel plain = {table.ternary_linear, 0}, with_scratch = {table.ternary_linear, table.ternary_scratch.bytes};
  if (auto bad = CheckShapes(kScalarTable.ternary_linear, plain, 1); !bad.empty()) return bad;
  return table.ternary_scratch.bytes == 0 ? "" : CheckTableShapes(kScalarTable.ternary_linear, with_scratch);
}

std::string CheckTernaryGroupLinear(const KernelTable& table) {
  return CheckShapes(kScalarTable.ternary_group_linear, {table.ternary_group_linear, 0}, 2);
}

constexpr KernelCheck kChecks[] = {
    {"ternary_linear", CheckTernaryLinear},
    {"ternary_group_linear", CheckTernaryGroupLinear},
};

}  // namespace

std::span<const KernelCheck> TernaryChecks() { return kChecks; }

}  // namespace sterna::test
