// SPDX-License-Identifier: Apache-2.0
//
// Where a model's work is placed: the seam between the forward pass and a device. The forward pass names weights and
// activations by id and never sees a value of them; an operation works on the whole batch (every row of the step).
//
// Life: add weights, slots, KV and RoPE -> Prepare() once -> any number of steps: BeginStep, operations, EndStep.
// After Prepare nothing allocates. Not thread-safe: one step loop calls it; inside, it uses its own threads.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/packed_ternary.h"
#include "quant/ternary.h"
#include "sterna/status.h"

namespace sterna::backend {

enum class TernaryId : uint32_t {};  // a ternary weight matrix
enum class DenseId : uint32_t {};    // a matrix of stored numbers: an embedding, a head, a linear layer
enum class VectorId : uint32_t {};   // a float vector (norm gain)
enum class RopeId : uint32_t {};     // a table of angles
enum class SlotId : uint32_t {};     // float32 activations [rows of the step, columns]
enum class Int8Id : uint32_t {};     // quantized activations [rows of the step, columns]

enum class KvType : uint8_t { kF32, kF16, kQ8 };
enum class Activation : uint8_t { kRelu2, kSilu, kGelu };  // kGelu: its tanh approximation
// Which dimensions of a head turn together: i and i + rotary / 2, or 2 i and 2 i + 1.
enum class RopeOrder : uint8_t { kHalves, kPairs };
// Which positions a layer attends to: all up to its own, or the last KvShape::window of them.
enum class Reach : uint8_t { kAll, kWindow };

struct KvShape {
  uint32_t layers = 0;
  uint32_t kv_heads = 0;
  uint32_t head_dim = 0;
  uint32_t block_count = 0;  // blocks of 64 tokens, each holding all layers and KV heads
  KvType type = KvType::kF16;
  uint32_t query_heads = 0;  // a multiple of kv_heads; 0: as many
  uint32_t window = 0;       // positions that layers with Reach::kWindow attend to; 0: there are no such layers
};

// What is wanted of one row of logits.
struct LogitNeed {
  static constexpr uint32_t kAll = 0;

  uint32_t best = kAll;            // the largest logits: this many, and those equal to the last of them
  std::span<const int32_t> ids;    // with `best`: these too, whatever they are; they do not count among the best
  std::span<const int32_t> never;  // with `best`: these are not asked for at all
  // With `best`: the largest of these only, where token i is bit i % 64 of word i / 64; empty: of all. Where there are
  // fewer of them than `best`, all of them.
  std::span<const uint64_t> among = {};
};

// What a step gave of one row of logits. The caller may overwrite them.
struct LogitRow {
  bool all = true;               // logits of the whole vocabulary, and no ids
  std::span<const int32_t> ids;  // ascending: at least what was asked for
  std::span<float> logits;       // of these ids, the bits that the whole row would have
};

// One step's rows. Rows of one sequence are in order of position, and each position follows the ones stored before it.
struct Batch {
  std::span<const int32_t> tokens;                          // [rows]
  std::span<const uint32_t> positions;                      // [rows]
  std::span<const uint32_t> sequences;                      // [rows] index into block_tables
  std::span<const std::span<const uint32_t>> block_tables;  // per sequence: KV block of positions 64 i .. 64 i + 63
  std::span<const uint32_t> output_rows;                    // rows whose logits are wanted, ascending
  std::span<const LogitNeed> needs = {};                    // per output row; empty: every logit of each
  bool keep_hidden = false;                                 // Model::Hidden is asked for afterwards
};

// Bytes a backend holds, by what for.
struct MemoryPlan {
  struct Item {
    std::string what;  // "ternary weights", "embedding", "KV cache", "scratch"
    uint64_t bytes = 0;
  };
  std::vector<Item> items;
  uint64_t TotalBytes() const;
  uint64_t BytesOf(std::string_view what) const;  // 0 where there is no such item
  // "KV cache 26.2 MB, scratch 9.1 MB, rotary table 1.0 MB": the largest first, at most `count`.
  std::string Biggest(size_t count) const;
};

class Backend {
 public:
  virtual ~Backend() = default;

