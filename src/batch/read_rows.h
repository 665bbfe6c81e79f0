// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "batch/row.h"
#include "sterna/status.h"

namespace sterna::batch {

enum class FileFormat : uint8_t { kText, kJson, kJsonLines, kCsv };
// By the end of a file's name: .txt, .json, .jsonl or .ndjson, .csv. nullopt for another one.
std::optional<FileFormat> FormatOfFile(std::string_view path);
// "txt", "json", "jsonl", "csv".
std::optional<FileFormat> FormatByName(std::string_view name);

struct BatchInput {
  std::vector<Row> rows;
  std::set<std::string> unknown_fields;  // which mean nothing and were passed over
};

// The rows of a file's bytes, any bytes. What is wrong with one row becomes that row's status, which names the line
// (txt, jsonl, csv) or the item (json). Corrupt when no row can be made out: broken JSON (line and column named), a CSV
// file without a prompt column, no rows at all.
Result<BatchInput> ReadRows(std::string_view bytes, FileFormat format, const Row& defaults);

}  // namespace sterna::batch
