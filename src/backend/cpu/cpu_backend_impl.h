// SPDX-License-Identifier: Apache-2.0
//
// CpuBackend's state. Operations are defined by family: row_operations.cc, linear.cc, sparse_linear.cc, attention.cc,
// head.cc; the rest in cpu_backend.cc.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "backend/cpu/activation_quantizer.h"
#include "backend/cpu/activations.h"
#include "backend/cpu/attention_plan.h"
#include "backend/cpu/background_head.h"
#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/kv_store.h"
#include "backend/cpu/rope_table.h"
#include "backend/cpu/screened_head.h"
#include "backend/cpu/streamed_weights.h"
#include "backend/cpu/ternary_weights.h"
#include "backend/cpu/unpacked_weights.h"
#include "backend/cpu/weight_arena.h"
#include "backend/cpu/work_splitter.h"

namespace sterna::backend {

class CpuBackendImpl final : public CpuBackend {
 public:
  CpuBackendImpl(const kernels::KernelTable& kernels, platform::ThreadPool& pool, const CpuBackendOptions& options);

  Result<TernaryId> AddTernary(const quant::TernarySource& source, float scale_factor) override;
  Result<TernaryId> AddSparseTernary(const quant::TernarySource& source, float scale_factor) override;
  Result<TernaryId> AddPackedTernary(const PackedTernary& packed) override;
  Result<DenseId> AddDense(quant::TensorType type, uint64_t rows, uint64_t columns,
                           std::span<const std::byte> bytes) override;
  Result<DenseId> AddDenseLinear(quant::TensorType type, uint64_t rows, uint64_t columns,
                                 std::span<const std::byte> bytes) override;
  void AddLayer() override;
  Result<VectorId> AddVector(std::span<const float> values) override;
  Status AddHead(DenseId head) override;
  SlotId AddSlot(uint32_t columns) override;
  Int8Id AddInt8Slot(uint32_t columns) override;
  Status SetKv(const KvShape& shape) override;
  Result<RopeId> AddRope(uint32_t positions, uint32_t head_dim, uint32_t rotary, float theta) override;
  Status Prepare(uint32_t max_rows, uint32_t max_outputs) override;
  MemoryPlan Plan() const override;

  void BeginStep(const Batch& batch) override;
  Status BeginLayer(uint32_t layer) override;
  void Embed(DenseId table, float factor, SlotId out) override;
  void RmsNorm(SlotId in, VectorId gain, float eps, SlotId out) override;
  void Quantize(SlotId in, Int8Id out, float largest) override;
  void Linear(std::span<const TernaryId> weights, Int8Id in, std::span<const SlotId> outs) override;
  void DenseLinear(std::span<const DenseId> weights, SlotId in, std::span<const SlotId> outs) override;
  void Rope(RopeId table, RopeOrder order, SlotId x, uint32_t heads) override;
  void StoreKv(uint32_t layer, SlotId keys, SlotId values) override;
  void Attend(uint32_t layer, SlotId queries, uint32_t heads, Reach reach, SlotId out) override;
  void GatedLinear(Activation kind, TernaryId gate, TernaryId up, Int8Id in, SlotId out, SlotId scratch) override;
  void Gate(Activation kind, SlotId gate, SlotId up) override;
  void Add(SlotId x, SlotId y) override;
  void Head(DenseId head, SlotId in, VectorId gain, float eps) override;
  Status EndStep() override;
  LogitRow Logits(uint32_t output_index) override;
  CpuBackendCounters Counters() const override;
  memory::PoolUse WeightPools() const override;
  void UseWindow(WindowUse use) override;
  void GiveBackKv(uint32_t block) override { kv_.GiveBack(block); }
  void LimitPlan(uint64_t total_bytes) override { plan_limit_bytes_ = total_bytes; }
  std::span<float> SlotRow(SlotId id, uint32_t row) override { return {slot(id).Row(row), slot(id).columns()}; }

 private:
  struct DenseMatrix {
    kernels::DenseType type;
    kernels::DenseRows rows;
    bool linear = false;   // of a layer, not an embedding or a head
    bool in_place = true;  // read where the caller has it; else it flows, or its rows are read one by one
    std::span<const std::byte> stored() const {
      return std::as_bytes(std::span(rows.data, size_t{rows.rows} * rows.row_bytes));
    }
  };
  struct Vector {
    const float* values;
    size_t count;
  };
  // One matrix of a Linear, by its codes or by values.
  struct Product {
    const TernaryMatrix* w = nullptr;
    Int8Weights values = {};
    size_t row_bytes() const { return values.values != nullptr ? values.stride : w->row_bytes(); }
  };
  static constexpr size_t kMostProducts = 3;  // of a Linear

  // Pieces of one matrix: `runs` runs of `step_rows` rows of the step for each run of `weight_rows` weight rows.
  struct LinearCut {
    bool with_scratch;
    size_t step_rows, weight_rows, runs, pieces;
  };
  struct AttentionHeads;  // rows of one KV head (attention.cc)

