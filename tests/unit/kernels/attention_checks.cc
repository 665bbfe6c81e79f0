// SPDX-License-Identifier: Apache-2.0
#include "support/kernel_harness.h"
#include "unit/kernels/kernel_checks.h"

namespace sterna::test {
namespace {

using kernels::KernelTable;
using kernels::kKvBlockTokens;
using kernels::kPartialHeader;
using kernels::kScalarTable;
using kernels::KvType;

constexpr uint64_t kSeed = 40961;
constexpr size_t kHeadDims[] = {1, 3, 7, 8, 9, 16, 17, 32, 40, 64, 80, 127, 128};
constexpr size_t kKvElementBytes[] = {4, 2, 1};

// A block whose four parts each end at a guard page.
struct GuardedBlock {
  GuardedBlock(KvType type, size_t head_dim)
      : keys(head_dim * kKvBlockTokens * kKvElementBytes[type]),
        values(keys.size()),
        key_scales(kKvBlockTokens),
        value_scales(kKvBlockTokens),
        block{keys.data(), values.data(), key_scales.data(), value_scales.data()} {}
  GuardedBuffer<uint8_t> keys, values;
  GuardedBuffer<float> key_scales, value_scales;
  kernels::KvBlock block;
};

std::string CompareBlocks(const Case& where, KvType type, const GuardedBlock& expected, const GuardedBlock& actual) {
  if (auto bad = Compare("keys", where, expected.keys, actual.keys); !bad.empty()) return bad;
  if (auto bad = Compare("values", where, expected.values, actual.values); !bad.empty()) return bad;
  if (type != kernels::kKvQ8) return "";
  if (auto bad = Compare("key_scales", where, expected.key_scales, actual.key_scales); !bad.empty()) return bad;
  return Compare("value_scales", where, expected.value_scales, actual.value_scales);
}

template <KvType kType>
std::string CheckStoreKv(const KernelTable& table) {
  for (const size_t head_dim : kHeadDims) {
    for (const Floats kind : kAllFloats) {
      if (kType != kernels::kKvQ8 && kind == Floats::kWithNan) continue;  // stored NaN bits are not promised
      for (const size_t slot : {size_t{0}, size_t{5}, size_t{63}}) {
        Random random(kSeed + head_dim);
        GuardedBuffer<float> key(head_dim), value(head_dim);
        FillFloats(key, kind, random);
        FillFloats(value, kind, random);
        GuardedBlock expected(kType, head_dim), actual(kType, head_dim);
        kScalarTable.store_kv[kType](key.data(), value.data(), head_dim, expected.block, slot);
        table.store_kv[kType](key.data(), value.data(), head_dim, actual.block, slot);
        const Case where =
            Case().With("head_dim", head_dim).With("values", kind).With("slot", slot).With("seed", kSeed);
        if (auto bad = CompareBlocks(where, kType, expected, actual); !bad.empty()) return bad;
      }
    }
  }
  return "";
}

struct Attention {
  size_t heads, tokens, head_dim;
  Floats queries, stored;
  size_t first = 0;
};

template <KvType kType>
std::string CompareAttention(const Attention& a, const KernelTable& table) {
  Random random(kSeed + a.heads * 7 + a.tokens * 3 + a.head_dim);
  GuardedBlock kv(kType, a.head_dim);
  for (uint8_t& byte : kv.keys.span()) byte = 0xff;  // unwritten slots: NaN where the type has it
  for (uint8_t& byte : kv.values.span()) byte = 0xff;
  for (float& scale : kv.key_scales.span()) scale = std::numeric_limits<float>::quiet_NaN();
  for (float& scale : kv.value_scales.span()) scale = std::numeric_limits<float>::quiet_NaN();
  GuardedBuffer<float> key(a.head_dim), value(a.head_dim);
  for (size_t slot = 0; slot < a.tokens; ++slot) {
    FillFloats(key, a.stored, random);
    FillFloats(value, a.stored, random);
    kScalarTable.store_kv[kType](key.data(), value.data(), a.head_dim, kv.block, slot);
  }
  kv.block.first = a.first;
  const size_t q_stride = a.head_dim + 2, partial_stride = kPartialHeader + a.head_dim + 3;
  GuardedBuffer<float> q((a.heads - 1) * q_stride + a.head_dim);
  FillFloats(q, a.queries, random);
  GuardedBuffer<float> partials((a.heads - 1) * partial_stride + kPartialHeader + a.head_dim);
  GuardedBuffer<float> partials2(partials.size());
  kScalarTable.attend_block[kType](q.data(), a.heads, q_stride, kv.block, a.tokens, a.head_dim, 0.31f, partials.data(),
                                   partial_stride);
  table.attend_block[kType](q.data(), a.heads, q_stride, kv.block, a.tokens, a.head_dim, 0.31f, partials2.data(),
                            partial_stride);
  const Case where = Case()
                         .With("heads", a.heads)
                         .With("tokens", a.tokens)
                         .With("first", a.first)
                         .With("head_dim", a.head_dim)
                         .With("queries", a.queries)
                         .With("stored", a.stored)
                         .With("seed", kSeed);
  return Compare("partials", where, partials, partials2);
}

template <KvType kType>
std::string CheckAttendBlock(const KernelTable& table) {
  for (const size_t tokens : {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 63, 64}) {
    for (size_t heads = 1; heads <= 9; ++heads) {
      for (const size_t first : {size_t{0}, tokens / 2, tokens - 1}) {
        const Attention attention = {heads, tokens, 40, Floats::kUnit, Floats::kUnit, first};
        if (auto bad = CompareAttention<kType>(attention, table); !bad.empty()) return bad;
      }
    }
    for (const size_t head_dim : kHeadDims) {
      const size_t heads = 1 + head_dim % 5;
      const Attention attention = {heads, tokens, head_dim, Floats::kUnit, Floats::kUnit};
      if (auto bad = CompareAttention<kType>(attention, table); !bad.empty()) return bad;
    }
    for (const Floats queries : kAllFloats) {
      for (const Floats stored : kAllFloats) {
        const Attention attention = {2, tokens, 17, queries, stored};
        if (auto bad = CompareAttention<kType>(attention, table); !bad.empty()) return bad;
      }
    }
  }
  return "";
}

std::string CompareMerges(const KernelTable& table, size_t head_dim, size_t count, Floats kind) {
  Random random(kSeed + head_dim);
  const size_t floats = kPartialHeader + head_dim, stride = floats + 3;
  GuardedBuffer<float> into(floats), into2(floats), next((count - 1) * stride + floats);
  FillFloats(into, kind, random);
  FillFloats(next, kind, random);
  const auto make_number = [](float& maximum) {  // a maximum is never NaN
    if (maximum != maximum) maximum = 1.5f;
  };
  make_number(into[0]);
  for (size_t i = 0; i < count; ++i) make_number(next[i * stride]);
  std::memcpy(into2.data(), into.data(), floats * sizeof(float));
  kScalarTable.attend_merge(into.data(), next.data(), count, stride, head_dim);
  table.attend_merge(into2.data(), next.data(), count, stride, head_dim);
  const Case where = Case().With("head_dim", head_dim).With("count", count).With("values", kind).With("seed", kSeed);
  return Compare("into", where, into, into2);
}

std::string CheckAttendMerge(const KernelTable& table) {
  for (const size_t head_dim : kHeadDims) {
    for (const size_t count : {1, 2, 3, 7, 8, 9, 63, 64, 65, 130}) {
      for (const Floats kind : kAllFloats) {
        if (auto bad = CompareMerges(table, head_dim, count, kind); !bad.empty()) return bad;
      }
    }
  }
  return "";
}

std::string CheckAttendFinish(const KernelTable& table) {
  for (const size_t head_dim : kHeadDims) {
    for (const Floats kind : kAllFloats) {
      Random random(kSeed + head_dim);
      GuardedBuffer<float> partial(kPartialHeader + head_dim), y(head_dim), y2(head_dim);
      FillFloats(partial, kind, random);
      kScalarTable.attend_finish(partial.data(), head_dim, y.data());
      table.attend_finish(partial.data(), head_dim, y2.data());
      const Case where = Case().With("head_dim", head_dim).With("values", kind).With("seed", kSeed);
      if (auto bad = Compare("out", where, y, y2); !bad.empty()) return bad;
    }
  }
  return "";
}

constexpr KernelCheck kChecks[] = {
    {"store_kv.F32", CheckStoreKv<kernels::kKvF32>},
    {"store_kv.F16", CheckStoreKv<kernels::kKvF16>},
    {"store_kv.Q8", CheckStoreKv<kernels::kKvQ8>},
    {"attend_block.F32", CheckAttendBlock<kernels::kKvF32>},
    {"attend_block.F16", CheckAttendBlock<kernels::kKvF16>},
    {"attend_block.Q8", CheckAttendBlock<kernels::kKvQ8>},
    {"attend_merge", CheckAttendMerge},
    {"attend_finish", CheckAttendFinish},
};

}  // namespace

std::span<const KernelCheck> AttentionChecks() { return kChecks; }

}  // namespace sterna::test
