// SPDX-License-Identifier: Apache-2.0
//
// Each operation of the CPU backend against the scalar kernels put together by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "backend/cpu/rope_table.h"
#include "unit/backend/mini_model.h"

namespace sterna::backend {
namespace {

using kernels::kScalarTable;
using test::BatchRows;
using test::Random;
using test::RandomFloats;
using test::StoredTernary;

constexpr uint32_t kRows = 5;

// A backend on three threads that cuts everything into small pieces, and a batch of kRows rows of one sequence.
class CpuBackendOperation : public testing::Test {
 protected:
  CpuBackendOperation() {
    pool_ = *platform::ThreadPool::Create(3);
    backend_ = CpuBackend::Create(kScalarTable, *pool_, {.work_item_bytes = 64, .parallel_threshold = 0});
    rows_.tables = {blocks_};
    for (uint32_t row = 0; row < kRows; ++row) rows_.Add(int32_t((row * 3) % 7), row, 0);
  }

  // A slot whose rows hold random values once Begin() has run.
  SlotId RandomSlot(uint32_t columns) {
    const SlotId id = backend_->AddSlot(columns);
    inputs_.push_back({id, {}});
    for (uint32_t row = 0; row < kRows; ++row) inputs_.back().rows.push_back(RandomFloats(columns, random_));
    return id;
  }
  const std::vector<float>& Input(SlotId id, uint32_t row) const {
    return std::find_if(inputs_.begin(), inputs_.end(), [id](const auto& input) { return input.id == id; })->rows[row];
  }

  void Begin() {
    ASSERT_TRUE(backend_->Prepare(kRows, kRows).ok());
    for (const auto& input : inputs_) {
      for (uint32_t row = 0; row < kRows; ++row) {
        std::copy(input.rows[row].begin(), input.rows[row].end(), backend_->SlotRow(input.id, row).begin());
      }
    }
    backend_->BeginStep(rows_.batch());
  }
  std::vector<float> Row(SlotId id, uint32_t row) {
    const auto values = backend_->SlotRow(id, row);
    return {values.begin(), values.end()};
  }
  VectorId AddVector(const std::vector<float>& values) { return *backend_->AddVector(values); }

