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

}  // namespace

class HeadPlanes::Maker {
 public:
  Maker(const kernels::KernelTable& kernels, kernels::DenseType type, const kernels::DenseRows& head, HeadPlanes& made)
      : kernels_(kernels), type_(type), head_(head), made_(made) {}

  Status TakeMemory(WeightArena& arena) {
    const auto floats = [&](size_t count, float*& out) -> Status {
      STERNA_ASSIGN_OR_RETURN(std::byte* const bytes, arena.Take(count * sizeof(float)));
      out = reinterpret_cast<float*>(bytes);
      return {};
    };
    const auto codes = [&](size_t stride, uint8_t*& out) -> Status {
      STERNA_ASSIGN_OR_RETURN(std::byte* const bytes, arena.Take(made_.rows_ * stride));
      out = reinterpret_cast<uint8_t*>(bytes);
      return {};
    };
    STERNA_RETURN_IF_ERROR(codes(made_.coarse_stride_, coarse_));
    STERNA_RETURN_IF_ERROR(codes(made_.fine_stride_, fine_));
    for (float** const per_row : {&scales_, &coarse_spreads_, &fine_spreads_, &norms_}) {
      STERNA_RETURN_IF_ERROR(floats(made_.rows_, *per_row));
    }
    STERNA_RETURN_IF_ERROR(floats(made_.padded_columns(), signs_));
    return floats(made_.padded_columns(), offsets_);
  }

  // Signs and dither are random, but the same in every run. The dither is uniform over one step of the first plane.
  void DrawConstants() {
    const double half = MiddleOfLowerBits(made_.order()) + 0.5;
    for (size_t i = 0; i < made_.padded_columns(); ++i) {
      const uint64_t bits = Mix(i);
      signs_[i] = (bits & 1) != 0 ? 1.0f : -1.0f;
      const double uniform = (double(bits >> 11) + 0.5) * 0x1p-53;
      offsets_[i] = float(31.5 + half * (2 * uniform - 1));
    }
  }

  void MakeRows(size_t first, size_t end, float* row) const {
    for (size_t r = first; r < end; ++r) MakeRow(r, row);
  }

  void Finish() const {
    made_.coarse_ = coarse_, made_.fine_ = fine_, made_.scales_ = scales_;
    made_.coarse_spreads_ = coarse_spreads_, made_.fine_spreads_ = fine_spreads_, made_.norms_ = norms_;
    made_.signs_ = signs_, made_.offsets_ = offsets_;
  }

 private:
  void MakeRow(size_t r, float* row) const {
    const size_t padded = made_.padded_columns();
    kernels_.decode_row[type_](head_.data + r * head_.row_bytes, head_.columns, row);
    for (size_t i = 0; i < head_.columns; ++i) row[i] *= signs_[i];
    std::fill(row + head_.columns, row + padded, 0.0f);
    kernels_.hadamard(row, padded, made_.block_);
    uint8_t* const header = coarse_ + r * made_.coarse_stride_;
    uint8_t* const first_plane = header + RowHeaderBytes(made_.groups_);
    uint8_t* const second_plane = fine_ + r * made_.fine_stride_;
    const bool nibbles_first = made_.order() == kernels::kNibblesFirst;
    kernels::ScreenNorms norms;
    kernels_.screen_encode(
        row, offsets_, made_.groups_, made_.order(),
        {header, nibbles_first ? first_plane : second_plane, nibbles_first ? second_plane : first_plane}, &norms);
    SetBounds(r, header, norms);
  }