  // The matrix is repacked into the backend's own layout; the source's bytes are not needed afterwards. Its values are
  // multiplied by `scale_factor` (a .scale tensor; 1 when there is none). Errors as quant::InspectTernary.
  virtual Result<TernaryId> AddTernary(const quant::TernarySource& source, float scale_factor) = 0;
  // The same for a matrix whose inputs are mostly zeros (what follows squared ReLU): the backend may store it so that a
  // zero input costs no read. Multiplied alone, not with others in one Linear.
  virtual Result<TernaryId> AddSparseTernary(const quant::TernarySource& source, float scale_factor) = 0;
  // A matrix that is in the backend's layout already; its codes must stay valid and unchanged while the backend lives
  // (they may be read in place). InvalidArgument when the sizes do not fit the shape.
  virtual Result<TernaryId> AddPackedTernary(const PackedTernary& packed) = 0;
  // `bytes` must stay valid and unchanged while the backend lives (it may be read in place).
  virtual Result<DenseId> AddDense(quant::TensorType type, uint64_t rows, uint64_t columns,
                                   std::span<const std::byte> bytes) = 0;
  // A linear layer of stored numbers, multiplied with float activations; otherwise as AddDense.
  virtual Result<DenseId> AddDenseLinear(quant::TensorType type, uint64_t rows, uint64_t columns,
                                         std::span<const std::byte> bytes) = 0;
  // The weights of linear layers that are added from here on, up to the next call, belong to one layer of the forward
  // pass (the first call: layer 0).
  virtual void AddLayer() = 0;
  virtual Result<VectorId> AddVector(std::span<const float> values) = 0;

  // Says that Head will be called with this matrix, so that the backend can make what saves reading it whole.
  virtual Status AddHead(DenseId head) = 0;
  virtual SlotId AddSlot(uint32_t columns) = 0;
  virtual Int8Id AddInt8Slot(uint32_t columns) = 0;
  virtual Status SetKv(const KvShape& shape) = 0;
  // cos and sin of position * theta^(-2 i / rotary) for every position below `positions`.
  virtual Result<RopeId> AddRope(uint32_t positions, uint32_t head_dim, uint32_t rotary, float theta) = 0;

  // Takes all scratch memory for steps of up to `max_rows` rows and `max_outputs` logit rows. ResourceExhausted.
  virtual Status Prepare(uint32_t max_rows, uint32_t max_outputs) = 0;
  virtual MemoryPlan Plan() const = 0;

  // The batch's spans stay valid until EndStep.
  virtual void BeginStep(const Batch& batch) = 0;
  // The operations up to the next call use linear weights of this layer alone; layers come in order. A device that does
  // not hold all of them waits here. The error of reading a file: the step is to be given up then.
  virtual Status BeginLayer(uint32_t layer) = 0;
  virtual void Embed(DenseId table, float factor, SlotId out) = 0;  // out[row] = factor table[tokens[row]]
  // Each run of as many columns as `gain` has (a whole row, or each head of it) by itself; out may be in.
  virtual void RmsNorm(SlotId in, VectorId gain, float eps, SlotId out) = 0;
  // To int8, of which 127 stands for `largest` in every row; 0: for the largest magnitude of each.
  virtual void Quantize(SlotId in, Int8Id out, float largest) = 0;
  virtual void Linear(std::span<const TernaryId> weights, Int8Id in,
                      std::span<const SlotId> outs) = 0;  // outs[i] = W_i in
  // The same with matrices of AddDenseLinear and float activations.
  virtual void DenseLinear(std::span<const DenseId> weights, SlotId in, std::span<const SlotId> outs) = 0;
  virtual void Rope(RopeId table, RopeOrder order, SlotId x, uint32_t heads) = 0;  // by each row's position
  virtual void StoreKv(uint32_t layer, SlotId keys, SlotId values) = 0;            // at each row's position
  virtual void Attend(uint32_t layer, SlotId queries, uint32_t heads, Reach reach,
                      SlotId out) = 0;  // causal, scale 1/sqrt(head_dim)
  // out = act(W_gate in) * (W_up in); what `scratch` holds afterwards is not defined.
  virtual void GatedLinear(Activation kind, TernaryId gate, TernaryId up, Int8Id in, SlotId out, SlotId scratch) = 0;
  virtual void Gate(Activation kind, SlotId gate, SlotId up) = 0;            // gate = act(gate) * up
  virtual void Add(SlotId x, SlotId y) = 0;                                  // x = x + y
  virtual void Head(DenseId head, SlotId in, VectorId gain, float eps) = 0;  // logits of output_rows of rms(in)
  // Ends the step; a device reports here what went wrong in it. A step that was given up needs no end. Matrices that
  // are read in place belong to whoever mapped them: that caller checks them (format::GgufFile::CheckStillWhole) before
  // it trusts the logits.
  virtual Status EndStep() = 0;
  // Row `row` of a slot as the last operations left it, [columns]; valid until the next BeginStep.
  virtual std::span<float> SlotRow(SlotId id, uint32_t row) = 0;
  // Of the i-th output row, valid after EndStep until the next BeginStep.
  virtual LogitRow Logits(uint32_t output_index) = 0;
};

}  // namespace sterna::backend
