// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/rope_table.h"

#include <fmt/format.h>

#include <cmath>

#include "base/check.h"
#include "base/exact_math.h"
#include "base/status_macros.h"

namespace sterna::backend {

Result<RopeTable> RopeTable::Create(uint32_t positions, uint32_t head_dim, uint32_t rotary, float theta,
                                    platform::ThreadPool& pool) {
  if (rotary == 0 || rotary % 2 != 0 || rotary > head_dim) {
    return Status::InvalidArgument(fmt::format(
        "{} rotary dimensions do not fit heads of {}: an even number up to that is needed", rotary, head_dim));
  }
  if (!std::isfinite(theta) || theta <= 0) {
    return Status::InvalidArgument(fmt::format("the rotary base {} is not a positive number", theta));
  }
  RopeTable table;
  table.positions_ = positions;
  table.head_dim_ = head_dim;
  table.rotary_ = rotary;
  STERNA_ASSIGN_OR_RETURN(table.buffer_, AlignedBuffer::Create(size_t{positions} * rotary * sizeof(float)));
  const std::span<float> angles = table.buffer_.as<float>();
  const uint32_t half = rotary / 2;
  pool.ParallelFor(half, [&](size_t i, uint32_t) {
    const float frequency = float(1.0 / ExactPow(double(theta), double(2 * i) / double(rotary)));
    for (size_t position = 0; position < positions; ++position) {
      const float angle = float(position) * frequency;
      const SinCos exact = ExactSinCos(double(angle));
      angles[position * rotary + i] = float(exact.cos);
      angles[position * rotary + half + i] = float(exact.sin);
    }
  });
  return table;
}

const float* RopeTable::Cosines(uint32_t position) const {
  STERNA_DCHECK(position < positions_);
  return buffer_.as<float>().data() + size_t{position} * rotary_;
}

const float* RopeTable::Sines(uint32_t position) const { return Cosines(position) + rotary_ / 2; }

}  // namespace sterna::backend
