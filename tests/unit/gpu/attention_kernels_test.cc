// SPDX-License-Identifier: Apache-2.0
//
// Keys and values in blocks, and attention over them, give the bits of the scalar table.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "gpu/emulator/emulator.h"
#include "gpu/kernels/attention.h"
#include "kernels/table.h"
#include "support/kernel_harness.h"

namespace sterna::gpu {
namespace {

using kernels::kScalarTable;
using test::Case;
using test::Compare;
using test::Floats;
using test::GuardedBuffer;

struct Storage {
  kernels::KvType type;
  size_t element_bytes;
  const EmulatedKernel& store;
  const EmulatedKernel& attend;
};
constexpr Storage kStorages[] = {{kernels::kKvF32, 4, kStoreKvF32, kAttendF32},
                                 {kernels::kKvF16, 2, kStoreKvF16, kAttendF16},
                                 {kernels::kKvQ8, 1, kStoreKvQ8, kAttendQ8}};

struct Shape {
  uint32_t kv_heads, group, head_dim, window;
  std::vector<uint32_t> lengths;  // of the sequences; a step computes all their rows at once
};

constexpr uint32_t kLayers = 2, kLayer = 1;
constexpr size_t kAttendedRows = 5;  // the last of a step; keys and values of all are stored

// The rows of a step, and the two stores of keys and values that are to become equal.
class Attention {
 public:
  Attention(const Storage& storage, Shape shape, uint64_t seed)
      : storage_(storage), shape_(std::move(shape)), emulator_(seed), random_(seed + 1) {
    uint32_t blocks = 0;
    for (const uint32_t length : shape_.lengths) {
      for (uint32_t position = 0; position < length; ++position) {
        positions_.push_back(position);
        tables_.push_back(blocks);
      }
      blocks += (length + kKvTokens - 1) / kKvTokens;
    }
    // Blocks lie in the store from the last to the first.
    for (uint32_t block = 0; block < blocks; ++block) blocks_.push_back(blocks - 1 - block);
    part_bytes_ = (shape_.head_dim * kKvTokens * storage.element_bytes + 63) / 64 * 64;
    region_bytes_ = 2 * part_bytes_ + (storage.type == kernels::kKvQ8 ? 2 * 4 * kKvTokens : 0);
    store_bytes_ = size_t{blocks} * kLayers * shape_.kv_heads * region_bytes_;
  }

  void Check(Floats kind) {
    const uint32_t kv_columns = shape_.kv_heads * shape_.head_dim, columns = kv_columns * shape_.group;
    GuardedBuffer<float> keys(rows() * kv_columns), values(rows() * kv_columns), queries(rows() * columns);
    for (auto* buffer : {&keys, &values, &queries}) test::FillFloats(*buffer, kind, random_);
    GuardedBuffer<uint8_t> expected_store(store_bytes_, 64), store(store_bytes_, 64);
    GuardedBuffer<float> expected(rows() * columns), out(rows() * columns);
    StoreScalar(keys, values, expected_store);
    AttendScalar(queries, expected_store, expected);

    const KvArgs kv = {store.data(),    part_bytes_,     region_bytes_,     kLayers,        kLayer,
                       shape_.kv_heads, shape_.head_dim, positions_.data(), tables_.data(), blocks_.data()};
    const StoreKvArgs store_args = {kv, keys.data(), values.data(), kv_columns, kv_columns};
    Status status =
        emulator_.Run(storage_.store, {shape_.kv_heads, uint32_t(rows())}, kStoreKvSharedBytes, &store_args);
    ASSERT_TRUE(status.ok()) << status.ToString();
    const Case where = Case().With("storage", int(storage_.type)).With("head_dim", shape_.head_dim).With("kind", kind);
    EXPECT_EQ(Compare("store", where, expected_store, store), "");
    const size_t first = first_attended(), at = first * columns;
    KvArgs attended = kv;
    attended.positions += first;
    attended.tables += first;
    const AttendArgs args = {attended, queries.data() + at, out.data() + at, columns,
                             columns,  shape_.group,        shape_.window,   softmax_scale()};
    status = emulator_.Run(storage_.attend, {shape_.kv_heads * shape_.group, uint32_t(rows() - first)},
                           AttendSharedBytes(shape_.head_dim), &args);
    ASSERT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(Compare("out", where, expected, out), "");
  }

