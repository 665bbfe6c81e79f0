// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/cpu_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "backend/cpu/cpu_backend_impl.h"
#include "backend/cpu/packed_weights.h"
#include "base/check.h"
#include "base/checked_math.h"
#include "base/status_macros.h"

namespace sterna::backend {
namespace {

std::optional<kernels::DenseType> DenseTypeOf(quant::TensorType type) {
  switch (type) {
    case quant::TensorType::kF32: return kernels::kDenseF32;
    case quant::TensorType::kF16: return kernels::kDenseF16;
    case quant::TensorType::kBF16: return kernels::kDenseBF16;
    case quant::TensorType::kQ8_0: return kernels::kDenseQ8_0;
    case quant::TensorType::kQ6_K: return kernels::kDenseQ6_K;
    case quant::TensorType::kQ4_0: return kernels::kDenseQ4_0;
    case quant::TensorType::kTQ1_0: return kernels::kDenseTQ1_0;
    case quant::TensorType::kTQ2_0: return kernels::kDenseTQ2_0;
    case quant::TensorType::kQ5_0: return kernels::kDenseQ5_0;
    case quant::TensorType::kQ4_K: return kernels::kDenseQ4_K;
    case quant::TensorType::kQ2_0: return kernels::kDenseQ2_0;
    case quant::TensorType::kQ2_0_G128:
    case quant::TensorType::kPQ2_0: return kernels::kDenseQ2_0_G128;
    default: return std::nullopt;
  }
}

}  // namespace

std::unique_ptr<CpuBackend> CpuBackend::Create(const kernels::KernelTable& kernels, platform::ThreadPool& pool,
                                               const CpuBackendOptions& options) {
  return std::make_unique<CpuBackendImpl>(kernels, pool, options);
}

CpuBackendImpl::CpuBackendImpl(const kernels::KernelTable& kernels, platform::ThreadPool& pool,
                               const CpuBackendOptions& options)
    : kernels_(kernels),
      pool_(pool),
      work_(pool, options),
      head_mode_(options.head),
      copy_packed_(options.copy_packed),
      ternary_arena_(options.placement),
      vector_arena_(options.placement),
      head_arena_(options.placement),
      unpacked_(options.unpack),
      quantizer_(options.outliers) {
  if (options.stream) stream_.emplace(*options.stream);
}

Result<TernaryId> CpuBackendImpl::AddTernary(const quant::TernarySource& source, float scale_factor) {
  const auto repack = work_.options().unpack.hold ? UnpackTernary : RepackTernary;
  STERNA_ASSIGN_OR_RETURN(const TernaryMatrix matrix,
                          stream_ ? stream_->AddTernary(ternary_.size(), source, scale_factor, ternary_arena_)
                                  : repack(source, scale_factor, ternary_arena_, pool_));
  ternary_.push_back(matrix);
  return TernaryId(ternary_.size() - 1);
}

Result<TernaryId> CpuBackendImpl::AddSparseTernary(const quant::TernarySource& source, float scale_factor) {
  // Reading less of a matrix by input would save nothing where all of it comes from a file.
  if (stream_ || work_.options().unpack.hold) return AddTernary(source, scale_factor);
  STERNA_ASSIGN_OR_RETURN(const TernaryMatrix matrix,
                          RepackTernaryByInput(source, scale_factor, ternary_arena_, pool_));
  ternary_.push_back(matrix);
  return TernaryId(ternary_.size() - 1);
}

Result<TernaryId> CpuBackendImpl::AddPackedTernary(const PackedTernary& packed) {
  const bool unpack = work_.options().unpack.hold && !stream_, copy = copy_packed_ && !unpack;
  STERNA_ASSIGN_OR_RETURN(TernaryMatrix matrix, stream_ ? stream_->AddPacked(ternary_.size(), packed, ternary_arena_)
                                                        : TakePacked(packed, copy, ternary_arena_, pool_));
  if (unpack) STERNA_RETURN_IF_ERROR(UnpackMatrix(matrix, ternary_arena_, pool_));
  if (reinterpret_cast<const std::byte*>(matrix.codes) == packed.codes.data()) {
    packed_in_place_bytes_ += packed.codes.size();
  }
  ternary_.push_back(matrix);
  return TernaryId(ternary_.size() - 1);
}

Result<DenseId> CpuBackendImpl::AddDense(quant::TensorType type, uint64_t rows, uint64_t columns,
                                         std::span<const std::byte> bytes) {
  const std::optional<kernels::DenseType> dense_type = DenseTypeOf(type);
  if (!dense_type) {
    return Status::Unsupported(fmt::format("{} is no type for an embedding or a head here", quant::Info(type).name));
  }
  STERNA_ASSIGN_OR_RETURN(const uint64_t size_bytes, quant::TensorBytes(type, rows, columns));
  if (rows == 0 || columns == 0 || size_bytes != bytes.size()) {
    return Status::InvalidArgument(fmt::format("{} rows of {} columns in {} take {} bytes; {} were given", rows,
                                               columns, quant::Info(type).name, size_bytes, bytes.size()));
  }
  const auto* const data = reinterpret_cast<const uint8_t*>(bytes.data());
  dense_.push_back({*dense_type, {data, rows, columns, size_bytes / rows}, false, !stream_});
  return DenseId(dense_.size() - 1);
}

Result<DenseId> CpuBackendImpl::AddDenseLinear(quant::TensorType type, uint64_t rows, uint64_t columns,
                                               std::span<const std::byte> bytes) {
  STERNA_ASSIGN_OR_RETURN(const DenseId id, AddDense(type, rows, columns, bytes));
  dense_.back().linear = true;
  if (stream_) stream_->AddDense(size_t(id), bytes);
  return id;
}

void CpuBackendImpl::AddLayer() {
  if (stream_) stream_->AddLayer();
}

Result<VectorId> CpuBackendImpl::AddVector(std::span<const float> values) {
  STERNA_ASSIGN_OR_RETURN(std::byte* const bytes, vector_arena_.Take(values.size_bytes()));
  std::copy(values.begin(), values.end(), reinterpret_cast<float*>(bytes));
  vectors_.push_back({reinterpret_cast<const float*>(bytes), values.size()});
  return VectorId(vectors_.size() - 1);
}

SlotId CpuBackendImpl::AddSlot(uint32_t columns) {
  slots_.emplace_back(columns);
  return SlotId(slots_.size() - 1);
}

Int8Id CpuBackendImpl::AddInt8Slot(uint32_t columns) {
  int8_slots_.emplace_back(columns);
  return Int8Id(int8_slots_.size() - 1);
}

Status CpuBackendImpl::SetKv(const KvShape& shape) {
  STERNA_ASSIGN_OR_RETURN(kv_, KvStore::Create(shape, placement()));
  return {};
}

Result<RopeId> CpuBackendImpl::AddRope(uint32_t positions, uint32_t head_dim, uint32_t rotary, float theta) {
  STERNA_ASSIGN_OR_RETURN(RopeTable table, RopeTable::Create(positions, head_dim, rotary, theta, pool_));
  ropes_.push_back(std::move(table));
  return RopeId(ropes_.size() - 1);
}

Status CpuBackendImpl::Prepare(uint32_t max_rows, uint32_t max_outputs) {
  if (max_rows == 0) return Status::InvalidArgument("a step of 0 rows computes nothing: at least 1 row is needed");
  max_rows_ = max_rows;
  max_outputs_ = max_outputs;
  for (FloatSlot& slot : slots_) STERNA_RETURN_IF_ERROR(slot.Allocate(max_rows, placement()));
  for (Int8Slot& slot : int8_slots_) STERNA_RETURN_IF_ERROR(slot.Allocate(max_rows, placement()));

  uint32_t widest = 0;
  for (const FloatSlot& slot : slots_) widest = std::max(widest, slot.columns());
  head_input_ = FloatSlot(widest);
  STERNA_RETURN_IF_ERROR(head_input_.Allocate(max_outputs));
  STERNA_RETURN_IF_ERROR(quantizer_.Allocate(pool_.thread_count(), widest));

  size_t vocabulary = 0;
  for (const DenseMatrix& dense : dense_) {
    if (!dense.linear) vocabulary = std::max(vocabulary, dense.rows.rows);
  }
  if (vocabulary > UINT32_MAX) return Status::Unsupported(fmt::format("a head of {} rows is too large", vocabulary));
  logits_ = FloatSlot(uint32_t(vocabulary));
  STERNA_RETURN_IF_ERROR(logits_.Allocate(max_outputs));
  logit_rows_.reserve(max_outputs);
  screened_outputs_.reserve(ScreenedHead::kMaxOutputs);
  if (screened_) STERNA_RETURN_IF_ERROR(screened_->Allocate(max_outputs));

  if (!stream_) STERNA_RETURN_IF_ERROR(unpacked_.Allocate(ternary_, placement()));
  STERNA_RETURN_IF_ERROR(AllocateSparse());
  if (max_rows >= kernels_.ternary_scratch.least_tokens) {
    ternary_scratch_stride_ = RoundUp(kernels_.ternary_scratch.bytes, AlignedBuffer::kAlignment);
    STERNA_ASSIGN_OR_RETURN(ternary_scratch_, AlignedBuffer::Create(pool_.thread_count() * ternary_scratch_stride_));
  }

  STERNA_RETURN_IF_ERROR(PrepareAttention());
  return stream_ ? PrepareStream() : Status();
}

Status CpuBackendImpl::PrepareAttention() {
  const KvShape& shape = kv_.shape();
  if (shape.head_dim == 0) return {};
  const uint32_t group = std::max(1u, shape.query_heads / shape.kv_heads);
  // Without rotary embedding nothing but the blocks bounds a sequence.
  const uint32_t positions =
      ropes_.empty() ? shape.block_count * uint32_t{kernels::kKvBlockTokens} : ropes_[0].positions();
  AttentionPlan::Limits limits = {max_rows_, positions, pool_.thread_count(), shape.kv_heads, group, shape.head_dim};
  STERNA_RETURN_IF_ERROR(attention_.Prepare(limits));
  limits.window = shape.window;
  return shape.window > 0 ? windowed_.Prepare(limits) : Status();
}

MemoryPlan CpuBackendImpl::Plan() const {
  uint64_t dense_bytes = 0, linear_bytes = 0, rope_bytes = 0;
  for (const DenseMatrix& dense : dense_) {
    if (!dense.in_place) continue;
    (dense.linear ? linear_bytes : dense_bytes) += uint64_t{dense.rows.rows} * dense.rows.row_bytes;
  }
  for (const RopeTable& table : ropes_) rope_bytes += table.size_bytes();
  uint64_t scratch_bytes = head_input_.size_bytes() + logits_.size_bytes() + attention_.size_bytes() +
                           windowed_.size_bytes() + listed_.size() + column_sums_.size() + ternary_scratch_.size() +
                           quantizer_.size_bytes();
  if (screened_) scratch_bytes += screened_->size_bytes();
  for (const FloatSlot& slot : slots_) scratch_bytes += slot.size_bytes();
  for (const Int8Slot& slot : int8_slots_) scratch_bytes += slot.size_bytes();
  MemoryPlan plan;
  plan.items = {{"ternary weights", ternary_arena_.taken_bytes()},
                {"ternary weights (read in place)", packed_in_place_bytes_},
                {"embedding and head", dense_bytes},
                {"dense layers", linear_bytes},
                {"head planes", head_arena_.taken_bytes()},
                {"norm weights", vector_arena_.taken_bytes()},
                {"KV cache", kv_.size_bytes()},
                {"rotary table", rope_bytes},
                {"scratch", scratch_bytes}};
  if (unpacked_.size_bytes() > 0) plan.items.push_back({"unpacked weights", unpacked_.size_bytes()});
  if (stream_) plan.items.push_back({"window of streamed weights", stream_->size_bytes() + stored_row_.size()});
  return plan;
}

memory::PoolUse CpuBackendImpl::WeightPools() const {
  memory::PoolUse use;
  for (const WeightArena* arena : {&ternary_arena_, &vector_arena_, &head_arena_}) use.Add(arena->use());
  return use;
}

void CpuBackendImpl::BeginStep(const Batch& batch) {
  STERNA_DCHECK(batch.tokens.size() <= max_rows_ && batch.output_rows.size() <= max_outputs_);
  STERNA_DCHECK(batch.positions.size() == batch.tokens.size() && batch.sequences.size() == batch.tokens.size());
  batch_ = batch;
  step_status_ = {};
  work_.BeginStep(rows());
  if (stream_) stream_->BeginPass(!batch.output_rows.empty());
  if (kv_.shape().head_dim > 0) attention_.Cut(batch);
  if (kv_.shape().window > 0) windowed_.Cut(batch);
}

Status CpuBackendImpl::EndStep() {
  batch_ = Batch{};
  if (stream_) stream_->EndPass();
  return step_status_;
}

}  // namespace sterna::backend
