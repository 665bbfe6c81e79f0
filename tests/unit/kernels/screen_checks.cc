// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "support/kernel_harness.h"
#include "unit/kernels/kernel_checks.h"

namespace sterna::test {
namespace {

using kernels::KernelTable;
using kernels::kScalarTable;
using kernels::kScreenGroupColumns;
using kernels::kScreenNibbleBytes;
using kernels::kScreenPairBytes;

constexpr uint64_t kSeed = 5090;
constexpr size_t kGroupCounts[] = {1, 2, 7, 8, 9, 15, 16, 17, 40, 128};

std::string CheckHadamard(const KernelTable& table) {
  for (const size_t block : {64, 128, 256, 512, 1024}) {
    for (const size_t blocks : {1, 3}) {
      for (const Floats kind : kAllFloats) {
        Random random(kSeed + block);
        GuardedBuffer<float> x(block * blocks), y(block * blocks);
        FillFloats(x, kind, random);
        for (size_t i = 0; i < x.size(); ++i) y[i] = x[i];
        kScalarTable.hadamard(x.data(), x.size(), block);
        table.hadamard(y.data(), y.size(), block);
        const Case where = Case().With("block", block).With("blocks", blocks).With("values", kind);
        if (auto bad = Compare("x", where, x, y); !bad.empty()) return bad;
      }
    }
  }
  return "";
}

// A row's codes and norms, with guarded memory around each part.
struct Encoded {
  explicit Encoded(size_t groups)
      : multipliers(groups), nibbles(groups * kScreenNibbleBytes), pairs(groups * kScreenPairBytes), norms(4) {}
  void Encode(const KernelTable& table, const float* row, const float* offsets, size_t groups,
              kernels::ScreenOrder order) {
    kernels::ScreenNorms found{};
    table.screen_encode(row, offsets, groups, order, {multipliers.data(), nibbles.data(), pairs.data()}, &found);
    norms[0] = found.scale, norms[1] = found.square;
    norms[2] = found.coarse_square, norms[3] = found.fine_square;
  }
  GuardedBuffer<uint8_t> multipliers, nibbles, pairs;
  GuardedBuffer<float> norms;
};

std::string CompareEncoded(const Case& where, const Encoded& expected, const Encoded& actual) {
  if (auto bad = Compare("multipliers", where, expected.multipliers, actual.multipliers); !bad.empty()) return bad;
  if (auto bad = Compare("nibbles", where, expected.nibbles, actual.nibbles); !bad.empty()) return bad;
  if (auto bad = Compare("pairs", where, expected.pairs, actual.pairs); !bad.empty()) return bad;
  return Compare("norms", where, expected.norms, actual.norms);
}

std::string CheckEncode(const KernelTable& table) {
  for (const size_t groups : kGroupCounts) {
    for (const Floats kind : kAllFloats) {
      for (const auto order : {kernels::kNibblesFirst, kernels::kPairsFirst}) {
        Random random(kSeed + groups);
        GuardedBuffer<float> row(groups * kScreenGroupColumns), offsets(groups * kScreenGroupColumns);
        FillFloats(row, kind, random);
        if (groups > 2) std::fill_n(row.data() + kScreenGroupColumns, kScreenGroupColumns, 0.0f);
        for (float& offset : offsets.span())
          offset = 31.5f + random.Uniform() * (order == kernels::kNibblesFirst ? 2 : 8);
        Encoded expected(groups), actual(groups);
        expected.Encode(kScalarTable, row.data(), offsets.data(), groups, order);
        actual.Encode(table, row.data(), offsets.data(), groups, order);
        const Case where = Case().With("groups", groups).With("values", kind).With("order", int(order));
        if (auto bad = CompareEncoded(where, expected, actual); !bad.empty()) return bad;
      }
    }
  }
  return "";
}

// Rows of random bytes, or of the largest codes, multipliers and activations there are.
struct PlaneCase {
  size_t groups, count;
  bool extreme, listed;
  size_t inputs;
};

template <class Kernel>
std::string ComparePlane(Kernel KernelTable::*kernel, size_t group_bytes, const PlaneCase& p,
                         const KernelTable& table) {
  Random random(kSeed + p.groups + p.count);
  const size_t padded = (p.groups + 15) / 16 * 16, rows = p.count + 3;
  GuardedBuffer<uint8_t> codes(rows * p.groups * group_bytes), multipliers(rows * padded);
  GuardedBuffer<int8_t> values(p.inputs * p.groups * kScreenGroupColumns);
  GuardedBuffer<float> offsets(p.inputs * padded), scales(rows), y(p.inputs * p.count), y2(y.size());
  for (uint8_t& code : codes.span()) code = p.extreme ? 255 : uint8_t(random.Bits());
  for (uint8_t& multiplier : multipliers.span()) multiplier = p.extreme ? 127 : uint8_t(random.Below(128));
  for (int8_t& value : values.span()) value = p.extreme ? int8_t(-127) : int8_t(int(random.Below(255)) - 127);
  for (size_t i = 0; i < offsets.size(); ++i) offsets[i] = i % padded < p.groups ? random.Uniform() * 1000 : 0.0f;
  for (float& scale : scales.span()) scale = random.Uniform();
  std::vector<uint32_t> list;
  for (size_t i = 0; i < p.count; ++i) list.push_back(uint32_t(i + random.Below(4)));
  const kernels::ScreenRows w = {codes.data(), p.groups * group_bytes, multipliers.data(),
                                 padded,       scales.data(),          p.groups};
  std::vector<kernels::ScreenInput> x, x2;
  for (size_t i = 0; i < p.inputs; ++i) {
    const int8_t* const input = values.data() + i * p.groups * kScreenGroupColumns;
    x.push_back({input, offsets.data() + i * padded, float(4 + i), y.data() + i * p.count});
    x2.push_back({input, offsets.data() + i * padded, float(4 + i), y2.data() + i * p.count});
  }
  const uint32_t* const chosen = p.listed ? list.data() : nullptr;
  (kScalarTable.*kernel)(w, x.data(), p.inputs, chosen, p.count);
  (table.*kernel)(w, x2.data(), p.inputs, chosen, p.count);
  const Case where = Case()
                         .With("groups", p.groups)
                         .With("count", p.count)
                         .With("extreme", p.extreme)
                         .With("listed", p.listed)
                         .With("inputs", p.inputs);
  return Compare("out", where, y, y2);
}

template <class Kernel>
std::string CheckPlane(Kernel KernelTable::*kernel, size_t group_bytes, const KernelTable& table) {
  for (const size_t groups : kGroupCounts) {
    for (const size_t count : {1, 2, 5}) {
      for (const bool extreme : {false, true}) {
        for (const bool listed : {false, true}) {
          for (const size_t inputs : {1, 2, 3, 4, 5, 8}) {
            const PlaneCase p = {groups, count, extreme, listed, inputs};
            if (auto bad = ComparePlane(kernel, group_bytes, p, table); !bad.empty()) return bad;
          }
        }
      }
    }
  }
  return "";
}

std::string CheckNibbles(const KernelTable& table) {
  return CheckPlane(&KernelTable::screen_nibbles, kScreenNibbleBytes, table);
}
std::string CheckPairs(const KernelTable& table) {
  return CheckPlane(&KernelTable::screen_pairs, kScreenPairBytes, table);
}

constexpr KernelCheck kChecks[] = {{"hadamard", CheckHadamard},
                                   {"screen_encode", CheckEncode},
                                   {"screen_nibbles", CheckNibbles},
                                   {"screen_pairs", CheckPairs}};

}  // namespace

std::span<const KernelCheck> ScreenChecks() { return kChecks; }

}  // namespace sterna::test