 private:
  size_t rows() const { return positions_.size(); }
  size_t first_attended() const { return rows() - std::min(rows(), kAttendedRows); }
  float softmax_scale() const { return 1.0f / std::sqrt(float(shape_.head_dim)); }

  kernels::KvBlock Block(GuardedBuffer<uint8_t>& store, size_t row, uint32_t block, uint32_t head) const {
    const size_t region = (size_t{blocks_[tables_[row] + block]} * kLayers + kLayer) * shape_.kv_heads + head;
    uint8_t* const start = store.data() + region * region_bytes_;
    auto* const scales = reinterpret_cast<float*>(start + 2 * part_bytes_);
    return {start, start + part_bytes_, scales, scales + kKvTokens};
  }

  void StoreScalar(GuardedBuffer<float>& keys, GuardedBuffer<float>& values, GuardedBuffer<uint8_t>& store) const {
    for (size_t row = 0; row < rows(); ++row) {
      for (uint32_t head = 0; head < shape_.kv_heads; ++head) {
        const size_t at = (row * shape_.kv_heads + head) * shape_.head_dim;
        kScalarTable.store_kv[storage_.type](keys.data() + at, values.data() + at, shape_.head_dim,
                                             Block(store, row, positions_[row] / kKvTokens, head),
                                             positions_[row] % kKvTokens);
      }
    }
  }

  void AttendScalar(GuardedBuffer<float>& queries, GuardedBuffer<uint8_t>& store, GuardedBuffer<float>& out) const {
    const uint32_t heads = shape_.kv_heads * shape_.group, head_dim = shape_.head_dim;
    std::vector<float> partials(2 * (kernels::kPartialHeader + head_dim));
    float* const so_far = partials.data();
    float* const next = so_far + kernels::kPartialHeader + head_dim;
    for (size_t row = first_attended(); row < rows(); ++row) {
      const uint32_t position = positions_[row];
      const uint32_t seen = shape_.window > 0 && position >= shape_.window ? position + 1 - shape_.window : 0;
      for (uint32_t head = 0; head < heads; ++head) {
        const size_t at = (row * heads + head) * head_dim;
        for (uint32_t block = seen / kKvTokens; block <= position / kKvTokens; ++block) {
          kernels::KvBlock kv = Block(store, row, block, head / shape_.group);
          const bool first = block == seen / kKvTokens;
          kv.first = first ? seen % kKvTokens : 0;
          kScalarTable.attend_block[storage_.type](queries.data() + at, 1, head_dim, kv,
                                                   std::min(kKvTokens, position + 1 - block * kKvTokens), head_dim,
                                                   softmax_scale(), first ? so_far : next, 0);
          if (!first) kScalarTable.attend_merge(so_far, next, 1, 0, head_dim);
        }
        kScalarTable.attend_finish(so_far, head_dim, out.data() + at);
      }
    }
  }

  const Storage& storage_;
  const Shape shape_;
  Emulator emulator_;
  test::Random random_;
  std::vector<uint32_t> positions_, tables_, blocks_;
  size_t part_bytes_ = 0, region_bytes_ = 0, store_bytes_ = 0;
};

TEST(GpuKernels, AttentionEqualsScalar) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Storage& storage = kStorages[seed % 3];
    Attention(storage, {2, 1, 8, 0, {3, 1}}, seed).Check(Floats::kUnit);
  }
}

TEST(GpuKernels, AttentionOfAnyShapeEqualsScalar) {
  for (const Storage& storage : kStorages) {
    Attention(storage, {1, 3, 5, 0, {2}}, 1).Check(Floats::kWide);
    Attention(storage, {1, 1, 70, 0, {1, 2}}, 2).Check(Floats::kUnit);
  }
}

TEST(GpuKernels, AttentionOverSeveralBlocksAndAWindowEqualsScalar) {
  for (const Storage& storage : kStorages) {
    Attention(storage, {1, 1, 4, 0, {131}}, 3).Check(Floats::kUnit);
    Attention(storage, {1, 1, 4, 65, {140}}, 4).Check(Floats::kUnit);
  }
}

TEST(GpuKernels, AttentionEqualsScalarOnOddNumbers) {
  for (const Storage& storage : kStorages) {
    for (const Floats kind : test::kAllFloats) Attention(storage, {1, 2, 6, 0, {4}}, 5).Check(kind);
  }
}

}  // namespace
}  // namespace sterna::gpu
