// SPDX-License-Identifier: Apache-2.0
//
// One transformer layer with random weights, run operation by operation: enough to see that a backend's results do not
// depend on how the work was cut.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "kernels/table.h"
#include "platform/thread_pool.h"
#include "quant/ternary.h"
#include "support/kernel_harness.h"

namespace sterna::test {

// A stored ternary matrix with its bytes.
struct StoredTernary {
  StoredTernary(uint64_t rows, uint64_t columns, Random& random, quant::TensorType type = quant::TensorType::kI2_S,
                quant::I2sLayout layout = quant::I2sLayout::kX86, float scale = 0.75f) {
    for (uint64_t i = 0; i < rows * columns; ++i) codes.push_back(uint8_t(random.Below(3)));
    auto packed = quant::PackTernary(type, layout, rows, columns, codes, scale);
    EXPECT_TRUE(packed.ok()) << packed.status().message();
    bytes = *std::move(packed);
    source = {type, layout, rows, columns, bytes};
  }
  std::vector<uint8_t> codes;
  std::vector<std::byte> bytes;
  quant::TernarySource source;
};

inline std::vector<float> RandomFloats(size_t count, Random& random) {
  std::vector<float> values(count);
  for (float& value : values) value = random.Uniform();
  return values;
}

struct MiniModelOptions {
  uint32_t threads = 1;
  backend::CpuBackendOptions backend = {.work_item_bytes = 256, .parallel_threshold = 0};  // cut everything small
  backend::KvType kv = backend::KvType::kF16;
  uint32_t max_rows = 200;
  uint32_t kv_blocks = 8;
};

class MiniModel {
 public:
  static constexpr uint32_t kHidden = 60, kFfn = 172, kHeads = 6, kKvHeads = 2, kHeadDim = 10, kVocabulary = 77;

  MiniModel(const kernels::KernelTable& kernels, const MiniModelOptions& options) {
    auto pool = platform::ThreadPool::Create(options.threads);
    EXPECT_TRUE(pool.ok());
    pool_ = *std::move(pool);
    backend_ = backend::CpuBackend::Create(kernels, *pool_, options.backend);
    AddWeights();
    x_ = backend_->AddSlot(kHidden);
    h_ = backend_->AddSlot(kHidden);
    q_ = backend_->AddSlot(kHeads * kHeadDim);
    k_ = backend_->AddSlot(kKvHeads * kHeadDim);
    v_ = backend_->AddSlot(kKvHeads * kHeadDim);
    gate_slot_ = backend_->AddSlot(kFfn);
    up_slot_ = backend_->AddSlot(kFfn);
    hidden_i8_ = backend_->AddInt8Slot(kHidden);
    ffn_i8_ = backend_->AddInt8Slot(kFfn);
    const backend::KvShape shape = {1, kKvHeads, kHeadDim, options.kv_blocks, options.kv, kHeads};
    EXPECT_TRUE(backend_->SetKv(shape).ok());
    rope_ = backend_->AddRope(options.kv_blocks * 64, kHeadDim, kHeadDim, 10000.0f).value();
    EXPECT_TRUE(backend_->Prepare(options.max_rows, options.max_rows).ok());
  }

  backend::CpuBackend& backend() { return *backend_; }

