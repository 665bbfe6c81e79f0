// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "backend/backend.h"
#include "model/activation.h"

namespace sterna::model {

// Computes nothing: keeps what a model gives it, and the names of the operations it calls, in order.
class FakeBackend : public backend::Backend {
 public:
  struct Ternary {
    quant::TernarySource source;
    float scale_factor;
  };
  struct Dense {
    quant::TensorType type;
    uint64_t rows, columns;
  };
  std::vector<Ternary> ternaries;
  std::vector<size_t> sparse_ternaries;  // indices into ternaries
  std::vector<backend::PackedTernary> packed_ternaries;
  std::vector<Dense> denses;
  std::vector<std::vector<float>> vectors;
  std::vector<float> ropes;  // their bases
  std::vector<uint32_t> slots, int8_slots;
  std::vector<std::string> operations;
  Status step_status;                  // what EndStep answers
  std::vector<size_t> first_of_layer;  // matrices that were there when a layer began
  Status layer_status;                 // what BeginLayer answers
  Status ternary_status;               // what AddTernary answers when not ok

  void AddLayer() override { first_of_layer.push_back(ternaries.size() + packed_ternaries.size() + denses.size()); }
  Status BeginLayer(uint32_t layer) override {
    operations.push_back("layer" + std::to_string(layer));
    return layer_status;
  }
  Result<backend::TernaryId> AddTernary(const quant::TernarySource& source, float scale_factor) override {
    if (!ternary_status.ok()) return ternary_status;
    ternaries.push_back({source, scale_factor});
    return backend::TernaryId(ternaries.size() - 1);
  }
  Result<backend::TernaryId> AddSparseTernary(const quant::TernarySource& source, float scale_factor) override {
    sparse_ternaries.push_back(ternaries.size());
    return AddTernary(source, scale_factor);
  }
  Result<backend::TernaryId> AddPackedTernary(const backend::PackedTernary& packed) override {
    packed_ternaries.push_back(packed);
    return AddTernary({.rows = packed.rows, .columns = packed.columns, .bytes = packed.codes}, packed.scale);
  }
  Result<backend::DenseId> AddDense(quant::TensorType type, uint64_t rows, uint64_t columns,
                                    std::span<const std::byte>) override {
    denses.push_back({type, rows, columns});
    return backend::DenseId(denses.size() - 1);
  }
  Result<backend::DenseId> AddDenseLinear(quant::TensorType type, uint64_t rows, uint64_t columns,
                                          std::span<const std::byte> bytes) override {
    return AddDense(type, rows, columns, bytes);
  }
  Result<backend::VectorId> AddVector(std::span<const float> values) override {
    vectors.emplace_back(values.begin(), values.end());
    return backend::VectorId(vectors.size() - 1);
  }
  Status AddHead(backend::DenseId) override { return {}; }
  backend::SlotId AddSlot(uint32_t columns) override {
    slots.push_back(columns);
    return backend::SlotId(slots.size() - 1);
  }
  backend::Int8Id AddInt8Slot(uint32_t columns) override {
    int8_slots.push_back(columns);
    return backend::Int8Id(int8_slots.size() - 1);
  }
  Status SetKv(const backend::KvShape&) override { return {}; }
  Result<backend::RopeId> AddRope(uint32_t, uint32_t, uint32_t, float theta) override {
    ropes.push_back(theta);
    return backend::RopeId(ropes.size() - 1);
  }
  Status Prepare(uint32_t, uint32_t) override { return {}; }
  backend::MemoryPlan Plan() const override { return {}; }

  void BeginStep(const backend::Batch&) override { Note("begin"); }
  void Embed(backend::DenseId, float factor, backend::SlotId) override {
    Note(factor == 1 ? "embed" : "embed times " + std::to_string(factor));
  }
  void RmsNorm(backend::SlotId in, backend::VectorId gain, float, backend::SlotId) override {
    const size_t size = vectors.at(size_t(gain)).size(), parts = slots.at(size_t(in)) / size;
    Note("norm" + std::to_string(size) + (parts > 1 ? " of " + std::to_string(parts) : ""));
  }
  void Quantize(backend::SlotId in, backend::Int8Id out, float) override {
    Note(slots.at(size_t(in)) == int8_slots.at(size_t(out)) ? "quantize" : "quantize with a wrong slot");
  }
  void Linear(std::span<const backend::TernaryId> weights, backend::Int8Id in,
              std::span<const backend::SlotId> outs) override {
    std::string note = "linear";
    for (size_t i = 0; i < weights.size(); ++i) {
      const quant::TernarySource& w = ternaries.at(size_t(weights[i])).source;
      const bool fits = w.columns == int8_slots.at(size_t(in)) && w.rows == slots.at(size_t(outs[i]));
      note += fits ? " " + std::to_string(w.columns) + ">" + std::to_string(w.rows) : " with a wrong slot";
    }
    Note(note);
  }
  void DenseLinear(std::span<const backend::DenseId> weights, backend::SlotId in,
                   std::span<const backend::SlotId> outs) override {
    std::string note = "dense";
    for (size_t i = 0; i < weights.size(); ++i) {
      const Dense& w = denses.at(size_t(weights[i]));
      const bool fits = w.columns == slots.at(size_t(in)) && w.rows == slots.at(size_t(outs[i]));
      note += fits ? " " + std::to_string(w.columns) + ">" + std::to_string(w.rows) : " with a wrong slot";
    }
    Note(note);
  }
  void Rope(backend::RopeId table, backend::RopeOrder order, backend::SlotId, uint32_t heads) override {
    Note((order == backend::RopeOrder::kHalves ? "rope" : "rope pairs ") + std::to_string(heads) +
         (size_t(table) == 0 ? "" : " by table " + std::to_string(size_t(table))));
  }
  void StoreKv(uint32_t layer, backend::SlotId, backend::SlotId) override { Note("store" + std::to_string(layer)); }
  void Attend(uint32_t layer, backend::SlotId, uint32_t heads, backend::Reach reach, backend::SlotId) override {
    Note("attend" + std::to_string(layer) + " heads" + std::to_string(heads) +
         (reach == backend::Reach::kWindow ? " window" : ""));
  }
  void GatedLinear(backend::Activation kind, backend::TernaryId gate, backend::TernaryId up, backend::Int8Id in,
                   backend::SlotId out, backend::SlotId scratch) override {
    bool fits = slots.at(size_t(out)) == slots.at(size_t(scratch));
    for (const backend::TernaryId id : {gate, up}) {
      const quant::TernarySource& w = ternaries.at(size_t(id)).source;
      fits = fits && w.columns == int8_slots.at(size_t(in)) && w.rows == slots.at(size_t(out));
    }
    const std::string name(ActivationName(kind));
    Note(fits ? name + " " + std::to_string(int8_slots.at(size_t(in))) + ">" + std::to_string(slots.at(size_t(out)))
              : name + " with a wrong slot");
  }
  void Gate(backend::Activation kind, backend::SlotId, backend::SlotId) override {
    Note(std::string(ActivationName(kind)));
  }
  void Add(backend::SlotId, backend::SlotId) override { Note("add"); }
  void Head(backend::DenseId head, backend::SlotId, backend::VectorId, float) override {
    Note("head" + std::to_string(size_t(head)));
  }
  Status EndStep() override {
    Note("end");
    return step_status;
  }
  std::span<float> SlotRow(backend::SlotId, uint32_t) override { return {}; }
  backend::LogitRow Logits(uint32_t) override { return {}; }

 private:
  void Note(std::string operation) { operations.push_back(std::move(operation)); }
};

}  // namespace sterna::model
