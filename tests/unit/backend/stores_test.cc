// SPDX-License-Identifier: Apache-2.0
//
// What lies behind the CPU backend: repacked weights, the KV store, the rotary table, the arena.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "backend/cpu/kv_store.h"
#include "backend/cpu/packed_weights.h"
#include "backend/cpu/rope_table.h"
#include "backend/cpu/ternary_weights.h"
#include "unit/backend/mini_model.h"

namespace sterna::backend {
namespace {

using quant::I2sLayout;
using quant::TensorType;
using test::Random;
using test::StoredTernary;

// Code of column k of a row in the kernels' layout.
int CodeAt(const TernaryMatrix& w, size_t row, size_t k) {
  const size_t block = k / 128, j = k % 128;
  return w.codes[row * w.row_bytes() + block * 32 + j % 32] >> (6 - 2 * (j / 32)) & 3;
}

void ExpectRepacked(TensorType type, I2sLayout layout, size_t rows, size_t columns) {
  Random random(rows * 1000 + columns);
  const StoredTernary stored(rows, columns, random, type, layout);
  WeightArena arena;
  const auto pool = *platform::ThreadPool::Create(3);
  const auto w = RepackTernary(stored.source, 2.0f, arena, *pool);
  ASSERT_TRUE(w.ok()) << w.status().message();
  EXPECT_EQ(1.5f, w->scale);
  EXPECT_EQ(nullptr, w->group_scales);
  EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(w->codes) % 64);
  for (size_t row = 0; row < rows; ++row) {
    for (size_t k = 0; k < w->blocks * 128; ++k) {
      const int expected = k < columns ? stored.codes[row * columns + k] : 1;
      ASSERT_EQ(expected, CodeAt(*w, row, k)) << "row " << row << ", column " << k;
    }
  }
}

TEST(RepackTernary, KeepsTheCodesOfTheX86Layout) { ExpectRepacked(TensorType::kI2_S, I2sLayout::kX86, 7, 384); }

TEST(RepackTernary, PadsRowsThatAreNoMultipleOf128WithZeroWeights) {
  ExpectRepacked(TensorType::kI2_S, I2sLayout::kX86, 4, 160);
}

TEST(RepackTernary, KeepsTheCodesOfTheNeonLayout) { ExpectRepacked(TensorType::kI2_S, I2sLayout::kNeon, 6, 320); }

TEST(RepackTernary, KeepsTheCodesOfTheFourRowLayout) { ExpectRepacked(TensorType::kI2_S, I2sLayout::kRows4, 8, 100); }

TEST(RepackTernary, KeepsTheCodesOfTq1) { ExpectRepacked(TensorType::kTQ1_0, I2sLayout::kX86, 5, 512); }

TEST(RepackTernary, KeepsTheCodesOfTq2) { ExpectRepacked(TensorType::kTQ2_0, I2sLayout::kX86, 5, 256); }

TEST(RepackTernary, KeepsALargeMatrixRepackedInPieces) {
  ExpectRepacked(TensorType::kI2_S, I2sLayout::kX86, 1030, 1280);
}

void ExpectRepackedByInput(TensorType type, I2sLayout layout, size_t rows, size_t columns) {
  Random random(rows * 1000 + columns);
  const StoredTernary stored(rows, columns, random, type, layout);
  WeightArena arena;
  const auto pool = *platform::ThreadPool::Create(3);
  const auto w = RepackTernaryByInput(stored.source, 2.0f, arena, *pool);
  ASSERT_TRUE(w.ok()) << w.status().message();
  const kernels::TernaryColumns view = w->Columns();
  EXPECT_EQ(1.5f, view.scale);
  EXPECT_EQ(rows, view.outputs);
  EXPECT_EQ((columns + 3) / 4 * 4, view.inputs);
  EXPECT_EQ((rows + 127) / 128, view.blocks);
  EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(view.codes) % 64);
  for (size_t k = 0; k < view.inputs; ++k) {
    for (size_t row = 0; row < view.blocks * 128; ++row) {
      const size_t j = row % 128;
      const int code = view.codes[(k * view.blocks + row / 128) * 32 + j % 32] >> (6 - 2 * (j / 32)) & 3;
      const int expected = row < rows && k < columns ? stored.codes[row * columns + k] : 1;
      ASSERT_EQ(expected, code) << "row " << row << ", column " << k;
    }
  }
}