  // The whole layer for the batch's rows.
  void Step(const backend::Batch& batch) {
    backend::CpuBackend& b = *backend_;
    b.BeginStep(batch);
    b.Embed(embedding_, 1.0f, x_);
    b.RmsNorm(x_, norm_, 1e-5f, h_);
    b.Quantize(h_, hidden_i8_, 0);
    const backend::TernaryId qkv[] = {wq_, wk_, wv_};
    const backend::SlotId qkv_out[] = {q_, k_, v_};
    b.Linear(qkv, hidden_i8_, qkv_out);
    b.Rope(rope_, backend::RopeOrder::kHalves, q_, kHeads);
    b.Rope(rope_, backend::RopeOrder::kHalves, k_, kKvHeads);
    b.StoreKv(0, k_, v_);
    b.Attend(0, q_, kHeads, backend::Reach::kAll, h_);
    b.Quantize(h_, hidden_i8_, 0);
    b.Linear({&wo_, 1}, hidden_i8_, {&h_, 1});
    b.Add(x_, h_);
    b.RmsNorm(x_, norm_, 1e-5f, h_);
    b.Quantize(h_, hidden_i8_, 0);
    b.GatedLinear(backend::Activation::kRelu2, wgate_, wup_, hidden_i8_, gate_slot_, up_slot_);
    b.RmsNorm(gate_slot_, ffn_norm_, 1e-5f, gate_slot_);
    b.Quantize(gate_slot_, ffn_i8_, 0);
    b.Linear({&wdown_, 1}, ffn_i8_, {&h_, 1});
    b.Add(x_, h_);
    b.Head(embedding_, x_, norm_, 1e-5f);
    EXPECT_TRUE(b.EndStep().ok());
  }

  std::vector<float> Logits(uint32_t output) {
    const std::span<float> logits = backend_->Logits(output).logits;
    return {logits.begin(), logits.end()};
  }

 private:
  backend::TernaryId Add(uint64_t rows, uint64_t columns, Random& random, bool sparse = false) {
    // A layout that takes any columns that are a multiple of 4.
    const StoredTernary stored(rows, columns, random, quant::TensorType::kI2_S, quant::I2sLayout::kRows4);
    auto id = sparse ? backend_->AddSparseTernary(stored.source, 1.0f) : backend_->AddTernary(stored.source, 1.0f);
    EXPECT_TRUE(id.ok()) << id.status().message();
    return *id;
  }

  void AddWeights() {
    Random random(4711);
    embedding_values_ = RandomFloats(size_t{kVocabulary} * kHidden, random);
    embedding_ = *backend_->AddDense(quant::TensorType::kF32, kVocabulary, kHidden,
                                     std::as_bytes(std::span<const float>(embedding_values_)));
    norm_ = *backend_->AddVector(RandomFloats(kHidden, random));
    ffn_norm_ = *backend_->AddVector(RandomFloats(kFfn, random));
    wq_ = Add(kHeads * kHeadDim, kHidden, random);
    wk_ = Add(kKvHeads * kHeadDim, kHidden, random);
    wv_ = Add(kKvHeads * kHeadDim, kHidden, random);
    wo_ = Add(kHidden, kHeads * kHeadDim, random);
    wgate_ = Add(kFfn, kHidden, random);
    wup_ = Add(kFfn, kHidden, random);
    wdown_ = Add(kHidden, kFfn, random, /*sparse=*/true);
  }

  std::unique_ptr<platform::ThreadPool> pool_;
  std::vector<float> embedding_values_;
  std::unique_ptr<backend::CpuBackend> backend_;
  backend::DenseId embedding_{};
  backend::RopeId rope_{};
  backend::VectorId norm_{}, ffn_norm_{};
  backend::TernaryId wq_{}, wk_{}, wv_{}, wo_{}, wgate_{}, wup_{}, wdown_{};
  backend::SlotId x_{}, h_{}, q_{}, k_{}, v_{}, gate_slot_{}, up_slot_{};
  backend::Int8Id hidden_i8_{}, ffn_i8_{};
};

// The rows of a step, with the memory that a Batch points to.
struct BatchRows {
  std::vector<int32_t> tokens;
  std::vector<uint32_t> positions, sequences, outputs;
  std::vector<std::span<const uint32_t>> tables;

  // Adds a row whose logits are wanted.
  void Add(int32_t token, uint32_t position, uint32_t sequence) {
    outputs.push_back(uint32_t(tokens.size()));
    tokens.push_back(token);
    positions.push_back(position);
    sequences.push_back(sequence);
  }
  backend::Batch batch() const { return {tokens, positions, sequences, tables, outputs}; }
};

}  // namespace sterna::test