  const BufferPlacement& placement() const { return work_.options().placement; }
  size_t rows() const { return batch_.tokens.size(); }
  FloatSlot& slot(SlotId id) { return slots_[size_t(id)]; }
  Int8Slot& slot(Int8Id id) { return int8_slots_[size_t(id)]; }
  const DenseMatrix& matrix(DenseId id) const { return dense_[size_t(id)]; }
  const TernaryMatrix& matrix(TernaryId id) const { return ternary_[size_t(id)]; }
  // A dense product in pieces of neighbouring rows of `w`.
  size_t DensePieces(const DenseMatrix& w) const;
  void DensePiece(const DenseMatrix& w, const kernels::FloatRows& x, size_t piece, float* out, size_t out_stride) const;
  bool UseTernaryScratch() const;
  Product ProductOf(TernaryId id);
  LinearCut Cut(const Product& product) const;
  void Multiply(const Product& product, size_t first, size_t count, const kernels::Int8Rows& x, float* out,
                size_t out_stride) const;
  void LinearPiece(const Product& product, const Int8Slot& in, FloatSlot& out, size_t piece, uint32_t worker);
  void AttendBlocks(const AttentionHeads& heads, uint32_t first, uint32_t end, float* partials, size_t row_groups);
  void MergeGroups(const AttentionPlan& plan, float* partials, size_t groups);
  void FinishGroup(const AttentionHeads& heads, size_t row, const float* partials);
  void AttendTile(const AttentionHeads& heads, const AttentionPlan::Tile& tile, float* partials);
  void AttendTiles(AttentionPlan& plan, uint32_t layer, FloatSlot& queries, FloatSlot& out, uint64_t cost);
  void AttendRuns(AttentionPlan& plan, uint32_t layer, FloatSlot& queries, FloatSlot& out, uint64_t cost);
  Status AllocateSparse();
  void LinearByInput(const TernaryMatrix& w, Int8Id in, SlotId out);
  void SparseLinear(const TernaryMatrix& w, Int8Id in, SlotId out);
  void ListedLinear(const TernaryMatrix& w, Int8Id in, size_t listed, SlotId out);
  AttentionPlan& plan(Reach reach) { return reach == Reach::kAll ? attention_ : windowed_; }
  Status PrepareAttention();
  uint64_t KvBytesSeen(const AttentionPlan& plan) const;  // of one layer by the step's rows
  bool IsScreened(DenseId head, size_t output) const;
  void ScreenHead(DenseId head);
  void WholeHead(const DenseMatrix& head, size_t first, size_t count);
  void StreamedHead(const DenseMatrix& head, size_t first, size_t count);
  void HeadRows(const DenseMatrix& head, size_t first, size_t count, size_t first_logit);
  Status PrepareStream();
  void EmbedStored(const DenseMatrix& embedding, float factor, FloatSlot& out);
  void EmbedRow(const DenseMatrix& embedding, const uint8_t* stored, float factor, FloatSlot& out, size_t row) const;

  const kernels::KernelTable& kernels_;
  platform::ThreadPool& pool_;
  WorkSplitter work_;

  const HeadMode head_mode_;
  const bool copy_packed_;

  WeightArena ternary_arena_, vector_arena_, head_arena_;
  uint64_t packed_in_place_bytes_ = 0;
  std::vector<TernaryMatrix> ternary_;
  UnpackedCache unpacked_;
  std::vector<DenseMatrix> dense_;
  std::vector<Vector> vectors_;
  std::vector<FloatSlot> slots_;
  std::vector<Int8Slot> int8_slots_;
  ActivationQuantizer quantizer_;
  KvStore kv_;
  std::vector<RopeTable> ropes_;

  uint32_t max_rows_ = 0, max_outputs_ = 0;
  FloatSlot head_input_{0}, logits_{0};
  AttentionPlan attention_, windowed_;  // of layers that see everything, and of those that see KvShape::window
  // KernelTable::ternary_scratch for each worker; empty when no step has rows enough for it.
  size_t ternary_scratch_stride_ = 0;
  AlignedBuffer ternary_scratch_;

  // Steps of one row: indices that are worth computing, and a row of int32 sums for each worker.
  AlignedBuffer listed_, column_sums_;
  size_t column_sums_stride_ = 0;
  std::optional<ScreenedHead> screened_;  // of screened_id_
  DenseId screened_id_{};
  std::optional<BackgroundHead> background_;  // makes the planes of screened_; after what it reads and writes
  std::vector<ScreenedHead::Output> screened_outputs_;
  std::vector<LogitRow> logit_rows_;  // by output of the last Head

  Batch batch_;
  Status step_status_;  // of reading weights in the step

  uint64_t plan_limit_bytes_ = UINT64_MAX;
  AlignedBuffer stored_row_;  // of an embedding that is not in place
  std::optional<StreamedWeights> stream_;
};

}  // namespace sterna::backend