TEST(RepackTernaryByInput, PutsTheCodesOfAnInputTogether) {
  ExpectRepackedByInput(TensorType::kI2_S, I2sLayout::kX86, 256, 384);
}

TEST(RepackTernaryByInput, PadsOutputsAndInputsWithZeroWeights) {
  ExpectRepackedByInput(TensorType::kI2_S, I2sLayout::kRows4, 140, 90);
}

TEST(RepackTernaryByInput, TakesTq1AndTq2WithOneScale) {
  ExpectRepackedByInput(TensorType::kTQ1_0, I2sLayout::kX86, 5, 512);
  ExpectRepackedByInput(TensorType::kTQ2_0, I2sLayout::kX86, 130, 256);
}

TEST(RepackTernaryByInput, LeavesAMatrixWithGroupScalesStoredByRow) {
  Random random(5);
  StoredTernary stored(2, 512, random, TensorType::kTQ2_0);
  stored.bytes[65] = std::byte{0x30};
  stored.source.bytes = stored.bytes;
  WeightArena arena;
  const auto pool = *platform::ThreadPool::Create(1);
  const auto w = RepackTernaryByInput(stored.source, 1.0f, arena, *pool);
  ASSERT_TRUE(w.ok()) << w.status().message();
  EXPECT_FALSE(w->by_input);
  EXPECT_NE(nullptr, w->group_scales);
}

// Bytes at a multiple of 64, as a mapped file has them.
AlignedBuffer AlignedCopy(std::span<const std::byte> bytes) {
  AlignedBuffer copy = *AlignedBuffer::Create(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.data());
  return copy;
}

TEST(PackedWeights, AreReadInPlaceOrCopiedWithTheSameBytes) {
  Random random(11);
  const StoredTernary stored(140, 90, random, TensorType::kI2_S, I2sLayout::kRows4);
  WeightArena arena;
  const auto pool = *platform::ThreadPool::Create(2);
  for (const auto repack : {RepackTernary, RepackTernaryByInput}) {
    const auto made = repack(stored.source, 2.0f, arena, *pool);
    ASSERT_TRUE(made.ok());
    PackedTernary packed = AsPacked(*made);
    EXPECT_EQ(made->by_input, packed.by_input);
    const AlignedBuffer file = AlignedCopy(packed.codes);
    packed.codes = {file.data(), file.size()};
    for (const bool copy : {false, true}) {
      const auto taken = TakePacked(packed, copy, arena, *pool);
      ASSERT_TRUE(taken.ok()) << taken.status().message();
      EXPECT_EQ(!copy, reinterpret_cast<const std::byte*>(taken->codes) == file.data());
      EXPECT_EQ(1.5f, taken->scale);
      EXPECT_EQ(made->row_bytes(), taken->row_bytes());
      const PackedTernary again = AsPacked(*taken);
      EXPECT_TRUE(std::equal(file.data(), file.data() + file.size(), again.codes.begin(), again.codes.end()));
    }
  }
}

TEST(PackedWeights, ThatAreNotAlignedAreCopied) {
  const AlignedBuffer file = *AlignedBuffer::Create(4 * 32 + 1);
  WeightArena arena;
  const auto pool = *platform::ThreadPool::Create(1);
  PackedTernary packed;
  packed.rows = 4;
  packed.columns = 128;
  packed.codes = {file.data() + 1, 4 * 32};
  const auto taken = TakePacked(packed, /*copy=*/false, arena, *pool);
  ASSERT_TRUE(taken.ok());
  EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(taken->codes) % 64);
}

