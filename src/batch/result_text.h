// SPDX-License-Identifier: Apache-2.0
//
// Results as text: the output file in its three formats, and the lines of the journal.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "batch/read_rows.h"
#include "batch/row.h"

namespace sterna::batch {

// What a JSON file says beside its results.
struct Summary {
  std::string model;
  uint64_t failed = 0;
  double time_ms = 0;
};

// `results` has one entry a row. The rows' ids and prompts stand beside them; bytes that are no UTF-8 become U+FFFD in
// JSON and stay as they are in CSV. InvalidArgument for kText, which is no output format.
Result<std::string> FormatResults(std::span<const Row> rows, std::span<const RowResult> results, const Summary& summary,
                                  FileFormat format);

// One line with its end: a result and its row's index.
std::string JournalLine(size_t index, const RowResult& result);
// nullopt for anything that JournalLine did not write whole.
std::optional<std::pair<size_t, RowResult>> ParseJournalLine(std::string_view line);

}  // namespace sterna::batch
