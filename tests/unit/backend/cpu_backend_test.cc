// SPDX-License-Identifier: Apache-2.0
//
// What the CPU backend refuses, plans and counts.
#include "backend/cpu/cpu_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <limits>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "unit/backend/mini_model.h"

namespace sterna::backend {
namespace {

using test::BatchRows;
using test::MiniModel;
using test::Random;
using test::StoredTernary;
using testing::HasSubstr;

class CpuBackendTest : public testing::Test {
 protected:
  std::unique_ptr<platform::ThreadPool> pool_ = *platform::ThreadPool::Create(2);
  std::unique_ptr<CpuBackend> backend_ = CpuBackend::Create(kernels::kScalarTable, *pool_);
};

TEST_F(CpuBackendTest, RefusesAMatrixWithACodeOf3) {
  Random random(1);
  StoredTernary stored(4, 128, random);
  stored.bytes[5] |= std::byte{0xc0};
  stored.source.bytes = stored.bytes;
  const auto id = backend_->AddTernary(stored.source, 1.0f);
  ASSERT_FALSE(id.ok());
  EXPECT_EQ(StatusCode::kCorrupt, id.status().code());
}

TEST_F(CpuBackendTest, RefusesAScaleFactorThatMakesTheScaleInfinite) {
  Random random(1);
  const StoredTernary stored(4, 128, random);
  const auto id = backend_->AddTernary(stored.source, std::numeric_limits<float>::infinity());
  ASSERT_FALSE(id.ok());
  EXPECT_EQ(StatusCode::kCorrupt, id.status().code());
}

TEST_F(CpuBackendTest, RefusesADenseMatrixWithTooFewBytes) {
  const std::vector<std::byte> bytes(99);
  const auto id = backend_->AddDense(quant::TensorType::kF16, 5, 10, bytes);
  ASSERT_FALSE(id.ok());
  EXPECT_EQ(StatusCode::kInvalidArgument, id.status().code());
  EXPECT_THAT(id.status().message(), HasSubstr("take 100 bytes; 99 were given"));
}

TEST_F(CpuBackendTest, RefusesADenseTypeItCannotDecode) {
  const std::vector<std::byte> bytes(400);
  const auto id = backend_->AddDense(quant::TensorType::kI64, 5, 10, bytes);
  ASSERT_FALSE(id.ok());
  EXPECT_EQ(StatusCode::kUnsupported, id.status().code());
}

TEST_F(CpuBackendTest, RefusesAnEmptyKvCache) {
  EXPECT_EQ(StatusCode::kInvalidArgument, backend_->SetKv({1, 1, 64, 0, KvType::kF16}).code());
}

TEST_F(CpuBackendTest, SaysThatThereIsNoMemoryForAHugeKvCache) {
  const KvShape huge = {1u << 16, 1u << 10, 1u << 12, std::numeric_limits<uint32_t>::max(), KvType::kF32};
  EXPECT_EQ(StatusCode::kResourceExhausted, backend_->SetKv(huge).code());
}

TEST_F(CpuBackendTest, RefusesRotaryWidthsThatDoNotFitTheHead) {
  EXPECT_EQ(StatusCode::kInvalidArgument, backend_->AddRope(10, 64, 63, 1e4f).status().code());
  EXPECT_EQ(StatusCode::kInvalidArgument, backend_->AddRope(10, 64, 66, 1e4f).status().code());
  EXPECT_EQ(StatusCode::kInvalidArgument, backend_->AddRope(10, 64, 0, 1e4f).status().code());
  EXPECT_EQ(StatusCode::kInvalidArgument, backend_->AddRope(10, 64, 64, -1.0f).status().code());
}

TEST_F(CpuBackendTest, RefusesStepsOfNoRows) {
  EXPECT_EQ(StatusCode::kInvalidArgument, backend_->Prepare(0, 1).code());
}

TEST_F(CpuBackendTest, PlanListsWhatIsHeld) {
  Random random(1);
  const StoredTernary stored(64, 256, random);
  ASSERT_TRUE(backend_->AddTernary(stored.source, 1.0f).ok());
  ASSERT_TRUE(backend_->SetKv({2, 3, 16, 4, KvType::kF16}).ok());
  backend_->AddSlot(100);
  ASSERT_TRUE(backend_->Prepare(8, 1).ok());
  uint64_t total = 0, ternary = 0, kv = 0;
  for (const MemoryPlan::Item& item : backend_->Plan().items) {
    total += item.bytes;
    if (item.what == "ternary weights") ternary = item.bytes;
    if (item.what == "KV cache") kv = item.bytes;
  }
  EXPECT_EQ(64u * 256 / 4, ternary);
  EXPECT_EQ(2u * 3 * 4 * (2 * 64 * 16 * 2), kv);
  EXPECT_EQ(total, backend_->Plan().TotalBytes());
}

BatchRows OneRow(const std::vector<uint32_t>& blocks) {
  BatchRows rows;
  rows.tables = {blocks};
  rows.Add(3, 0, 0);
  return rows;
}

TEST(CpuBackendCounting, SmallOperationsStayOnTheCallersThread) {
  MiniModel model(kernels::kScalarTable, {.threads = 2, .backend = {.parallel_threshold = 1u << 30}});
  const std::vector<uint32_t> blocks = {0};
  model.Step(OneRow(blocks).batch());
  EXPECT_EQ(0u, model.backend().Counters().parallel_regions);
  EXPECT_EQ(0u, model.backend().Counters().work_items);
}

TEST(CpuBackendCounting, MatricesThatShareAnInputAreOneRegion) {
  const auto pool = *platform::ThreadPool::Create(2);
  const auto backend = CpuBackend::Create(kernels::kScalarTable, *pool, {.work_item_bytes = 64 * 16});
  Random random(1);
  const StoredTernary stored(64, 256, random);  // 64 bytes a row: pieces of 16 rows
  const TernaryId ids[] = {*backend->AddTernary(stored.source, 1.0f), *backend->AddTernary(stored.source, 1.0f)};
  const SlotId outs[] = {backend->AddSlot(64), backend->AddSlot(64)}, x = backend->AddSlot(256);
  const Int8Id q = backend->AddInt8Slot(256);
  ASSERT_TRUE(backend->Prepare(1, 1).ok());
  const std::vector<uint32_t> blocks = {0};
  const BatchRows rows = OneRow(blocks);
  backend->BeginStep(rows.batch());
  backend->Quantize(x, q, 0);
  backend->Linear(ids, q, outs);
  EXPECT_EQ(1u, backend->Counters().parallel_regions);
  EXPECT_EQ(8u, backend->Counters().work_items);
}

TEST(CpuBackendCounting, CountsOnlyTheWeightsThatAStepOfOneRowReads) {
  constexpr uint64_t kHiddenBytes = 32;  // 60 columns, or 60 outputs, in a block of 128
  constexpr uint64_t kAttention = (60 + 20 + 20 + 60) * kHiddenBytes, kHead = 77 * 60 * 4;
  const std::vector<uint32_t> blocks = {0};
  MiniModel skipping(kernels::kScalarTable, {});
  skipping.Step(OneRow(blocks).batch());
  const CpuBackendCounters seen = skipping.backend().Counters();
  EXPECT_EQ(172u, seen.gates);
  EXPECT_EQ(172u, seen.sparse_inputs);
  EXPECT_GT(seen.zero_gates, 40u);
  EXPECT_LT(seen.zero_gates, 130u);
  EXPECT_GE(seen.zero_sparse_inputs, seen.zero_gates);
  const uint64_t open = seen.gates - seen.zero_gates, inputs = seen.sparse_inputs - seen.zero_sparse_inputs;
  EXPECT_EQ(kAttention + (172 + open) * kHiddenBytes + inputs * kHiddenBytes + kHead, seen.weight_bytes_read);

  test::MiniModelOptions options;
  options.backend.skip_zeros = false;
  MiniModel whole(kernels::kScalarTable, options);
  whole.Step(OneRow(blocks).batch());
  EXPECT_EQ(kAttention + 3 * 172 * kHiddenBytes + kHead, whole.backend().Counters().weight_bytes_read);
  EXPECT_EQ(0u, whole.backend().Counters().gates);
}

TEST(CpuBackendCounting, CountsTheKeysAndValuesThatEachSequenceSees) {
  const std::vector<uint32_t> blocks = {0}, others = {1};
  MiniModel model(kernels::kScalarTable, {.kv = KvType::kQ8});
  BatchRows rows;
  rows.tables = {blocks, others};
  for (uint32_t position = 0; position < 3; ++position) rows.Add(1, position, 0);
  rows.Add(1, 0, 1);
  model.Step(rows.batch());
  EXPECT_EQ((3u + 1) * MiniModel::kKvHeads * 2 * (MiniModel::kHeadDim + sizeof(float)),
            model.backend().Counters().kv_bytes_read);
}

constexpr size_t kScratchBytes = 4096;

// As scalar, and overwrites all the scratch that it asked for.
void LinearWithScratch(const kernels::TernaryRows& w, const kernels::Int8Rows& x, float* out, size_t stride) noexcept {
  std::memset(x.scratch, 0xff, kScratchBytes);
  kernels::kScalarTable.ternary_linear(w, x, out, stride);
}

// A product of 64 x 256 weights with `row_count` rows on two threads: the outputs, and the pieces it was cut into.
struct CutProduct {
  std::vector<float> outputs;
  uint64_t pieces, scratch_bytes;
};

CutProduct Multiply(const kernels::KernelTable& table, uint32_t row_count) {
  const auto pool = *platform::ThreadPool::Create(2);
  const auto backend = CpuBackend::Create(table, *pool, {.work_item_bytes = 64 * 16});
  Random random(1);
  const StoredTernary stored(64, 256, random);
  const TernaryId ids[] = {*backend->AddTernary(stored.source, 1.0f)};
  const SlotId outs[] = {backend->AddSlot(64)}, x = backend->AddSlot(256);
  const Int8Id q = backend->AddInt8Slot(256);
  EXPECT_TRUE(backend->Prepare(40, 40).ok());
  for (uint32_t row = 0; row < row_count; ++row) {
    for (float& value : backend->SlotRow(x, row)) value = random.Uniform() - 0.5f;
  }
  const std::vector<uint32_t> blocks = {0};
  BatchRows rows;
  rows.tables = {blocks};
  for (uint32_t row = 0; row < row_count; ++row) rows.Add(0, row, 0);
  const Batch batch = rows.batch();
  backend->BeginStep(batch);
  backend->Quantize(x, q, 0);
  const uint64_t before = backend->Counters().work_items;
  backend->Linear(ids, q, outs);
  CutProduct result = {{}, backend->Counters().work_items - before, 0};
  for (uint32_t row = 0; row < row_count; ++row) {
    for (const float value : backend->SlotRow(outs[0], row)) result.outputs.push_back(value);
  }
  for (const MemoryPlan::Item& item : backend->Plan().items) {
    if (item.what == "scratch") result.scratch_bytes = item.bytes;
  }
  return result;
}

TEST(CpuBackendCounting, KernelsWithScratchGetAllWeightRowsForAFewRowsOfTheStep) {
  kernels::KernelTable table = kernels::kScalarTable;
  table.ternary_scratch = {.bytes = kScratchBytes, .least_tokens = 16, .most_tokens = 32};
  table.ternary_linear = LinearWithScratch;
  const CutProduct plain = Multiply(kernels::kScalarTable, 40), cut = Multiply(table, 40);
  EXPECT_EQ(plain.outputs, cut.outputs);
  EXPECT_EQ(4u, plain.pieces);
  EXPECT_EQ(2u, cut.pieces);  // 32 rows and 8
  EXPECT_EQ(plain.scratch_bytes + 2 * kScratchBytes, cut.scratch_bytes);
}

TEST(CpuBackendCounting, FewRowsAreCutAsWithoutScratch) {
  kernels::KernelTable table = kernels::kScalarTable;
  table.ternary_scratch = {.bytes = kScratchBytes, .least_tokens = 16, .most_tokens = 32};
  EXPECT_EQ(4u, Multiply(table, 15).pieces);
}

// The threads that have run a ternary product, and how many of them each product waits for.
std::mutex seen_mutex;
std::set<std::thread::id> seen_threads;
std::atomic<size_t> wanted_threads = 1;

void NoteThread(const kernels::TernaryRows& w, const kernels::Int8Rows& x, float* y, size_t y_stride) noexcept {
  const auto seen = [] {
    const std::lock_guard lock(seen_mutex);
    seen_threads.insert(std::this_thread::get_id());
    return seen_threads.size();
  };
  while (seen() < wanted_threads) std::this_thread::yield();
  kernels::kScalarTable.ternary_linear(w, x, y, y_stride);
}

TEST(CpuBackendWorkers, StepsOfFewRowsAndStepsOfManyHaveTheirOwnNumbers) {
  kernels::KernelTable table = kernels::kScalarTable;
  table.ternary_linear = NoteThread;
  const auto pool = *platform::ThreadPool::Create(3);
  const auto backend = CpuBackend::Create(
      table, *pool,
      {.work_item_bytes = 64, .parallel_threshold = 0, .decode_workers = 1, .prefill_workers = 2, .decode_rows = 3});
  Random random(1);
  const StoredTernary stored(64, 256, random);
  const TernaryId matrix = *backend->AddTernary(stored.source, 1.0f);
  const SlotId x = backend->AddSlot(256), y = backend->AddSlot(64);
  const Int8Id q = backend->AddInt8Slot(256);
  ASSERT_TRUE(backend->Prepare(4, 4).ok());
  const std::vector<uint32_t> blocks = {0};
  for (const auto& [row_count, threads] : {std::pair<uint32_t, size_t>{3, 1}, {4, 2}, {1, 1}}) {
    BatchRows rows;
    rows.tables = {blocks};
    for (uint32_t row = 0; row < row_count; ++row) rows.Add(3, row, 0);
    seen_threads.clear();
    wanted_threads = threads;
    backend->BeginStep(rows.batch());
    backend->Quantize(x, q, 0);
    backend->Linear({&matrix, 1}, q, {&y, 1});
    EXPECT_EQ(threads, seen_threads.size()) << row_count << " rows";
  }
}

}  // namespace
}  // namespace sterna::backend
