// SPDX-License-Identifier: Apache-2.0
//
// The promise of equal bits, over one layer: threads, chunks, batches, tables and the size of pieces change nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernels/dispatch.h"
#include "platform/cpu_features.h"
#include "support/simde/emulated_tables.h"
#include "unit/backend/mini_model.h"

namespace sterna::test {
namespace {

constexpr uint32_t kTokens = 150;  // three KV blocks
const std::vector<uint32_t> kBlocks = {5, 0, 3};
const std::vector<uint32_t> kOtherBlocks = {1, 7, 2};

int32_t Token(uint32_t position, uint32_t sequence) {
  return int32_t((position * 31 + sequence * 17) % MiniModel::kVocabulary);
}

using Logits = std::vector<std::vector<float>>;  // of every position

// One sequence, `chunk` positions a step.
Logits RunAlone(const kernels::KernelTable& kernels, const MiniModelOptions& options, uint32_t chunk) {
  MiniModel model(kernels, options);
  Logits logits;
  for (uint32_t first = 0; first < kTokens; first += chunk) {
    BatchRows rows;
    rows.tables = {kBlocks};
    const uint32_t end = std::min(first + chunk, kTokens);
    for (uint32_t position = first; position < end; ++position) rows.Add(Token(position, 0), position, 0);
    model.Step(rows.batch());
    for (uint32_t i = 0; i < end - first; ++i) logits.push_back(model.Logits(i));
  }
  return logits;
}

bool SameLogits(const Logits& a, const Logits& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!std::equal(a[i].begin(), a[i].end(), b[i].begin(), b[i].end(), SameBits<float>)) return false;
  }
  return true;
}

const Logits& Reference(backend::KvType kv) {
  static const Logits f32 = RunAlone(kernels::kScalarTable, {.kv = backend::KvType::kF32}, 1);
  static const Logits f16 = RunAlone(kernels::kScalarTable, {.kv = backend::KvType::kF16}, 1);
  static const Logits q8 = RunAlone(kernels::kScalarTable, {.kv = backend::KvType::kQ8}, 1);
  return kv == backend::KvType::kF32 ? f32 : kv == backend::KvType::kF16 ? f16 : q8;
}

TEST(CpuBackendDeterminism, LogitsAreFiniteAndDifferByPosition) {
  const Logits& logits = Reference(backend::KvType::kF16);
  for (const auto& row : logits) {
    for (const float value : row) EXPECT_TRUE(std::isfinite(value));
  }
  EXPECT_NE(logits[0], logits[MiniModel::kVocabulary]);  // the same token at another position
}

TEST(CpuBackendDeterminism, KvTypesRoundDifferently) {
  EXPECT_FALSE(SameLogits(Reference(backend::KvType::kF32), Reference(backend::KvType::kF16)));
  EXPECT_FALSE(SameLogits(Reference(backend::KvType::kF32), Reference(backend::KvType::kQ8)));
}

TEST(CpuBackendDeterminism, ThreadsDoNotChangeLogits) {
  for (const uint32_t threads : {1u, 2u, 3u, 7u}) {
    for (const uint32_t chunk : {1u, 64u}) {
      EXPECT_TRUE(
          SameLogits(Reference(backend::KvType::kF16), RunAlone(kernels::kScalarTable, {.threads = threads}, chunk)))
          << threads << " threads, chunks of " << chunk;
    }
  }
}

TEST(CpuBackendDeterminism, ChunksDoNotChangeLogits) {
  for (const backend::KvType kv : {backend::KvType::kF32, backend::KvType::kF16, backend::KvType::kQ8}) {
    for (const uint32_t chunk : {7u, 64u, kTokens}) {
      EXPECT_TRUE(SameLogits(Reference(kv), RunAlone(kernels::kScalarTable, {.kv = kv}, chunk))) << chunk;
    }
  }
}

TEST(CpuBackendDeterminism, KernelTablesDoNotChangeLogits) {
  const platform::CpuFeatures cpu = platform::DetectCpu();
  for (const kernels::KernelTable* table : NativeAndEmulatedTables()) {
    if (!cpu.Has(table->needs)) continue;
    for (const backend::KvType kv : {backend::KvType::kF32, backend::KvType::kF16, backend::KvType::kQ8}) {
      for (const uint32_t chunk : {1u, kTokens}) {
        EXPECT_TRUE(SameLogits(Reference(kv), RunAlone(*table, {.threads = 2, .kv = kv}, chunk))) << table->isa;
      }
    }
  }
}

