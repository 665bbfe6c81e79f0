// SPDX-License-Identifier: Apache-2.0
//
// A backend that passes every call on and, while a recorder is set, notes what each operation took: time, bytes read
// and multiply-adds. Without one, a branch per operation is all it costs.
#pragma once

#include <array>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "backend/linear_role.h"
#include "monitor/recorder.h"
#include "monitor/worker_times.h"

namespace sterna::backend {

class TimedBackend final : public Backend {
 public:
  // Both must outlive this. `workers` is what the backend's options were given; null: workers are not told apart.
  TimedBackend(CpuBackend& backend, monitor::WorkerTimes* workers);

  // Between steps. Null: nothing is noted. `track` is the step loop's; the recorder outlives its use here.
  void SetRecorder(monitor::Recorder* recorder, monitor::Track* track);
  // What the matrices are for, by id.
  void SetRoles(std::vector<LinearRole> ternary, std::vector<LinearRole> dense);

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
  std::span<float> SlotRow(SlotId id, uint32_t row) override;
  LogitRow Logits(uint32_t output_index) override;

 private:
  enum class Operation : uint8_t {
    kBegin,
    kEmbed,
    kAwaitLayer,
    kNorm,
    kQuantize,
    kQkv,
    kAttentionOutput,
    kGateUp,
    kDown,
    kRope,
    kStoreKv,
    kAttend,
    kGate,
    kAdd,
    kHead
  };
  static constexpr size_t kOperations = size_t(Operation::kHead) + 1;
  // Prompt: steps of many rows, or whose rows mostly yield no logits.
  enum class Phase : uint8_t { kPrompt, kGeneration };
  using Totals = std::array<monitor::OperationTotal*, kOperations>;

  static Phase PhaseOf(const Batch& batch);
  static std::string_view NameOf(Operation operation);
  static Operation OperationOf(LinearRole role);
  template <class Call>
  void Timed(Operation operation, Call&& call);
  void Note(Operation operation);
  void NoteWorkers(Operation operation);
  void EndLayer();

  CpuBackend& backend_;
  monitor::WorkerTimes* const workers_;
  std::vector<LinearRole> ternary_roles_, dense_roles_;

  monitor::Recorder* recorder_ = nullptr;
  monitor::Track* track_ = nullptr;
  std::vector<monitor::Track*> worker_tracks_;  // by worker; 0 is the step loop itself
  std::array<Totals, 2> totals_{};              // by phase
  // Of the step: an operation lasts from the end of the one before.
  Phase phase_ = Phase::kGeneration;
  int64_t last_end_ns_ = 0;
  int64_t layers_begin_ns_ = 0;
  int32_t layer_ = monitor::SpanFacts::kNoLayer;
  CpuBackendCounters last_counters_;
};

}  // namespace sterna::backend
