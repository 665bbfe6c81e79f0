// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/table.h"
#include "sterna/status.h"

namespace sterna::cli {

// Multiply-adds per second of a table's ternary_linear on a matrix that stays in the first-level cache, all threads
// together, the best of a few short runs: what the integer units give when memory does not hold them up.
// `tokens` 1 is decoding, more is a prompt.
Result<double> MeasureTernaryMacsPerSecond(const kernels::KernelTable& table, uint32_t threads, size_t tokens);

// Multiply-adds per second of the table's integer_peak, all threads together; 0 where it has none.
Result<double> MeasureIntegerPeak(const kernels::KernelTable& table, uint32_t threads);

// The same for the table of that name; 0 for a name that is none.
Result<double> MeasureIntegerPeakOf(std::string_view name, uint32_t threads);

}  // namespace sterna::cli