TEST(CpuBackendDeterminism, PieceSizesDoNotChangeLogits) {
  for (const uint32_t bytes : {1u, 32u, 1000u, 1u << 20}) {
    const MiniModelOptions options = {.threads = 2, .backend = {.work_item_bytes = bytes, .parallel_threshold = 0}};
    EXPECT_TRUE(SameLogits(Reference(backend::KvType::kF16), RunAlone(kernels::kScalarTable, options, 40))) << bytes;
  }
}

// Runs of positions far apart, `chunk` rows a step; blocks in between hold zeros. More blocks than a tile's window of
// partials has room for, even for one row.
Logits RunFarApart(const MiniModelOptions& options, uint32_t chunk) {
  std::vector<uint32_t> blocks;
  for (uint32_t block = 0; block < options.kv_blocks; ++block) blocks.push_back(options.kv_blocks - 1 - block);
  MiniModel model(kernels::kScalarTable, options);
  Logits logits;
  for (const uint32_t begin : {0u, 600u, 5000u}) {
    for (uint32_t first = begin; first < begin + 24; first += chunk) {
      BatchRows rows;
      rows.tables = {blocks};
      for (uint32_t position = first; position < first + chunk; ++position) rows.Add(Token(position, 0), position, 0);
      model.Step(rows.batch());
      for (uint32_t i = 0; i < chunk; ++i) logits.push_back(model.Logits(i));
    }
  }
  return logits;
}

TEST(CpuBackendDeterminism, ThreadsAndChunksDoNotChangeLogitsAfterManyBlocks) {
  const Logits expected = RunFarApart({.kv_blocks = 80}, 1);
  for (const uint32_t threads : {1u, 2u, 5u}) {
    for (const uint32_t chunk : {1u, 4u, 24u}) {
      EXPECT_TRUE(SameLogits(expected, RunFarApart({.threads = threads, .kv_blocks = 80}, chunk)))
          << threads << " threads, chunks of " << chunk;
    }
  }
}

TEST(CpuBackendDeterminism, SkippingZerosDoesNotChangeLogits) {
  const platform::CpuFeatures cpu = platform::DetectCpu();
  for (const kernels::KernelTable* table : kernels::AllTables()) {
    if (!cpu.Has(table->needs)) continue;
    for (const bool skip_zeros : {false, true}) {
      for (const uint32_t threads : {1u, 2u, 3u, 7u}) {
        MiniModelOptions options = {.threads = threads};
        options.backend.skip_zeros = skip_zeros;
        EXPECT_TRUE(SameLogits(Reference(backend::KvType::kF16), RunAlone(*table, options, 1)))
            << table->isa << ", skip_zeros " << skip_zeros << ", " << threads << " threads";
      }
    }
  }
}

TEST(CpuBackendDeterminism, AnotherSequenceInTheBatchDoesNotChangeLogits) {
  MiniModel model(kernels::kScalarTable, {.threads = 2});
  Logits logits;
  for (uint32_t first = 0; first < kTokens; first += 10) {
    BatchRows rows;
    rows.tables = {kOtherBlocks, kBlocks};
    for (uint32_t position = first; position < first + 10; ++position) {
      rows.Add(Token(position, 1), position, 0);
      rows.Add(Token(position, 0), position, 1);
    }
    model.Step(rows.batch());
    for (uint32_t i = 0; i < 10; ++i) logits.push_back(model.Logits(2 * i + 1));
  }
  EXPECT_TRUE(SameLogits(Reference(backend::KvType::kF16), logits));
}

TEST(CpuBackendDeterminism, OnlyTheWantedRowsGetLogits) {
  MiniModel model(kernels::kScalarTable, {});
  BatchRows rows;
  rows.tables = {kBlocks};
  for (uint32_t position = 0; position < kTokens; ++position) rows.Add(Token(position, 0), position, 0);
  rows.outputs = {9, kTokens - 1};
  model.Step(rows.batch());
  EXPECT_EQ(Reference(backend::KvType::kF16)[9], model.Logits(0));
  EXPECT_EQ(Reference(backend::KvType::kF16)[kTokens - 1], model.Logits(1));
}

}  // namespace
}  // namespace sterna::test