  void SetBounds(size_t r, const uint8_t* multipliers, const kernels::ScreenNorms& norms) const {
    const double norm = Root(norms.square), coarse = Root(norms.coarse_square), fine = Root(norms.fine_square);
    scales_[r] = norms.scale;
    norms_[r] = float((norm + std::max(coarse, fine)) * kRoundedUp);
    coarse_spreads_[r] = float(coarse);
    fine_spreads_[r] = float(fine);
    if (!(norm < kLargestNorm)) {  // also NaN
      coarse_spreads_[r] = fine_spreads_[r] = std::numeric_limits<float>::infinity();
      scales_[r] = norms_[r] = 0;
    } else if (made_.bound_ == HeadBound::kScreened && norms.scale > 0) {
      const double deviation = Deviation(multipliers, norms.scale);
      coarse_spreads_[r] = float(deviation * (2 * MiddleOfLowerBits(made_.order()) + 1) * kRoundedUp);
      fine_spreads_[r] = float(deviation * kRoundedUp);
    }
  }

  // At least the norm whose square is `square`, summed up in floats.
  static double Root(float square) { return std::sqrt(double(square)) * kRoundedUp + kVanished; }

  // (sum over groups of d^4)^(1/4), d the deviation of a number rounded to one step of the group.
  double Deviation(const uint8_t* multipliers, float scale) const {
    double fourth = 0;
    for (size_t g = 0; g < made_.groups_; ++g) {
      const double square = double(multipliers[g]) * multipliers[g] / 12;
      fourth += square * square;
    }
    return std::sqrt(std::sqrt(fourth)) * double(scale) + kVanished;
  }

  const kernels::KernelTable& kernels_;
  kernels::DenseType type_;
  const kernels::DenseRows& head_;
  HeadPlanes& made_;
  uint8_t *coarse_ = nullptr, *fine_ = nullptr;
  float *scales_ = nullptr, *coarse_spreads_ = nullptr, *fine_spreads_ = nullptr, *norms_ = nullptr;
  float *signs_ = nullptr, *offsets_ = nullptr;
};

uint64_t HeadPlanes::SizeBytes(uint64_t rows, uint64_t columns) {
  if (columns > kMaxColumns) return 0;
  const uint64_t groups = CeilDiv<uint64_t>(columns, kColumns);
  const uint64_t row_bytes =
      RowHeaderBytes(groups) + groups * (kernels::kScreenNibbleBytes + kernels::kScreenPairBytes);
  return rows * (row_bytes + 4 * sizeof(float)) + 2 * groups * kColumns * sizeof(float);
}

Result<HeadPlanes> HeadPlanes::Make(const kernels::KernelTable& kernels, kernels::DenseType type,
                                    const kernels::DenseRows& head, HeadBound bound, WeightArena& arena,
                                    platform::ThreadPool& pool) {
  if (head.columns > kMaxColumns) {
    return Status::InvalidArgument(
        fmt::format("a head of {} columns has no planes; {} are the most", head.columns, kMaxColumns));
  }
  HeadPlanes made;
  made.bound_ = bound;
  made.rows_ = head.rows;
  made.columns_ = head.columns;
  made.groups_ = CeilDiv(head.columns, kColumns);
  made.block_ = LargestPowerOfTwoIn(made.padded_columns());
  made.coarse_stride_ = CoarseStride(made.groups_, made.order());
  const bool nibbles_first = made.order() == kernels::kNibblesFirst;
  made.fine_stride_ = made.groups_ * (nibbles_first ? kernels::kScreenPairBytes : kernels::kScreenNibbleBytes);

  Maker maker(kernels, type, head, made);
  STERNA_RETURN_IF_ERROR(maker.TakeMemory(arena));
  maker.DrawConstants();
  STERNA_ASSIGN_OR_RETURN(AlignedBuffer rows,
                          AlignedBuffer::Create(pool.thread_count() * made.padded_columns() * sizeof(float)));
  pool.ParallelFor(CeilDiv(head.rows, kPieceRows), [&](size_t piece, uint32_t worker) {
    float* const row = rows.as<float>().data() + worker * made.padded_columns();
    maker.MakeRows(piece * kPieceRows, std::min((piece + 1) * kPieceRows, head.rows), row);
  });
  maker.Finish();
  return made;
}

}  // namespace sterna::backend
