// SPDX-License-Identifier: Apache-2.0
//
// A low-bit copy of an output head whose every row carries a bound on what it gets wrong (docs/head.md).
//
// A row w and an activation x are turned alike, w' = H D w and x' = H D x / B (D random signs, H Hadamard blocks of B),
// which leaves w.x as it is and spreads what stands out. w' is stored as 6-bit codes in two planes; what they say is
// called v (the first plane alone: lower bits at the middle of their range). x' is rounded to int8: q. Then
//
//   w.x - v.q = (w' - v).x' + v.(x' - q)
//
// so that |w.x - v.q| <= spread |..| + norm |x' - q|, with, per row,
//   certified   spread = |w' - v|,       times |x'|                  (Cauchy-Schwarz)
//   screened    spread = the deviation of a dithered rounding,  times kScreenedDeviations * (sum |x'_g|^4)^(1/4)
// and norm >= |v|, |w'|. Rounding of floats, in here and in the full head's own kernel, is at most kSlack norm |x'|.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "backend/cpu/weight_arena.h"
#include "kernels/table.h"
#include "platform/thread_pool.h"
#include "sterna/status.h"

namespace sterna::backend {

// Which inequality stands behind the bounds.
enum class HeadBound : uint8_t { kCertified, kScreened };

// One output row's activation as the planes' products take it, in memory of the caller's.
struct HeadQuery {
  float* rotated;         // [padded columns]
  int8_t* values;         // [padded columns]
  float* coarse_offsets;  // [groups up to a multiple of 16]
  float* fine_offsets;
  float value_scale = 0;  // a product of codes and values times this is in units of a logit
  // |error| <= spread[row] * spread_factor + norm[row] * norm_factor
  float spread_factor = 0, norm_factor = 0;
};

class HeadPlanes {
 public:
  static constexpr size_t kMaxQueries = 8;  // of one call
  static constexpr size_t kMaxColumns = kernels::kScreenMaxGroups * kernels::kScreenGroupColumns;

  // Bytes that the planes of such a head take, bounds included. 0 when it has too many columns for planes.
  static uint64_t SizeBytes(uint64_t rows, uint64_t columns);

  HeadPlanes() = default;
  // Made at once by all threads. Reads every row of `head` once. ResourceExhausted; InvalidArgument for more than
  // kMaxColumns columns.
  static Result<HeadPlanes> Make(const kernels::KernelTable& kernels, kernels::DenseType type,
                                 const kernels::DenseRows& head, HeadBound bound, WeightArena& arena,
                                 platform::ThreadPool& pool);

  size_t rows() const { return rows_; }
  size_t padded_columns() const { return groups_ * kernels::kScreenGroupColumns; }
  size_t padded_groups() const;
  size_t coarse_row_bytes() const { return coarse_stride_; }
  size_t fine_row_bytes() const { return fine_stride_; }

  // False when x holds what no bound covers (NaN, infinity, a norm that is 0, tiny or huge): only the full head can
  // answer then.
  bool Prepare(const kernels::KernelTable& kernels, const float* x, HeadQuery& query) const;

  // out[first + i] of each query = about the logit of row first + i, from the first plane.
  struct CoarseQuery {
    const HeadQuery* query;
    float* out;  // [rows]
  };
  void Coarse(const kernels::KernelTable& kernels, std::span<const CoarseQuery> queries, size_t first,
              size_t count) const;
  // changes[i] = what the second plane adds to the value of rows[i].
  void Fine(const kernels::KernelTable& kernels, const HeadQuery& query, std::span<const uint32_t> rows,
            float* changes) const;

  // The true logit, and the one that the full head computes, is at most `value` + this. Infinite or NaN for rows of
  // which nothing is known.
  float CoarseBound(const HeadQuery& query, size_t row) const { return Bound(query, row, coarse_spreads_); }
  float FineBound(const HeadQuery& query, size_t row) const { return Bound(query, row, fine_spreads_); }

 private:
  friend class HeadPlanesMaker;
  float Bound(const HeadQuery& query, size_t row, const float* spreads) const {
    return spreads[row] * query.spread_factor + norms_[row] * query.norm_factor;
  }
  kernels::ScreenOrder order() const {
    return bound_ == HeadBound::kCertified ? kernels::kNibblesFirst : kernels::kPairsFirst;
  }

  HeadBound bound_ = HeadBound::kCertified;
  size_t rows_ = 0, columns_ = 0, groups_ = 0;
  size_t block_ = 0;  // B
  size_t coarse_stride_ = 0, fine_stride_ = 0;
  const uint8_t* coarse_ = nullptr;  // [rows] {multipliers, first plane}
  const uint8_t* fine_ = nullptr;    // [rows] second plane
  const float* scales_ = nullptr;    // [rows]
  const float* coarse_spreads_ = nullptr;
  const float* fine_spreads_ = nullptr;
  const float* norms_ = nullptr;
  const float* signs_ = nullptr;    // [padded columns] D
  const float* offsets_ = nullptr;  // [padded columns] 31.5 + dither
};

// Makes planes row by row, by whom and when the caller likes: rows do not depend on each other.
class HeadPlanesMaker {
 public:
  // Takes the memory. `head` must stay valid while rows are made. Errors as HeadPlanes::Make.
  static Result<HeadPlanesMaker> Create(const kernels::KernelTable& kernels, kernels::DenseType type,
                                        const kernels::DenseRows& head, HeadBound bound, WeightArena& arena);

  // Of use once every row is made.
  const HeadPlanes& planes() const { return planes_; }
  size_t pieces() const;
  // `row` has room for padded_columns floats, 64-byte aligned.
  void MakePiece(size_t piece, float* row) const;

 private:
  HeadPlanesMaker(const kernels::KernelTable& kernels, kernels::DenseType type, const kernels::DenseRows& head)
      : kernels_(&kernels), type_(type), head_(head) {}
  Status TakeMemory(WeightArena& arena);
  void DrawConstants();
  void MakeRow(size_t r, float* row) const;
  void SetBounds(size_t r, const uint8_t* multipliers, const kernels::ScreenNorms& norms) const;
  double Deviation(const uint8_t* multipliers, float scale) const;

  const kernels::KernelTable* kernels_;
  kernels::DenseType type_;
  kernels::DenseRows head_;
  HeadPlanes planes_;
  uint8_t *coarse_ = nullptr, *fine_ = nullptr;
  float *scales_ = nullptr, *coarse_spreads_ = nullptr, *fine_spreads_ = nullptr, *norms_ = nullptr;
  float *signs_ = nullptr, *offsets_ = nullptr;
};

}  // namespace sterna::backend
