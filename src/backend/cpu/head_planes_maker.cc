// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "backend/cpu/head_planes.h"
#include "backend/cpu/head_planes_layout.h"
#include "base/checked_math.h"
#include "base/status_macros.h"

namespace sterna::backend {
namespace {

constexpr size_t kColumns = kernels::kScreenGroupColumns;
constexpr size_t kLargestBlock = 1024;
constexpr size_t kPieceRows = 64;
// Squares below the smallest float vanish; this is more than all that a row can lose so.
constexpr double kVanished = 0x1p-60;
// Rows beyond this could overflow in the full head's float sums, so nothing is known of them.
constexpr double kLargestNorm = 1e15;

uint64_t Mix(uint64_t x) {  // SplitMix64 (Steele, Lea, Flood 2014)
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

size_t LargestPowerOfTwoIn(size_t count) { return std::min(count & (~count + 1), kLargestBlock); }

size_t RowHeaderBytes(size_t groups) { return RoundUp(groups, kHeadGroupPadding); }

size_t CoarseStride(size_t groups, kernels::ScreenOrder order) {
  const size_t plane = order == kernels::kNibblesFirst ? kernels::kScreenNibbleBytes : kernels::kScreenPairBytes;
  return RowHeaderBytes(groups) + groups * plane;
}

// At least the norm whose square is `square`, summed up in floats.
double Root(float square) { return std::sqrt(double(square)) * kRoundedUp + kVanished; }

}  // namespace

Status HeadPlanesMaker::TakeMemory(WeightArena& arena) {
  const auto floats = [&](size_t count, float*& out) -> Status {
    STERNA_ASSIGN_OR_RETURN(std::byte* const bytes, arena.Take(count * sizeof(float)));
    out = reinterpret_cast<float*>(bytes);
    return {};
  };
  const auto codes = [&](size_t stride, uint8_t*& out) -> Status {
    STERNA_ASSIGN_OR_RETURN(std::byte* const bytes, arena.Take(planes_.rows_ * stride));
    out = reinterpret_cast<uint8_t*>(bytes);
    return {};
  };
  STERNA_RETURN_IF_ERROR(codes(planes_.coarse_stride_, coarse_));
  STERNA_RETURN_IF_ERROR(codes(planes_.fine_stride_, fine_));
  for (float** const per_row : {&scales_, &coarse_spreads_, &fine_spreads_, &norms_}) {
    STERNA_RETURN_IF_ERROR(floats(planes_.rows_, *per_row));
  }
  STERNA_RETURN_IF_ERROR(floats(planes_.padded_columns(), signs_));
  STERNA_RETURN_IF_ERROR(floats(planes_.padded_columns(), offsets_));
  planes_.coarse_ = coarse_, planes_.fine_ = fine_, planes_.scales_ = scales_;
  planes_.coarse_spreads_ = coarse_spreads_, planes_.fine_spreads_ = fine_spreads_, planes_.norms_ = norms_;
  planes_.signs_ = signs_, planes_.offsets_ = offsets_;
  return {};
}

// Signs and dither are random, but the same in every run. The dither is uniform over one step of the first plane.
void HeadPlanesMaker::DrawConstants() {
  const double half = MiddleOfLowerBits(planes_.order()) + 0.5;
  for (size_t i = 0; i < planes_.padded_columns(); ++i) {
    const uint64_t bits = Mix(i);
    signs_[i] = (bits & 1) != 0 ? 1.0f : -1.0f;
    const double uniform = (double(bits >> 11) + 0.5) * 0x1p-53;
    offsets_[i] = float(31.5 + half * (2 * uniform - 1));
  }
}

size_t HeadPlanesMaker::pieces() const { return CeilDiv(head_.rows, kPieceRows); }

void HeadPlanesMaker::MakePiece(size_t piece, float* row) const {
  const size_t end = std::min((piece + 1) * kPieceRows, head_.rows);
  for (size_t r = piece * kPieceRows; r < end; ++r) MakeRow(r, row);
}

void HeadPlanesMaker::MakeRow(size_t r, float* row) const {
  const size_t padded = planes_.padded_columns();
  kernels_->decode_row[type_](head_.data + r * head_.row_bytes, head_.columns, row);
  for (size_t i = 0; i < head_.columns; ++i) row[i] *= signs_[i];
  std::fill(row + head_.columns, row + padded, 0.0f);
  kernels_->hadamard(row, padded, planes_.block_);
  uint8_t* const header = coarse_ + r * planes_.coarse_stride_;
  uint8_t* const first_plane = header + RowHeaderBytes(planes_.groups_);
  uint8_t* const second_plane = fine_ + r * planes_.fine_stride_;
  const bool nibbles_first = planes_.order() == kernels::kNibblesFirst;
  kernels::ScreenNorms norms;
  kernels_->screen_encode(
      row, offsets_, planes_.groups_, planes_.order(),
      {header, nibbles_first ? first_plane : second_plane, nibbles_first ? second_plane : first_plane}, &norms);
  SetBounds(r, header, norms);
}

void HeadPlanesMaker::SetBounds(size_t r, const uint8_t* multipliers, const kernels::ScreenNorms& norms) const {
  const double norm = Root(norms.square), coarse = Root(norms.coarse_square), fine = Root(norms.fine_square);
  scales_[r] = norms.scale;
  norms_[r] = float((norm + std::max(coarse, fine)) * kRoundedUp);
  coarse_spreads_[r] = float(coarse);
  fine_spreads_[r] = float(fine);
  if (!(norm < kLargestNorm)) {  // also NaN
    coarse_spreads_[r] = fine_spreads_[r] = std::numeric_limits<float>::infinity();
    scales_[r] = norms_[r] = 0;
  } else if (planes_.bound_ == HeadBound::kScreened && norms.scale > 0) {
    const double deviation = Deviation(multipliers, norms.scale);
    coarse_spreads_[r] = float(deviation * (2 * MiddleOfLowerBits(planes_.order()) + 1) * kRoundedUp);
    fine_spreads_[r] = float(deviation * kRoundedUp);
  }
}

// (sum over groups of d^4)^(1/4), d the deviation of a number rounded to one step of the group.
double HeadPlanesMaker::Deviation(const uint8_t* multipliers, float scale) const {
  double fourth = 0;
  for (size_t g = 0; g < planes_.groups_; ++g) {
    const double square = double(multipliers[g]) * multipliers[g] / 12;
    fourth += square * square;
  }
  return std::sqrt(std::sqrt(fourth)) * double(scale) + kVanished;
}

uint64_t HeadPlanes::SizeBytes(uint64_t rows, uint64_t columns) {
  if (columns > kMaxColumns) return 0;
  const uint64_t groups = CeilDiv<uint64_t>(columns, kColumns);
  const uint64_t row_bytes =
      RowHeaderBytes(groups) + groups * (kernels::kScreenNibbleBytes + kernels::kScreenPairBytes);
  return rows * (row_bytes + 4 * sizeof(float)) + 2 * groups * kColumns * sizeof(float);
}

Result<HeadPlanesMaker> HeadPlanesMaker::Create(const kernels::KernelTable& kernels, kernels::DenseType type,
                                                const kernels::DenseRows& head, HeadBound bound, WeightArena& arena) {
  if (head.columns > HeadPlanes::kMaxColumns) {
    return Status::InvalidArgument(
        fmt::format("a head of {} columns has no planes; {} are the most", head.columns, HeadPlanes::kMaxColumns));
  }
  HeadPlanesMaker maker(kernels, type, head);
  HeadPlanes& planes = maker.planes_;
  planes.bound_ = bound;
  planes.rows_ = head.rows;
  planes.columns_ = head.columns;
  planes.groups_ = CeilDiv(head.columns, kColumns);
  planes.block_ = LargestPowerOfTwoIn(planes.padded_columns());
  planes.coarse_stride_ = CoarseStride(planes.groups_, planes.order());
  const bool nibbles_first = planes.order() == kernels::kNibblesFirst;
  planes.fine_stride_ = planes.groups_ * (nibbles_first ? kernels::kScreenPairBytes : kernels::kScreenNibbleBytes);
  STERNA_RETURN_IF_ERROR(maker.TakeMemory(arena));
  maker.DrawConstants();
  return maker;
}

Result<HeadPlanes> HeadPlanes::Make(const kernels::KernelTable& kernels, kernels::DenseType type,
                                    const kernels::DenseRows& head, HeadBound bound, WeightArena& arena,
                                    platform::ThreadPool& pool) {
  STERNA_ASSIGN_OR_RETURN(const HeadPlanesMaker maker, HeadPlanesMaker::Create(kernels, type, head, bound, arena));
  const size_t columns = maker.planes().padded_columns();
  STERNA_ASSIGN_OR_RETURN(AlignedBuffer rows, AlignedBuffer::Create(pool.thread_count() * columns * sizeof(float)));
  pool.ParallelFor(maker.pieces(), [&](size_t piece, uint32_t worker) {
    maker.MakePiece(piece, rows.as<float>().data() + worker * columns);
  });
  return maker.planes();
}

}  // namespace sterna::backend
