// SPDX-License-Identifier: Apache-2.0
//
// Kernels that skip zeros: lists, chosen rows, matrices stored by input.
#include <vector>

#include "support/kernel_harness.h"
#include "unit/kernels/kernel_checks.h"

namespace sterna::test {
namespace {

using kernels::KernelTable;
using kernels::kScalarTable;
using kernels::kTernaryBlockBytes;
using kernels::kTernaryBlockColumns;

constexpr uint64_t kSeed = 52021;
constexpr size_t kCounts[] = {1, 2, 7, 8, 9, 31, 32, 33, 63, 64, 65, 128, 500, 6912};

enum class Weights { kRandom, kPlus, kMinus };
enum class Values { kRandom, kLowest, kHighest };

void FillCodes(GuardedBuffer<uint8_t>& codes, Weights kind, Random& random) {
  for (uint8_t& byte : codes.span()) {
    for (int field = 0; field < 4; ++field) {
      byte = uint8_t(byte << 2 | (kind == Weights::kRandom ? random.Below(3) : kind == Weights::kPlus ? 2u : 0u));
    }
  }
}

void FillBytes(GuardedBuffer<int8_t>& q, Values kind, Random& random) {
  for (int8_t& value : q.span()) {
    value = kind == Values::kLowest ? int8_t{-128} : kind == Values::kHighest ? int8_t{127} : int8_t(random.Bits());
  }
}

// Ascending indices below `limit`, each with a chance of `percent`; always the last one.
std::vector<uint32_t> DrawList(size_t limit, uint32_t percent, Random& random) {
  std::vector<uint32_t> listed;
  for (size_t i = 0; i < limit; ++i) {
    if (i + 1 == limit || random.Below(100) < percent) listed.push_back(uint32_t(i));
  }
  return listed;
}

GuardedBuffer<uint32_t>& Copy(const std::vector<uint32_t>& from, GuardedBuffer<uint32_t>& to) {
  for (size_t i = 0; i < from.size(); ++i) to[i] = from[i];
  return to;
}

std::string ListedRowsCase(const KernelTable& table, size_t rows, size_t blocks, uint32_t percent, Values values) {
  Random random(kSeed + rows * 7 + blocks);
  const size_t stride = blocks * kTernaryBlockColumns;
  GuardedBuffer<uint8_t> codes(rows * blocks * kTernaryBlockBytes, 64);
  GuardedBuffer<int8_t> q(stride, 64);
  GuardedBuffer<float> scale(1), y(rows), y2(rows);
  GuardedBuffer<int32_t> sum(1);
  FillCodes(codes, Weights::kRandom, random);
  FillBytes(q, values, random);
  scale[0] = 91.5f, sum[0] = 0;
  for (const int8_t value : q.span()) sum[0] += value;
  const std::vector<uint32_t> list = DrawList(rows, percent, random);
  GuardedBuffer<uint32_t> listed(list.size());
  Copy(list, listed);
  const kernels::TernaryRows w = {codes.data(), rows, blocks, 0.37f, nullptr};
  const kernels::Int8Rows x = {q.data(), scale.data(), sum.data(), 1, stride};
  kScalarTable.ternary_listed_rows(w, x, listed.data(), list.size(), y.data());
  table.ternary_listed_rows(w, x, listed.data(), list.size(), y2.data());
  const Case where = Case().With("rows", rows).With("blocks", blocks).With("percent", percent).With("seed", kSeed);
  return Compare("out", where, y, y2);
}

std::string CheckTernaryListedRows(const KernelTable& table) {
  for (const size_t blocks : {1, 2, 3, 15, 16, 17, 20, 54}) {
    for (const size_t rows : {1, 3, 4, 5, 30}) {
      for (const uint32_t percent : {0u, 40u, 100u}) {
        for (const Values values : {Values::kRandom, Values::kLowest}) {
          if (auto bad = ListedRowsCase(table, rows, blocks, percent, values); !bad.empty()) return bad;
        }
      }
    }
  }
  return "";
}

struct Columns {
  size_t inputs, outputs;
  Weights weights = Weights::kRandom;
  Values values = Values::kRandom;
  Case Where() const {
    return Case()
        .With("inputs", inputs)
        .With("outputs", outputs)
        .With("weights", int(weights))
        .With("values", int(values))
        .With("seed", kSeed);
  }
  size_t blocks() const { return (outputs + kTernaryBlockColumns - 1) / kTernaryBlockColumns; }
};

std::string ColumnsLinearCase(const KernelTable& table, const Columns& c, size_t tokens, size_t first_block,
                              size_t scratch_bytes = 0) {
  Random random(kSeed + c.inputs * 3 + c.outputs + tokens);
  const size_t stride = (c.inputs + kTernaryBlockColumns - 1) / kTernaryBlockColumns * kTernaryBlockColumns;
  const size_t out_stride = c.outputs + 5;
  GuardedBuffer<uint8_t> codes(c.inputs * c.blocks() * kTernaryBlockBytes, 64);
  GuardedBuffer<int8_t> q(tokens * stride, 64);
  GuardedBuffer<float> scales(tokens), y((tokens - 1) * out_stride + c.outputs), y2(y.size());
  GuardedBuffer<int32_t> sums(tokens);
  FillCodes(codes, c.weights, random);
  FillBytes(q, c.values, random);
  for (size_t t = 0; t < tokens; ++t) {
    scales[t] = 127.0f / (1.1f + random.Uniform());
    sums[t] = 0;
    for (size_t k = c.inputs; k < stride; ++k) q[t * stride + k] = 0;
    for (size_t k = 0; k < c.inputs; ++k) sums[t] += q[t * stride + k];
  }
  const kernels::TernaryColumns w = {codes.data(), c.inputs, c.outputs, c.blocks(), 0.37f};
  kernels::Int8Rows x = {q.data(), scales.data(), sums.data(), tokens, stride};
  const size_t blocks = c.blocks() - first_block;
  kScalarTable.ternary_columns_linear(w, first_block, blocks, x, y.data(), out_stride);
  GuardedBuffer<uint8_t> scratch(scratch_bytes, 64);
  for (uint8_t& byte : scratch.span()) byte = uint8_t(random.Bits());
  if (scratch_bytes > 0) x.scratch = scratch.data();
  table.ternary_columns_linear(w, first_block, blocks, x, y2.data(), out_stride);
  return Compare("out", c.Where().With("tokens", tokens).With("first_block", first_block), y, y2);
}

// Where kernels with scratch differ: rows of activations around their runs, parts of a block of inputs, outputs around
// blocks and around the runs of outputs that share tables.
std::string CheckColumnTables(const KernelTable& table) {
  const size_t scratch = table.ternary_scratch.bytes;
  for (const size_t tokens : {11, 12, 15, 16, 17, 28, 31, 32, 33, 48}) {
    if (auto bad = ColumnsLinearCase(table, {132, 300}, tokens, 0, scratch); !bad.empty()) return bad;
  }
  for (const size_t inputs : {4, 32, 36, 124, 128, 256, 260}) {
    if (auto bad = ColumnsLinearCase(table, {inputs, 300}, 16, 0, scratch); !bad.empty()) return bad;
  }
  for (const size_t outputs : {255, 256, 257, 384, 1791, 1792, 1793, 2560, 3700}) {
    if (auto bad = ColumnsLinearCase(table, {36, outputs}, 16, 0, scratch); !bad.empty()) return bad;
    if (auto bad = ColumnsLinearCase(table, {36, outputs}, 16, 1, scratch); !bad.empty()) return bad;
  }
  for (const Weights weights : {Weights::kPlus, Weights::kMinus}) {
    for (const Values values : {Values::kLowest, Values::kHighest}) {
      if (auto bad = ColumnsLinearCase(table, {6912, 256, weights, values}, 16, 0, scratch); !bad.empty()) return bad;
    }
  }
  return "";
}

std::string CheckTernaryColumnsLinear(const KernelTable& table) {
  if (table.ternary_scratch.bytes > 0) {
    if (auto bad = CheckColumnTables(table); !bad.empty()) return bad;
  }
  for (const size_t tokens : {1, 2, 3, 4, 5, 9, 31, 32, 33, 66}) {
    for (const size_t inputs : {4, 12, 128, 132}) {
      if (auto bad = ColumnsLinearCase(table, {inputs, 150}, tokens, 0); !bad.empty()) return bad;
    }
  }
  for (const size_t outputs : {1, 7, 8, 9, 127, 128, 129, 640}) {
    if (auto bad = ColumnsLinearCase(table, {260, outputs}, 6, 0); !bad.empty()) return bad;
    if (outputs > 128) {
      if (auto bad = ColumnsLinearCase(table, {260, outputs}, 6, 1); !bad.empty()) return bad;
    }
  }
  for (const Weights weights : {Weights::kPlus, Weights::kMinus}) {
    for (const Values values : {Values::kLowest, Values::kHighest}) {
      if (auto bad = ColumnsLinearCase(table, {6912, 128, weights, values}, 5, 0); !bad.empty()) return bad;
    }
  }
  return "";
}

std::string ColumnsAddCase(const KernelTable& table, const Columns& c, uint32_t percent) {
  Random random(kSeed + c.inputs * 5 + c.outputs + percent);
  GuardedBuffer<uint8_t> codes(c.inputs * c.blocks() * kTernaryBlockBytes, 64);
  GuardedBuffer<int8_t> q(c.inputs, 64);
  GuardedBuffer<int32_t> sums(c.blocks() * kTernaryBlockColumns, 64), sums2(sums.size(), 64);
  FillCodes(codes, c.weights, random);
  FillBytes(q, c.values, random);
  for (size_t o = 0; o < sums.size(); ++o) sums[o] = sums2[o] = int32_t(random.Below(1000)) - 500;
  const std::vector<uint32_t> list = DrawList(c.inputs, percent, random);
  GuardedBuffer<uint32_t> listed(list.size());
  Copy(list, listed);
  const kernels::TernaryColumns w = {codes.data(), c.inputs, c.outputs, c.blocks(), 0.37f};
  kScalarTable.ternary_columns_add(w, q.data(), listed.data(), list.size(), sums.data());
  table.ternary_columns_add(w, q.data(), listed.data(), list.size(), sums2.data());
  return Compare("sums", c.Where().With("percent", percent), sums, sums2);
}

// Lists around a group of inputs and around the runs of int16 sums; one block of outputs, odd counts, and more than the
// 32 whose sums lie on the stack; the sums of largest magnitude.
std::string CheckTernaryColumnsAdd(const KernelTable& table) {
  for (const size_t inputs : {4, 8, 12, 16, 124, 128, 132, 256, 260, 500}) {
    for (const uint32_t percent : {0u, 30u, 100u}) {
      if (auto bad = ColumnsAddCase(table, {inputs, 300}, percent); !bad.empty()) return bad;
    }
  }
  for (const size_t outputs : {1, 128, 129, 2560, 4096, 4097, 8300}) {
    if (auto bad = ColumnsAddCase(table, {36, outputs}, 50); !bad.empty()) return bad;
  }
  for (const Weights weights : {Weights::kPlus, Weights::kMinus}) {
    for (const Values values : {Values::kLowest, Values::kHighest}) {
      if (auto bad = ColumnsAddCase(table, {400, 256, weights, values}, 100); !bad.empty()) return bad;
    }
  }
  return "";
}

// What two lists of one input are: the count and the indices.
template <class T, class List>
std::string CompareLists(const Case& where, const GuardedBuffer<T>& x, List scalar, List other) {
  GuardedBuffer<uint32_t> expected(x.size()), listed(x.size());
  GuardedBuffer<uint64_t> found(1), found2(1);
  found[0] = scalar(x.data(), x.size(), expected.data());
  found2[0] = other(x.data(), x.size(), listed.data());
  if (auto bad = Compare("count", where, found, found2); !bad.empty()) return bad;
  return Compare("listed", where, expected, listed);
}

std::string CheckListPositive(const KernelTable& table) {
  for (const size_t count : kCounts) {
    for (const Floats kind : kAllFloats) {
      Random random(kSeed + count);
      GuardedBuffer<float> x(count);
      FillFloats(x, kind, random);
      const Case where = Case().With("count", count).With("values", kind).With("seed", kSeed);
      if (auto bad = CompareLists(where, x, kScalarTable.list_positive, table.list_positive); !bad.empty()) return bad;
    }
  }
  return "";
}

std::string CheckListNonzero(const KernelTable& table) {
  for (const size_t count : kCounts) {
    for (const uint32_t zero_percent : {0u, 50u, 95u, 100u}) {
      Random random(kSeed + count);
      GuardedBuffer<int8_t> q(count);
      for (int8_t& value : q.span()) value = random.Below(100) < zero_percent ? int8_t{0} : int8_t(random.Bits());
      const Case where = Case().With("count", count).With("zeros", zero_percent).With("seed", kSeed);
      if (auto bad = CompareLists(where, q, kScalarTable.list_nonzero, table.list_nonzero); !bad.empty()) return bad;
    }
  }
  return "";
}

constexpr KernelCheck kChecks[] = {
    {"ternary_listed_rows", CheckTernaryListedRows},
    {"ternary_columns_linear", CheckTernaryColumnsLinear},
    {"ternary_columns_add", CheckTernaryColumnsAdd},
    {"list_positive", CheckListPositive},
    {"list_nonzero", CheckListNonzero},
};

}  // namespace

std::span<const KernelCheck> SparseChecks() { return kChecks; }

}  // namespace sterna::test