TEST(PackedWeights, RefuseSizesThatDoNotFitTheShape) {
  const AlignedBuffer file = *AlignedBuffer::Create(4 * 64);
  WeightArena arena;
  const auto pool = *platform::ThreadPool::Create(1);
  const std::vector<float> scales(4);
  PackedTernary packed;
  packed.rows = 4;
  packed.columns = 256;
  packed.codes = {file.data(), file.size()};
  packed.group_scales = scales;
  EXPECT_TRUE(TakePacked(packed, true, arena, *pool).ok());
  packed.group_scales = std::span(scales).first(3);
  EXPECT_EQ(StatusCode::kInvalidArgument, TakePacked(packed, true, arena, *pool).status().code());
  packed.group_scales = {};
  packed.row_scales = scales;
  EXPECT_TRUE(TakePacked(packed, true, arena, *pool).ok());
  packed.group_scales = scales;
  EXPECT_EQ(StatusCode::kInvalidArgument, TakePacked(packed, true, arena, *pool).status().code());
  packed.group_scales = {};
  packed.row_scales = std::span(scales).first(3);
  EXPECT_EQ(StatusCode::kInvalidArgument, TakePacked(packed, true, arena, *pool).status().code());
  packed.row_scales = {};
  for (const uint32_t columns : {100u, 0u, 32u, 128u}) {  // 128 fits, but there are no scales of its groups
    packed.group_columns = columns;
    EXPECT_EQ(StatusCode::kInvalidArgument, TakePacked(packed, true, arena, *pool).status().code());
  }
  packed.group_columns = 256;
  packed.codes = {file.data(), file.size() - 1};
  EXPECT_EQ(StatusCode::kInvalidArgument, TakePacked(packed, true, arena, *pool).status().code());
  packed.codes = {file.data(), file.size()};
  packed.by_input = true;
  EXPECT_EQ(StatusCode::kInvalidArgument, TakePacked(packed, true, arena, *pool).status().code());
}

TEST(WeightArena, GivesAlignedZeroedMemoryThatDoesNotOverlap) {
  WeightArena arena;
  std::vector<std::pair<std::byte*, size_t>> taken;
  for (const size_t size : {1, 64, 1000, 70000, 3, 3000000, 5}) {
    const auto bytes = arena.Take(size);
    ASSERT_TRUE(bytes.ok());
    EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(*bytes) % 64);
    for (size_t i = 0; i < size; ++i) ASSERT_EQ(std::byte{0}, (*bytes)[i]);
    std::fill(*bytes, *bytes + size, std::byte(taken.size() + 1));
    taken.emplace_back(*bytes, size);
  }
  for (size_t n = 0; n < taken.size(); ++n) {
    for (size_t i = 0; i < taken[n].second; ++i) ASSERT_EQ(std::byte(n + 1), taken[n].first[i]);
  }
}

TEST(KvStore, KeepsItsPartsApart) {
  for (const KvType type : {KvType::kF32, KvType::kF16, KvType::kQ8}) {
    auto store = KvStore::Create({2, 3, 5, 4, type});
    ASSERT_TRUE(store.ok());
    const size_t element_bytes = type == KvType::kF32 ? 4 : type == KvType::kF16 ? 2 : 1;
    uintptr_t end = 0;
    for (uint32_t block = 0; block < 4; ++block) {
      for (uint32_t layer = 0; layer < 2; ++layer) {
        for (uint32_t head = 0; head < 3; ++head) {
          const kernels::KvBlock kv = store->At(block, layer, head);
          const auto keys = reinterpret_cast<uintptr_t>(kv.keys), values = reinterpret_cast<uintptr_t>(kv.values);
          EXPECT_GE(keys, end);
          EXPECT_EQ(0u, keys % 64);
          EXPECT_GE(values, keys + 5 * 64 * element_bytes);
          EXPECT_EQ(0u, values % 64);
          end = values + 5 * 64 * element_bytes;
          if (type != KvType::kQ8) continue;
          EXPECT_GE(reinterpret_cast<uintptr_t>(kv.key_scales), end);
          EXPECT_EQ(kv.key_scales + 64, kv.value_scales);
          end = reinterpret_cast<uintptr_t>(kv.value_scales + 64);
        }
      }
    }
    EXPECT_EQ(store->size_bytes(), end - reinterpret_cast<uintptr_t>(store->At(0, 0, 0).keys));
  }
}

TEST(RopeTable, HoldsCosineAndSineOfTheFloatAngle) {
  constexpr uint32_t kRotary = 16;
  const auto pool = *platform::ThreadPool::Create(2);
  const auto table = RopeTable::Create(500, 20, kRotary, 500000.0f, *pool);
  ASSERT_TRUE(table.ok());
  for (const uint32_t position : {0u, 1u, 17u, 499u}) {
    for (uint32_t i = 0; i < kRotary / 2; ++i) {
      const auto frequency = float(1.0 / std::pow(500000.0, 2.0 * i / kRotary));
      const auto angle = double(float(position) * frequency);
      EXPECT_NEAR(std::cos(angle), double(table->Cosines(position)[i]), 0x1p-24);
      EXPECT_NEAR(std::sin(angle), double(table->Sines(position)[i]), 0x1p-24);
    }
  }
}

}  // namespace
}  // namespace sterna::backend
