// SPDX-License-Identifier: Apache-2.0
#include "backend/timed_backend.h"

#include <fmt/format.h>

#include <utility>

namespace sterna::backend {

TimedBackend::TimedBackend(CpuBackend& backend, monitor::WorkerTimes* workers) : backend_(backend), workers_(workers) {}

std::string_view TimedBackend::NameOf(Operation operation) {
  static constexpr std::array<std::string_view, kOperations> kNames = {
      "begin",       "embed", "wait for weights", "norm",      "quantize",  "q k v",      "attention output",
      "gate and up", "down",  "rotary",           "store k v", "attention", "activation", "add",
      "head"};
  return kNames[size_t(operation)];
}

TimedBackend::Phase TimedBackend::PhaseOf(const Batch& batch) {
  const size_t rows = batch.tokens.size();
  const bool prompt = rows > CpuBackendOptions{}.decode_rows || 2 * batch.output_rows.size() < rows;
  return prompt ? Phase::kPrompt : Phase::kGeneration;
}

TimedBackend::Operation TimedBackend::OperationOf(LinearRole role) {
  switch (role) {
    case LinearRole::kQkv: return Operation::kQkv;
    case LinearRole::kAttentionOutput: return Operation::kAttentionOutput;
    case LinearRole::kGateUp: return Operation::kGateUp;
    case LinearRole::kDown: break;
  }
  return Operation::kDown;
}

void TimedBackend::SetRoles(std::vector<LinearRole> ternary, std::vector<LinearRole> dense) {
  ternary_roles_ = std::move(ternary);
  dense_roles_ = std::move(dense);
}

void TimedBackend::SetRecorder(monitor::Recorder* recorder, monitor::Track* track) {
  recorder_ = recorder;
  track_ = track;
  worker_tracks_.clear();
  if (recorder == nullptr) return;
  for (size_t i = 0; i < kOperations; ++i) {
    const std::string_view name = NameOf(Operation(i));
    totals_[size_t(Phase::kPrompt)][i] = recorder->AddOperation("prompt", name);
    totals_[size_t(Phase::kGeneration)][i] = recorder->AddOperation("generation", name);
  }
  if (workers_ == nullptr) return;
  workers_->SetClock(recorder->detailed() ? &recorder->clock() : nullptr);
  if (!recorder->detailed()) return;
  for (uint32_t worker = 0; worker < workers_->workers(); ++worker) {
    worker_tracks_.push_back(recorder->AddTrack(fmt::format("worker {}", worker)));
  }
}

template <class Call>
void TimedBackend::Timed(Operation operation, Call&& call) {
  call();
  if (recorder_ != nullptr) Note(operation);
}

// One reading of the clock an operation: what lies between two is the forward pass's own, which is next to nothing.
void TimedBackend::Note(Operation operation) {
  const CpuBackendCounters counters = backend_.Counters();
  const int64_t now_ns = recorder_->clock().NowNs();
  const uint64_t bytes = counters.weight_bytes_read + counters.kv_bytes_read - last_counters_.weight_bytes_read -
                         last_counters_.kv_bytes_read;
  const uint64_t multiply_adds = counters.multiply_adds - last_counters_.multiply_adds;
  totals_[size_t(phase_)][size_t(operation)]->Add(now_ns - last_end_ns_, bytes, multiply_adds);
  const bool ends = operation == Operation::kEmbed || operation == Operation::kHead;
  if (track_ != nullptr && (recorder_->detailed() || ends)) {
    track_->Add(NameOf(operation), last_end_ns_, now_ns,
                {.bytes = bytes, .multiply_adds = multiply_adds, .layer = layer_});
  }
  if (!worker_tracks_.empty()) NoteWorkers(operation);
  last_end_ns_ = now_ns;
  last_counters_ = counters;
}

void TimedBackend::NoteWorkers(Operation operation) {
  workers_->Drain([&](uint32_t worker, const monitor::WorkerTimes::Work& work) {
    if (worker_tracks_[worker] == nullptr) return;
    worker_tracks_[worker]->Add(NameOf(operation), work.first_ns, work.last_ns,
                                {.pieces = work.pieces, .layer = layer_});
  });
}

void TimedBackend::BeginStep(const Batch& batch) {
  if (recorder_ == nullptr) return backend_.BeginStep(batch);
  phase_ = PhaseOf(batch);
  last_counters_ = backend_.Counters();
  last_end_ns_ = recorder_->clock().NowNs();
  Timed(Operation::kBegin, [&] { backend_.BeginStep(batch); });
}

Status TimedBackend::BeginLayer(uint32_t layer) {
  EndLayer();
  if (recorder_ == nullptr) return backend_.BeginLayer(layer);
  layer_ = int32_t(layer);
  if (recorder_->detailed() && track_ != nullptr) {
    track_->Begin("layer");
    last_end_ns_ = recorder_->clock().NowNs();  // its first operation does not begin before it
  }
  Status status;
  Timed(Operation::kAwaitLayer, [&] { status = backend_.BeginLayer(layer); });
  if (!status.ok()) EndLayer();  // the step is given up
  return status;
}

void TimedBackend::EndLayer() {
  if (layer_ == monitor::SpanFacts::kNoLayer) return;
  if (recorder_->detailed() && track_ != nullptr) {
    track_->End({.layer = layer_});
    last_end_ns_ = recorder_->clock().NowNs();  // what follows does not begin inside of it
  }
  layer_ = monitor::SpanFacts::kNoLayer;
}

void TimedBackend::Embed(DenseId table, float factor, SlotId out) {
  Timed(Operation::kEmbed, [&] { backend_.Embed(table, factor, out); });
  layers_begin_ns_ = last_end_ns_;
}

void TimedBackend::RmsNorm(SlotId in, VectorId gain, float eps, SlotId out) {
  Timed(Operation::kNorm, [&] { backend_.RmsNorm(in, gain, eps, out); });
}

void TimedBackend::Quantize(SlotId in, Int8Id out, float largest) {
  Timed(Operation::kQuantize, [&] { backend_.Quantize(in, out, largest); });
}

void TimedBackend::Linear(std::span<const TernaryId> weights, Int8Id in, std::span<const SlotId> outs) {
  Timed(OperationOf(ternary_roles_[size_t(weights[0])]), [&] { backend_.Linear(weights, in, outs); });
}

void TimedBackend::DenseLinear(std::span<const DenseId> weights, SlotId in, std::span<const SlotId> outs) {
  Timed(OperationOf(dense_roles_[size_t(weights[0])]), [&] { backend_.DenseLinear(weights, in, outs); });
}

void TimedBackend::Rope(RopeId table, RopeOrder order, SlotId x, uint32_t heads) {
  Timed(Operation::kRope, [&] { backend_.Rope(table, order, x, heads); });
}

void TimedBackend::StoreKv(uint32_t layer, SlotId keys, SlotId values) {
  Timed(Operation::kStoreKv, [&] { backend_.StoreKv(layer, keys, values); });
}

void TimedBackend::Attend(uint32_t layer, SlotId queries, uint32_t heads, Reach reach, SlotId out) {
  Timed(Operation::kAttend, [&] { backend_.Attend(layer, queries, heads, reach, out); });
}

void TimedBackend::GatedLinear(Activation kind, TernaryId gate, TernaryId up, Int8Id in, SlotId out, SlotId scratch) {
  Timed(Operation::kGateUp, [&] { backend_.GatedLinear(kind, gate, up, in, out, scratch); });
}

void TimedBackend::Gate(Activation kind, SlotId gate, SlotId up) {
  Timed(Operation::kGate, [&] { backend_.Gate(kind, gate, up); });
}

void TimedBackend::Add(SlotId x, SlotId y) {
  Timed(Operation::kAdd, [&] { backend_.Add(x, y); });
}

void TimedBackend::Head(DenseId head, SlotId in, VectorId gain, float eps) {
  EndLayer();
  if (recorder_ != nullptr && !recorder_->detailed() && track_ != nullptr) {
    track_->Add("layers", layers_begin_ns_, last_end_ns_);
  }
  Timed(Operation::kHead, [&] { backend_.Head(head, in, gain, eps); });
}

Status TimedBackend::EndStep() { return backend_.EndStep(); }

// What needs no timing.

Result<TernaryId> TimedBackend::AddTernary(const quant::TernarySource& source, float scale_factor) {
  return backend_.AddTernary(source, scale_factor);
}

Result<TernaryId> TimedBackend::AddSparseTernary(const quant::TernarySource& source, float scale_factor) {
  return backend_.AddSparseTernary(source, scale_factor);
}

Result<TernaryId> TimedBackend::AddPackedTernary(const PackedTernary& packed) {
  return backend_.AddPackedTernary(packed);
}

Result<DenseId> TimedBackend::AddDense(quant::TensorType type, uint64_t rows, uint64_t columns,
                                       std::span<const std::byte> bytes) {
  return backend_.AddDense(type, rows, columns, bytes);
}

Result<DenseId> TimedBackend::AddDenseLinear(quant::TensorType type, uint64_t rows, uint64_t columns,
                                             std::span<const std::byte> bytes) {
  return backend_.AddDenseLinear(type, rows, columns, bytes);
}

void TimedBackend::AddLayer() { backend_.AddLayer(); }
Result<VectorId> TimedBackend::AddVector(std::span<const float> values) { return backend_.AddVector(values); }
Status TimedBackend::AddHead(DenseId head) { return backend_.AddHead(head); }
SlotId TimedBackend::AddSlot(uint32_t columns) { return backend_.AddSlot(columns); }
Int8Id TimedBackend::AddInt8Slot(uint32_t columns) { return backend_.AddInt8Slot(columns); }
Status TimedBackend::SetKv(const KvShape& shape) { return backend_.SetKv(shape); }

Result<RopeId> TimedBackend::AddRope(uint32_t positions, uint32_t head_dim, uint32_t rotary, float theta) {
  return backend_.AddRope(positions, head_dim, rotary, theta);
}

Status TimedBackend::Prepare(uint32_t max_rows, uint32_t max_outputs) {
  return backend_.Prepare(max_rows, max_outputs);
}

MemoryPlan TimedBackend::Plan() const { return backend_.Plan(); }
std::span<float> TimedBackend::SlotRow(SlotId id, uint32_t row) { return backend_.SlotRow(id, row); }
LogitRow TimedBackend::Logits(uint32_t output_index) { return backend_.Logits(output_index); }

}  // namespace sterna::backend
