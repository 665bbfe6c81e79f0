// SPDX-License-Identifier: Apache-2.0
#include "batch/read_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/status_macros.h"
#include "batch/csv.h"
#include "batch/row_fields.h"

namespace sterna::batch {
namespace {

using nlohmann::json;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr size_t kMaxRowBytes = size_t{64} << 20;

// Its message without the library's own names and numbers: "line 2, column 5: syntax error ...".
Result<json> ParseJson(std::string_view text) {
  try {
    return json::parse(text);
  } catch (const json::exception& error) {
    std::string_view what = error.what();
    what.remove_prefix(std::min(what.size(), what.find("] ") + 2));
    const size_t at = what.find(" at line ");
    return Status::Corrupt(std::string(at < what.size() ? what.substr(at + 4) : what));
  }
}

Row BadRow(const Row& defaults, Status status) {
  Row row = defaults;
  row.status = std::move(status);
  return row;
}

// "line 3: ..." in front of what is wrong with a row.
void NamePlace(Row& row, std::string_view kind, size_t number) {
  if (row.status.ok()) return;
  row.status = Status(row.status.code(), fmt::format("{} {}: {}", kind, number, row.status.message()));
}

bool IsBlank(std::string_view line) { return line.find_first_not_of(" \t\r") == line.npos; }

// Calls take(line number, line without its end) for every line that is not blank.
template <class Take>
void ForEachLine(std::string_view text, Take take) {
  for (size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!IsBlank(line)) take(number, line);
  }
}

Status CheckRowBytes(size_t bytes) {
  if (bytes <= kMaxRowBytes) return {};
  return Status::ResourceExhausted(fmt::format("{} bytes, the limit is {}", bytes, kMaxRowBytes));
}

void ReadTextRows(std::string_view bytes, const Row& defaults, BatchInput& input) {
  ForEachLine(bytes, [&](size_t number, std::string_view line) {
    Row row = BadRow(defaults, CheckRowBytes(line.size()));
    if (row.status.ok()) row.prompt = std::string(line);
    NamePlace(row, "line", number);
    input.rows.push_back(std::move(row));
  });
}

Row RowOfJsonLine(std::string_view line, const Row& defaults, BatchInput& input) {
  if (const Status status = CheckRowBytes(line.size()); !status.ok()) return BadRow(defaults, status);
  const auto value = ParseJson(line);
  if (value.ok()) return RowFromJson(*value, defaults, input.unknown_fields);
  std::string message = value.status().message();
  if (message.starts_with("line 1, ")) message.erase(0, 8);  // of this line alone
  return BadRow(defaults, Status::Corrupt("broken JSON, " + message));
}

void ReadJsonLines(std::string_view bytes, const Row& defaults, BatchInput& input) {
  ForEachLine(bytes, [&](size_t number, std::string_view line) {
    input.rows.push_back(RowOfJsonLine(line, defaults, input));
    NamePlace(input.rows.back(), "line", number);
  });
}

// A list, or an object that holds one: of prompts, of rows, or of the results that batch wrote.
Result<json> ListOfRows(std::string_view bytes) {
  STERNA_ASSIGN_OR_RETURN(json document, ParseJson(bytes));
  if (document.is_array()) return document;
  for (const char* name : {"prompts", "rows", "results"}) {
    if (document.is_object() && document.contains(name) && document[name].is_array()) {
      return std::exchange(document[name], nullptr);
    }
  }
  return Status::Corrupt("no list of rows; give [...], or an object with prompts, rows or results");
}

Status ReadJson(std::string_view bytes, const Row& defaults, BatchInput& input) {
  STERNA_ASSIGN_OR_RETURN(const json list, ListOfRows(bytes));
  for (const json& item : list) {
    input.rows.push_back(RowFromJson(item, defaults, input.unknown_fields));
    NamePlace(input.rows.back(), "item", input.rows.size());
  }
  return {};
}

Status CheckColumns(const std::vector<std::string>& names) {
  std::set<std::string> seen;
  bool has_prompt = false;
  for (const std::string& name : names) {
    if (!name.empty() && !seen.insert(name).second) {
      return Status::Corrupt(fmt::format("line 1: the column '{}' is there twice", name));
    }
    has_prompt = has_prompt || name == "prompt" || name == "input" || name == "text" || name == "messages";
  }
  if (has_prompt) return {};
  return Status::Corrupt("line 1 names no column 'prompt' or 'messages'; give the columns' names on the first line");
}

Result<json> ValueOfCell(const std::string& cell, FieldKind kind) {
  const bool is_json = kind == FieldKind::kJson || (kind == FieldKind::kTextOrJson && cell.starts_with('['));
  return is_json ? ParseJson(cell) : Result<json>(json(cell));
}

// Empty cells say nothing.
Result<json> ObjectOfRecord(const CsvRecord& record, const std::vector<std::string>& names) {
  if (!record.status.ok()) return record.status;
  if (record.cells.size() != names.size()) {
    return Status::Corrupt(fmt::format("{} cells, the first line has {}", record.cells.size(), names.size()));
  }
  json object = json::object();
  for (size_t i = 0; i < names.size(); ++i) {
    const auto kind = KindOfField(names[i]);
    if (!kind || record.cells[i].empty()) continue;
    auto value = ValueOfCell(record.cells[i], *kind);
    if (!value.ok()) return Status::Corrupt(fmt::format("'{}' must be JSON: {}", names[i], value.status().message()));
    object[names[i]] = *std::move(value);
  }
  return object;
}

Status ReadCsv(std::string_view bytes, const Row& defaults, BatchInput& input) {
  CsvReader reader(bytes);
  const auto header = reader.Next();
  if (!header) return {};
  STERNA_RETURN_IF_ERROR(header->status);
  STERNA_RETURN_IF_ERROR(CheckColumns(header->cells));
  for (const std::string& name : header->cells) {
    if (!KindOfField(name) && !IsIgnoredField(name)) input.unknown_fields.insert(name);
  }
  while (const auto record = reader.Next()) {
    const auto object = ObjectOfRecord(*record, header->cells);
    input.rows.push_back(object.ok() ? RowFromJson(*object, defaults, input.unknown_fields)
                                     : BadRow(defaults, object.status()));
    NamePlace(input.rows.back(), "line", record->line);
  }
  return {};
}

Status ReadInto(std::string_view bytes, FileFormat format, const Row& defaults, BatchInput& input) {
  switch (format) {
    case FileFormat::kText: ReadTextRows(bytes, defaults, input); return {};
    case FileFormat::kJsonLines: ReadJsonLines(bytes, defaults, input); return {};
    case FileFormat::kJson: return ReadJson(bytes, defaults, input);
    case FileFormat::kCsv: return ReadCsv(bytes, defaults, input);
  }
  return Status::Internal("unknown format of a batch file");
}

struct FormatName {
  std::string_view name;
  FileFormat format;
};
constexpr FormatName kFormats[] = {{"txt", FileFormat::kText},
                                   {"json", FileFormat::kJson},
                                   {"jsonl", FileFormat::kJsonLines},
                                   {"csv", FileFormat::kCsv}};

}  // namespace

std::optional<FileFormat> FormatByName(std::string_view name) {
  for (const FormatName& format : kFormats) {
    if (format.name == name) return format.format;
  }
  return std::nullopt;
}

std::optional<FileFormat> FormatOfFile(std::string_view path) {
  const size_t dot = path.rfind('.');
  if (dot == path.npos) return std::nullopt;
  const std::string_view end = path.substr(dot + 1);
  return FormatByName(end == "ndjson" ? "jsonl" : end);
}

Result<BatchInput> ReadRows(std::string_view bytes, FileFormat format, const Row& defaults) {
  if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  BatchInput input;
  STERNA_RETURN_IF_ERROR(ReadInto(bytes, format, defaults, input));
  if (input.rows.empty()) return Status::Corrupt("there are no rows; give at least one prompt");
  return input;
}

}  // namespace sterna::batch
