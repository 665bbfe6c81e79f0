// SPDX-License-Identifier: Apache-2.0
#include "support/kernel_harness.h"
#include "unit/kernels/kernel_checks.h"

namespace sterna::test {
namespace {

using kernels::KernelTable;
using kernels::kScalarTable;

constexpr size_t kCounts[] = {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 127, 128, 129, 640, 2560, 6912};
constexpr uint64_t kSeed = 20261;

std::string QuantizeCase(const KernelTable& table, size_t count, Floats kind, float largest, size_t extra_stride) {
  Random random(kSeed + count);
  const size_t stride = (count + 127) / 128 * 128 + extra_stride;
  GuardedBuffer<float> x(count), scale(1), scale2(1);
  GuardedBuffer<int8_t> q(stride, 64), q2(stride, 64);
  GuardedBuffer<int32_t> sum(1), sum2(1);
  FillFloats(x, kind, random);
  if (kind == Floats::kTies) x[count / 2] = 127.0f;  // s = 1: every other value lies on a tie
  const bool beyond = kScalarTable.quantize_row(x.data(), count, largest, q.data(), stride, scale.data(), sum.data());
  const bool beyond2 = table.quantize_row(x.data(), count, largest, q2.data(), stride, scale2.data(), sum2.data());
  const Case where = Case()
                         .With("count", count)
                         .With("values", kind)
                         .With("largest", largest)
                         .With("stride", stride)
                         .With("seed", kSeed);
  if (beyond != beyond2) return where.text() + ": one says that a value lies beyond";
  if (auto bad = Compare("q", where, q, q2); !bad.empty()) return bad;
  if (auto bad = Compare("scale", where, scale, scale2); !bad.empty()) return bad;
  return Compare("sum", where, sum, sum2);
}

std::string CheckQuantizeRow(const KernelTable& table) {
  for (const size_t count : kCounts) {
    for (const Floats kind : kAllFloats) {
      for (const size_t extra : {size_t{0}, size_t{128}}) {
        for (const float largest : {0.0f, 1e-9f, 0.5f, 4.0f}) {
          if (auto bad = QuantizeCase(table, count, kind, largest, extra); !bad.empty()) return bad;
        }
      }
    }
  }
  return "";
}

std::string CheckRmsNorm(const KernelTable& table) {
  for (const size_t count : kCounts) {
    for (const Floats kind : kAllFloats) {
      Random random(kSeed + count);
      GuardedBuffer<float> x(count), in_place(count), gain(count), y(count), y2(count);
      FillFloats(x, kind, random);
      FillFloats(gain, Floats::kUnit, random);
      std::memcpy(in_place.data(), x.data(), count * sizeof(float));
      kScalarTable.rms_norm(x.data(), gain.data(), count, 1e-5f, y.data());
      table.rms_norm(x.data(), gain.data(), count, 1e-5f, y2.data());
      table.rms_norm(in_place.data(), gain.data(), count, 1e-5f, in_place.data());
      const Case where = Case().With("count", count).With("values", kind).With("seed", kSeed);
      if (auto bad = Compare("y", where, y, y2); !bad.empty()) return bad;
      if (auto bad = Compare("y in place", where, y, in_place); !bad.empty()) return bad;
    }
  }
  return "";
}

using RopeKernel = void (*KernelTable::*)(float*, size_t, size_t, size_t, const float*, const float*) noexcept;

template <RopeKernel kField>
std::string RopeCase(const KernelTable& table, size_t heads, size_t head_dim, size_t rotary, Floats kind) {
  Random random(kSeed + head_dim);
  GuardedBuffer<float> x(heads * head_dim), x2(heads * head_dim), cosines(rotary / 2), sines(rotary / 2);
  FillFloats(x, kind, random);
  std::memcpy(x2.data(), x.data(), x.size() * sizeof(float));
  FillFloats(cosines, Floats::kUnit, random);
  FillFloats(sines, Floats::kUnit, random);
  (kScalarTable.*kField)(x.data(), heads, head_dim, rotary, cosines.data(), sines.data());
  (table.*kField)(x2.data(), heads, head_dim, rotary, cosines.data(), sines.data());
  const Case where = Case().With("heads", heads).With("head_dim", head_dim).With("rotary", rotary).With("values", kind);
  return Compare("x", where, x, x2);
}

template <RopeKernel kField>
std::string CheckRope(const KernelTable& table) {
  for (const size_t heads : {size_t{1}, size_t{3}}) {
    for (const size_t head_dim : {size_t{2}, size_t{6}, size_t{16}, size_t{18}, size_t{64}, size_t{80}, size_t{128}}) {
      for (const Floats kind : kAllFloats) {
        if (auto bad = RopeCase<kField>(table, heads, head_dim, head_dim, kind); !bad.empty()) return bad;
        if (auto bad = RopeCase<kField>(table, heads, head_dim, (head_dim + 2) / 4 * 2, kind); !bad.empty()) return bad;
      }
    }
  }
  return "";
}

using TwoOperands = void (*KernelTable::*)(float*, const float*, size_t) noexcept;

template <TwoOperands kField>
std::string CheckTwoOperands(const KernelTable& table) {
  for (const size_t count : kCounts) {
    for (const Floats kind : kAllFloats) {
      for (const Floats other : {Floats::kUnit, Floats::kWithInfinity, kind}) {
        Random random(kSeed + count);
        GuardedBuffer<float> x(count), x2(count), y(count);
        FillFloats(x, kind, random);
        if (kind == Floats::kUnit) {
          for (float& value : x.span()) value *= 30.0f;  // silu: past the flat middle
        }
        std::memcpy(x2.data(), x.data(), count * sizeof(float));
        FillFloats(y, other, random);
        (kScalarTable.*kField)(x.data(), y.data(), count);
        (table.*kField)(x2.data(), y.data(), count);
        const Case where = Case().With("count", count).With("x", kind).With("y", other).With("seed", kSeed);
        if (auto bad = Compare("x", where, x, x2); !bad.empty()) return bad;
      }
    }
  }
  return "";
}

// A stride through all bit patterns, then every float around each place where something changes.
std::string CheckExp(const KernelTable& table) {
  constexpr size_t kCount = 1001;  // odd: tails in every call
  const float edges[] = {0.0f, -87.33654f, 88.722839f, 89.0f, 0.34657359f, -0.34657359f, 43.5f, 1e-8f, -103.98f};
  GuardedBuffer<float> x(kCount), y(kCount), y2(kCount);
  const auto compare = [&](uint32_t first, uint32_t step) {
    for (size_t i = 0; i < kCount; ++i) {
      const uint32_t bits = first + uint32_t(i) * step;
      std::memcpy(&x[i], &bits, sizeof bits);
    }
    kScalarTable.exp(x.data(), kCount, y.data());
    table.exp(x.data(), kCount, y2.data());
    return Compare("y", Case().With("first bits", first).With("step", step), y, y2);
  };
  constexpr uint32_t kStep = 5003;
  for (uint64_t first = 0; first < 1ull << 32; first += uint64_t{kStep} * kCount) {
    if (auto bad = compare(uint32_t(first), kStep); !bad.empty()) return bad;
  }
  for (const float edge : edges) {
    uint32_t bits;
    std::memcpy(&bits, &edge, sizeof bits);
    if (auto bad = compare(bits - uint32_t{kCount} / 2, 1); !bad.empty()) return bad;
  }
  return "";
}

constexpr KernelCheck kChecks[] = {
    {"quantize_row", CheckQuantizeRow},
    {"rms_norm", CheckRmsNorm},
    {"rope", CheckRope<&KernelTable::rope>},
    {"rope_pairs", CheckRope<&KernelTable::rope_pairs>},
    {"add", CheckTwoOperands<&KernelTable::add>},
    {"relu2_mul", CheckTwoOperands<&KernelTable::relu2_mul>},
    {"silu_mul", CheckTwoOperands<&KernelTable::silu_mul>},
    {"gelu_mul", CheckTwoOperands<&KernelTable::gelu_mul>},
    {"exp", CheckExp},
};

}  // namespace

std::span<const KernelCheck> RowChecks() { return kChecks; }

}  // namespace sterna::test
