// SPDX-License-Identifier: Apache-2.0
//
// What the fuzz target of batch files does with an input, as a function that says what is wrong instead of stopping, so
// that a unit test can run the seeds through it.
//
// Input: one byte that chooses the format, then the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "batch/read_rows.h"
#include "batch/result_text.h"

namespace sterna::fuzz {

// Empty, or what is wrong. What is read can be written in every format, and what is written reads as as many rows.
inline std::string CheckBatchRows(std::span<const uint8_t> data) {
  if (data.empty()) return {};
  const std::string text(data.begin() + 1, data.end());
  const auto input = batch::ReadRows(text, batch::FileFormat(data[0] % 4), {});
  if (!input.ok()) return input.status().message().empty() ? "an error without a message" : "";
  std::vector<batch::RowResult> results(input->rows.size());
  for (size_t i = 0; i < results.size(); ++i) results[i].error = input->rows[i].status.message();
  for (const auto format : {batch::FileFormat::kJson, batch::FileFormat::kJsonLines, batch::FileFormat::kCsv}) {
    const auto written = batch::FormatResults(input->rows, results, {"m", 0, 0}, format);
    if (!written.ok()) return "rows that were read cannot be written: " + written.status().message();
    const auto again = batch::ReadRows(*written, format, {});
    if (!again.ok()) return "what was written is refused: " + again.status().message();
    if (again->rows.size() != input->rows.size()) return "the number of rows changed";
  }
  return {};
}

}  // namespace sterna::fuzz