  struct Input {
    SlotId id;
    std::vector<std::vector<float>> rows;
  };
  Random random_{99};
  std::vector<uint32_t> blocks_ = {1, 0};
  BatchRows rows_;
  std::vector<struct Input> inputs_;
  std::unique_ptr<platform::ThreadPool> pool_;
  std::unique_ptr<CpuBackend> backend_;
};

TEST_F(CpuBackendOperation, EmbedDecodesTheRowOfEachToken) {
  const std::vector<float> table = RandomFloats(7 * 20, random_);
  const DenseId id = *backend_->AddDense(quant::TensorType::kF32, 7, 20, std::as_bytes(std::span(table)));
  const SlotId out = backend_->AddSlot(20);
  Begin();
  backend_->Embed(id, 1.0f, out);
  for (uint32_t row = 0; row < kRows; ++row) {
    const auto first = table.begin() + rows_.tokens[row] * 20;
    EXPECT_EQ(std::vector<float>(first, first + 20), Row(out, row));
  }
}

TEST_F(CpuBackendOperation, EmbedMultipliesByItsFactor) {
  const std::vector<float> table = RandomFloats(7 * 20, random_);
  const DenseId id = *backend_->AddDense(quant::TensorType::kF32, 7, 20, std::as_bytes(std::span(table)));
  const SlotId out = backend_->AddSlot(20);
  Begin();
  backend_->Embed(id, 5.5f, out);
  for (size_t i = 0; i < 20; ++i) EXPECT_EQ(table[size_t(rows_.tokens[3]) * 20 + i] * 5.5f, Row(out, 3)[i]);
}

TEST_F(CpuBackendOperation, RmsNormOfAShorterGainNormsEachRunByItself) {
  const std::vector<float> gain = RandomFloats(10, random_);
  const VectorId gain_id = AddVector(gain);
  const SlotId x = RandomSlot(30);
  Begin();
  backend_->RmsNorm(x, gain_id, 1e-5f, x);
  for (uint32_t row = 0; row < kRows; ++row) {
    std::vector<float> expected(30);
    for (size_t at = 0; at < 30; at += 10) {
      kScalarTable.rms_norm(Input(x, row).data() + at, gain.data(), 10, 1e-5f, expected.data() + at);
    }
    EXPECT_EQ(expected, Row(x, row));
  }
}

TEST_F(CpuBackendOperation, DenseLinearMultipliesEveryRowByEveryMatrix) {
  const std::vector<float> first = RandomFloats(70 * 20, random_), second = RandomFloats(3 * 20, random_);
  const DenseId weights[] = {
      *backend_->AddDenseLinear(quant::TensorType::kF32, 70, 20, std::as_bytes(std::span(first))),
      *backend_->AddDenseLinear(quant::TensorType::kF32, 3, 20, std::as_bytes(std::span(second)))};
  const SlotId x = RandomSlot(20), outs[] = {backend_->AddSlot(70), backend_->AddSlot(3)};
  Begin();
  backend_->DenseLinear(weights, x, outs);
  const auto expected = [&](const std::vector<float>& w, uint32_t row, size_t output) {
    const kernels::DenseRows one = {reinterpret_cast<const uint8_t*>(w.data() + output * 20), 1, 20, 80};
    float sum = 0;
    kScalarTable.dense_linear[kernels::kDenseF32](one, {Input(x, row).data(), 1, 32}, &sum, 1);
    return sum;
  };
  for (uint32_t row = 0; row < kRows; ++row) {
    for (size_t r = 0; r < 70; ++r) EXPECT_EQ(expected(first, row, r), Row(outs[0], row)[r]);
    for (size_t r = 0; r < 3; ++r) EXPECT_EQ(expected(second, row, r), Row(outs[1], row)[r]);
  }
}

TEST_F(CpuBackendOperation, RmsNormMayWorkInPlace) {
  const std::vector<float> gain = RandomFloats(30, random_);
  const VectorId gain_id = AddVector(gain);
  const SlotId x = RandomSlot(30), y = backend_->AddSlot(30);
  Begin();
  backend_->RmsNorm(x, gain_id, 1e-5f, y);
  backend_->RmsNorm(x, gain_id, 1e-5f, x);
  for (uint32_t row = 0; row < kRows; ++row) {
    std::vector<float> expected(30);
    kScalarTable.rms_norm(Input(x, row).data(), gain.data(), 30, 1e-5f, expected.data());
    EXPECT_EQ(expected, Row(y, row));
    EXPECT_EQ(expected, Row(x, row));
  }
}

// What a linear layer gives for one row, from plain codes and the formula.
std::vector<float> LinearByHand(const std::vector<float>& x, const StoredTernary& w, float scale) {
  std::vector<int8_t> q((x.size() + 127) / 128 * 128);
  float s;
  int32_t q_sum;
  kScalarTable.quantize_row(x.data(), x.size(), 0, q.data(), q.size(), &s, &q_sum);
  std::vector<float> y;
  for (uint64_t r = 0; r < w.source.rows; ++r) {
    int64_t sum = 0;
    for (size_t k = 0; k < x.size(); ++k) sum += (int(w.codes[r * x.size() + k]) - 1) * q[k];
    y.push_back(float(sum) * (scale / s));
  }
  return y;
}

TEST_F(CpuBackendOperation, LinearMultipliesSeveralMatricesWithOneInput) {
  constexpr uint32_t kColumns = 100;
  const StoredTernary a(52, kColumns, random_, quant::TensorType::kI2_S, quant::I2sLayout::kRows4, 0.5f);
  const StoredTernary b(8, kColumns, random_, quant::TensorType::kI2_S, quant::I2sLayout::kRows4, 0.25f);
  const TernaryId ids[] = {*backend_->AddTernary(a.source, 1.0f), *backend_->AddTernary(b.source, 3.0f)};
  const SlotId x = RandomSlot(kColumns);
  const SlotId outs[] = {backend_->AddSlot(52), backend_->AddSlot(8)};
  const Int8Id q = backend_->AddInt8Slot(kColumns);
  Begin();
  backend_->Quantize(x, q, 0);
  backend_->Linear(ids, q, outs);
  for (uint32_t row = 0; row < kRows; ++row) {
    EXPECT_EQ(LinearByHand(Input(x, row), a, 0.5f), Row(outs[0], row));
    EXPECT_EQ(LinearByHand(Input(x, row), b, 0.75f), Row(outs[1], row));
  }
}

TEST_F(CpuBackendOperation, LinearUsesGroupScalesWhereTheyDiffer) {
  constexpr uint32_t kColumns = 512, kOutputs = 6;
  StoredTernary w(kOutputs, kColumns, random_, quant::TensorType::kTQ2_0);
  for (size_t block = 0; block < kOutputs * 2; ++block) w.bytes[block * 66 + 65] = std::byte(0x30 + block % 5);
  w.source.bytes = w.bytes;
  const TernaryId id = *backend_->AddTernary(w.source, 2.0f);
  const SlotId x = RandomSlot(kColumns), y = backend_->AddSlot(kOutputs);
  const Int8Id q = backend_->AddInt8Slot(kColumns);
  Begin();
  backend_->Quantize(x, q, 0);
  backend_->Linear({&id, 1}, q, {&y, 1});
  for (uint32_t row = 0; row < kRows; ++row) {
    std::vector<int8_t> values(kColumns);
    float s;
    int32_t unused;
    kScalarTable.quantize_row(Input(x, row).data(), kColumns, 0, values.data(), kColumns, &s, &unused);
    for (uint32_t r = 0; r < kOutputs; ++r) {
      float scales[2], a = 0;
      quant::TernaryRowScales(w.source, r, scales);
      for (size_t g = 0; g < 2; ++g) {
        int32_t sum = 0;
        for (size_t k = 256 * g; k < 256 * (g + 1); ++k) sum += (int(w.codes[r * kColumns + k]) - 1) * values[k];
        a = std::fma(float(sum), scales[g] * 2.0f, a);
      }
      EXPECT_EQ(a / s, Row(y, row)[r]);
    }
  }
}

TEST_F(CpuBackendOperation, LinearUsesTheScaleOfEachRowWhereTheyDiffer) {
  constexpr uint32_t kColumns = 192, kOutputs = 52;
  StoredTernary w(kOutputs, kColumns, random_, quant::TensorType::kIQ2_BN);
  const auto scale_of = [](uint32_t r) { return 0.25f * float(r % 7 + 1); };
  for (uint32_t r = 0; r < kOutputs; ++r) {
    const float scale = scale_of(r);
    std::memcpy(&w.bytes[r * (4 + kColumns / 4)], &scale, sizeof scale);
  }
  w.source.bytes = w.bytes;
  const TernaryId ids[] = {*backend_->AddTernary(w.source, 2.0f), *backend_->AddSparseTernary(w.source, 2.0f)};
  const SlotId x = RandomSlot(kColumns);
  const SlotId outs[] = {backend_->AddSlot(kOutputs), backend_->AddSlot(kOutputs)};
  const Int8Id q = backend_->AddInt8Slot(kColumns);
  Begin();
  backend_->Quantize(x, q, 0);
  backend_->Linear(ids, q, outs);
  for (uint32_t row = 0; row < kRows; ++row) {
    std::vector<float> expected = LinearByHand(Input(x, row), w, 1.0f);
    for (uint32_t r = 0; r < kOutputs; ++r) expected[r] *= scale_of(r) * 2.0f;
    EXPECT_EQ(expected, Row(outs[0], row));
    EXPECT_EQ(expected, Row(outs[1], row));
  }
}

// Codes and scales by hand; a row of 320 columns also ends in the middle of a 128-column block.
TEST_F(CpuBackendOperation, LinearUsesTheScalesOfGroupsOf64And128Columns) {
  constexpr uint32_t kOutputs = 70;
  for (const auto& [type, columns] : {std::pair{quant::TensorType::kQ2_0, 320u}, {quant::TensorType::kPQ2_0, 384u}}) {
    StoredTernary w(kOutputs, columns, random_, type);
    const size_t block_bytes = quant::Info(type).block_bytes, group = quant::Info(type).block_elements;
    for (size_t b = 0; b * block_bytes < w.bytes.size(); ++b) w.bytes[b * block_bytes + 1] = std::byte(0x30 + b % 5);
    w.source.bytes = w.bytes;
    const TernaryId id = *backend_->AddSparseTernary(w.source, 2.0f);
    const SlotId x = RandomSlot(columns), y = backend_->AddSlot(kOutputs);
    const Int8Id q = backend_->AddInt8Slot(columns);
    Begin();
    backend_->Quantize(x, q, 0);
    backend_->Linear({&id, 1}, q, {&y, 1});
    for (uint32_t row = 0; row < kRows; ++row) {
      std::vector<int8_t> values(columns);
      float s;
      int32_t unused;
      kScalarTable.quantize_row(Input(x, row).data(), columns, 0, values.data(), columns, &s, &unused);
      for (uint32_t r = 0; r < kOutputs; ++r) {
        std::vector<float> scales(columns / group);
        quant::TernaryRowScales(w.source, r, scales.data());
        float a = 0;
        for (size_t g = 0; g < scales.size(); ++g) {
          int32_t sum = 0;
          for (size_t k = group * g; k < group * (g + 1); ++k) sum += (int(w.codes[r * columns + k]) - 1) * values[k];
          a += float(sum) * (1.0f / s) * (scales[g] * 2.0f);
        }
        EXPECT_EQ(a, Row(y, row)[r]) << "row " << r << ", groups of " << group;
      }
    }
  }
}

TEST_F(CpuBackendOperation, RopeTurnsEachRowByItsPosition) {
  const SlotId x = RandomSlot(3 * 8);
  const RopeId rope = backend_->AddRope(100, 8, 6, 10000.0f).value();
  rows_.positions = {0, 1, 2, 50, 99};
  Begin();
  backend_->Rope(rope, RopeOrder::kHalves, x, 3);
  const auto table = RopeTable::Create(100, 8, 6, 10000.0f, *pool_);
  for (uint32_t row = 0; row < kRows; ++row) {
    std::vector<float> expected = Input(x, row);
    const uint32_t position = rows_.positions[row];
    kScalarTable.rope(expected.data(), 3, 8, 6, table->Cosines(position), table->Sines(position));
    EXPECT_EQ(expected, Row(x, row));
  }
  Begin();
  backend_->Rope(rope, RopeOrder::kPairs, x, 3);
  std::vector<float> expected = Input(x, 4);
  kScalarTable.rope_pairs(expected.data(), 3, 8, 6, table->Cosines(99), table->Sines(99));
  EXPECT_EQ(expected, Row(x, 4));
}

// 140 rows in blocks of 64 with a window of 70: by tiles on one step, by runs row after row, and by hand.
TEST_F(CpuBackendOperation, AttendWithAWindowSeesTheLastPositionsOnly) {
  constexpr uint32_t kHeads = 2, kDim = 6, kTokens = 140, kWindow = 70;
  const SlotId k = backend_->AddSlot(kDim), v = backend_->AddSlot(kDim), q = backend_->AddSlot(kHeads * kDim);
  const SlotId out = backend_->AddSlot(kHeads * kDim);
  ASSERT_TRUE(backend_->SetKv({1, 1, kDim, 3, KvType::kF32, kHeads, kWindow}).ok());
  ASSERT_TRUE(backend_->Prepare(kTokens, kTokens).ok());
  BatchRows all, last;
  const std::vector<uint32_t> blocks = {2, 0, 1};
  all.tables = last.tables = {blocks};
  for (uint32_t position = 0; position < kTokens; ++position) all.Add(0, position, 0);
  last.Add(0, kTokens - 1, 0);
  std::vector<std::vector<float>> keys, values, queries;
  for (uint32_t row = 0; row < kTokens; ++row) {
    keys.push_back(RandomFloats(kDim, random_));
    values.push_back(RandomFloats(kDim, random_));
    queries.push_back(RandomFloats(kHeads * kDim, random_));
    std::copy(keys[row].begin(), keys[row].end(), backend_->SlotRow(k, row).begin());
    std::copy(values[row].begin(), values[row].end(), backend_->SlotRow(v, row).begin());
    std::copy(queries[row].begin(), queries[row].end(), backend_->SlotRow(q, row).begin());
  }
  backend_->BeginStep(all.batch());
  backend_->StoreKv(0, k, v);
  backend_->Attend(0, q, kHeads, Reach::kWindow, out);
  for (const uint32_t row : {0u, 69u, 70u, 71u, 127u, 128u, 133u, 134u, 139u}) {
    std::vector<double> expected(kDim);
    double sum = 0;
    for (uint32_t other = row < kWindow ? 0 : row - kWindow + 1; other <= row; ++other) {
      double score = 0;
      for (uint32_t d = 0; d < kDim; ++d) score += double(queries[row][kDim + d]) * double(keys[other][d]);
      const double p = std::exp(score / std::sqrt(double(kDim)));
      sum += p;
      for (uint32_t d = 0; d < kDim; ++d) expected[d] += p * double(values[other][d]);
    }
    for (uint32_t d = 0; d < kDim; ++d) EXPECT_NEAR(expected[d] / sum, double(Row(out, row)[kDim + d]), 1e-6) << row;
  }
  const std::vector<float> together = Row(out, kTokens - 1);
  std::copy(queries.back().begin(), queries.back().end(), backend_->SlotRow(q, 0).begin());
  backend_->BeginStep(last.batch());
  backend_->Attend(0, q, kHeads, Reach::kWindow, out);
  EXPECT_EQ(together, Row(out, 0));
}

TEST_F(CpuBackendOperation, AttendSeesOwnAndEarlierPositionsThroughTheBlockTable) {
  constexpr uint32_t kHeads = 4, kKvHeads = 2, kDim = 6;
  const SlotId k = RandomSlot(kKvHeads * kDim), v = RandomSlot(kKvHeads * kDim), q = RandomSlot(kHeads * kDim);
  const SlotId out = backend_->AddSlot(kHeads * kDim);
  ASSERT_TRUE(backend_->SetKv({2, kKvHeads, kDim, 2, KvType::kF32, kHeads}).ok());
  rows_.positions = {62, 63, 64, 65, 66};  // over the edge of a block; positions before hold zeros
  Begin();
  backend_->StoreKv(1, k, v);
  backend_->Attend(1, q, kHeads, Reach::kAll, out);
  for (uint32_t row = 0; row < kRows; ++row) {
    for (uint32_t head = 0; head < kHeads; ++head) {
      const uint32_t kv_head = head / 2;
      double sum = 62;  // the zero keys score 0
      std::vector<double> expected(kDim);
      for (uint32_t other = 0; other <= row; ++other) {
        double score = 0;
        for (uint32_t d = 0; d < kDim; ++d) {
          score += double(Input(q, row)[head * kDim + d]) * double(Input(k, other)[kv_head * kDim + d]);
        }
        const double p = std::exp(score / std::sqrt(double(kDim)));
        sum += p;
        for (uint32_t d = 0; d < kDim; ++d) expected[d] += p * double(Input(v, other)[kv_head * kDim + d]);
      }
      for (uint32_t d = 0; d < kDim; ++d) {
        EXPECT_NEAR(expected[d] / sum, double(Row(out, row)[head * kDim + d]), 1e-6);
      }
    }
  }
}

TEST_F(CpuBackendOperation, GatedLinearAppliesTheAskedFunctionToTheGate) {
  constexpr uint32_t kColumns = 160, kOutputs = 36;
  const StoredTernary gate(kOutputs, kColumns, random_, quant::TensorType::kI2_S, quant::I2sLayout::kRows4, 0.02f);
  const StoredTernary up(kOutputs, kColumns, random_, quant::TensorType::kI2_S, quant::I2sLayout::kRows4);
  const TernaryId gate_id = *backend_->AddTernary(gate.source, 1.0f), up_id = *backend_->AddTernary(up.source, 1.0f);
  const SlotId x = RandomSlot(kColumns), relu = backend_->AddSlot(kOutputs), silu = backend_->AddSlot(kOutputs);
  const SlotId scratch = RandomSlot(kOutputs);
  const Int8Id q = backend_->AddInt8Slot(kColumns);
  Begin();
  backend_->Quantize(x, q, 0);
  backend_->GatedLinear(Activation::kRelu2, gate_id, up_id, q, relu, scratch);
  backend_->GatedLinear(Activation::kSilu, gate_id, up_id, q, silu, scratch);
  for (uint32_t row = 0; row < kRows; ++row) {
    std::vector<float> squared = LinearByHand(Input(x, row), gate, 0.02f), smooth = squared;
    const std::vector<float> other = LinearByHand(Input(x, row), up, 0.75f);
    kScalarTable.relu2_mul(squared.data(), other.data(), kOutputs);
    kScalarTable.silu_mul(smooth.data(), other.data(), kOutputs);
    EXPECT_EQ(squared, Row(relu, row));
    EXPECT_EQ(smooth, Row(silu, row));
  }
}

TEST_F(CpuBackendOperation, SparseMatricesGiveWhatTheFormulaGivesForOneRowAndForMany) {
  constexpr uint32_t kColumns = 148, kOutputs = 132;  // neither a multiple of a block
  const StoredTernary w(kOutputs, kColumns, random_, quant::TensorType::kI2_S, quant::I2sLayout::kRows4, 0.5f);
  const TernaryId id = *backend_->AddSparseTernary(w.source, 3.0f);
  const SlotId x = RandomSlot(kColumns), many = backend_->AddSlot(kOutputs), one = backend_->AddSlot(kOutputs);
  const Int8Id q = backend_->AddInt8Slot(kColumns);
  Begin();
  backend_->Quantize(x, q, 0);
  backend_->Linear({&id, 1}, q, {&many, 1});
  for (uint32_t row = 0; row < kRows; ++row) EXPECT_EQ(LinearByHand(Input(x, row), w, 1.5f), Row(many, row));
  BatchRows first;
  first.tables = rows_.tables;
  first.Add(0, 0, 0);
  const Batch batch = first.batch();
  backend_->BeginStep(batch);
  for (int again = 0; again < 2; ++again) {  // the workers' sums start from zero each time
    backend_->Linear({&id, 1}, q, {&one, 1});
    EXPECT_EQ(Row(many, 0), Row(one, 0));
  }
}

TEST_F(CpuBackendOperation, AddAddsRows) {
  const SlotId x = RandomSlot(19), y = RandomSlot(19);
  Begin();
  backend_->Add(x, y);
  for (uint32_t row = 0; row < kRows; ++row) {
    for (size_t i = 0; i < 19; ++i) EXPECT_EQ(Input(x, row)[i] + Input(y, row)[i], Row(x, row)[i]);
  }
}

TEST_F(CpuBackendOperation, HeadNormsTheWantedRowsAndMultiplies) {
  const std::vector<float> table = RandomFloats(70 * 20, random_), gain = RandomFloats(20, random_);
  const DenseId head = *backend_->AddDense(quant::TensorType::kF32, 70, 20, std::as_bytes(std::span(table)));
  const VectorId gain_id = AddVector(gain);
  const SlotId x = RandomSlot(20);
  rows_.outputs = {1, 4};
  Begin();
  backend_->Head(head, x, gain_id, 1e-6f);
  for (uint32_t i = 0; i < 2; ++i) {
    std::vector<float> normed(32), expected(70);
    kScalarTable.rms_norm(Input(x, rows_.outputs[i]).data(), gain.data(), 20, 1e-6f, normed.data());
    const kernels::DenseRows weights = {reinterpret_cast<const uint8_t*>(table.data()), 70, 20, 80};
    kScalarTable.dense_linear[kernels::kDenseF32](weights, {normed.data(), 1, 32}, expected.data(), 70);
    const std::span<float> logits = backend_->Logits(i).logits;
    EXPECT_EQ(expected, std::vector<float>(logits.begin(), logits.end()));
  }
}

}  // namespace
}  // namespace sterna::backend
