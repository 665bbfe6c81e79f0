// SPDX-License-Identifier: Apache-2.0
#include "batch/result_text.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "batch/csv.h"

namespace sterna::batch {
namespace {

using nlohmann::ordered_json;

std::string Dump(const ordered_json& object, int indent = -1) {
  return object.dump(indent, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

// Times with as many digits as they are worth.
double Rounded(double value) { return std::round(value * 1000) / 1000; }

const char* RoleName(text::Role role) {
  constexpr std::array<const char*, 3> kNames = {"system", "user", "assistant"};
  return kNames[size_t(role)];
}

ordered_json MessagesJson(const Row& row) {
  ordered_json messages = ordered_json::array();
  for (const text::ChatMessage& message : row.messages) {
    messages.push_back({{"role", RoleName(message.role)}, {"content", message.content}});
  }
  return messages;
}

void AddAnswer(const RowResult& result, ordered_json& object) {
  object["output"] = result.output;
  object["finish_reason"] = result.finish_reason;
  object["prompt_tokens"] = result.prompt_tokens;
  object["tokens_generated"] = result.tokens_generated;
  object["time_ms"] = Rounded(result.time_ms);
  object["tokens_per_second"] = Rounded(result.tokens_per_second);
}

ordered_json ResultJson(size_t index, const Row& row, const RowResult& result) {
  ordered_json object = {{"index", index}};
  if (row.id) object["id"] = row.id->is_number ? ordered_json::parse(row.id->text) : ordered_json(row.id->text);
  if (row.prompt) object["prompt"] = *row.prompt;
  if (!row.messages.empty()) object["messages"] = MessagesJson(row);
  if (result.error.empty() || !result.output.empty()) AddAnswer(result, object);
  if (!result.error.empty()) object["error"] = result.error;
  return object;
}

std::string JsonFile(std::span<const Row> rows, std::span<const RowResult> results, const Summary& summary) {
  ordered_json object = {{"model", summary.model},
                         {"rows", rows.size()},
                         {"failed", summary.failed},
                         {"time_ms", Rounded(summary.time_ms)},
                         {"results", ordered_json::array()}};
  for (size_t i = 0; i < rows.size(); ++i) object["results"].push_back(ResultJson(i, rows[i], results[i]));
  return Dump(object, 2);
}

std::string CsvFile(std::span<const Row> rows, std::span<const RowResult> results) {
  std::string text = CsvLine({"index", "id", "prompt", "messages", "output", "finish_reason", "prompt_tokens",
                              "tokens_generated", "time_ms", "tokens_per_second", "error"});
  for (size_t i = 0; i < rows.size(); ++i) {
    const RowResult& result = results[i];
    std::string messages = rows[i].messages.empty() ? "" : Dump(MessagesJson(rows[i]));
    if (!messages.empty()) messages.pop_back();  // the line end
    text += CsvLine({std::to_string(i), rows[i].id ? rows[i].id->text : "", rows[i].prompt.value_or(""), messages,
                     result.output, result.finish_reason, std::to_string(result.prompt_tokens),
                     std::to_string(result.tokens_generated), fmt::format("{}", Rounded(result.time_ms)),
                     fmt::format("{}", Rounded(result.tokens_per_second)), result.error});
  }
  return text;
}

}  // namespace

Result<std::string> FormatResults(std::span<const Row> rows, std::span<const RowResult> results, const Summary& summary,
                                  FileFormat format) {
  if (format == FileFormat::kText) return Status::InvalidArgument("results cannot be txt; give json, jsonl or csv");
  if (format == FileFormat::kJson) return JsonFile(rows, results, summary);
  if (format == FileFormat::kCsv) return CsvFile(rows, results);
  std::string text;
  for (size_t i = 0; i < rows.size(); ++i) text += Dump(ResultJson(i, rows[i], results[i]));
  return text;
}

std::string JournalLine(size_t index, const RowResult& result) {
  ordered_json object = {{"index", index}};
  AddAnswer(result, object);
  return Dump(object);
}

std::optional<std::pair<size_t, RowResult>> ParseJournalLine(std::string_view line) {
  try {
    const auto object = ordered_json::parse(line);
    RowResult result;
    object.at("output").get_to(result.output);
    object.at("finish_reason").get_to(result.finish_reason);
    object.at("prompt_tokens").get_to(result.prompt_tokens);
    object.at("tokens_generated").get_to(result.tokens_generated);
    object.at("time_ms").get_to(result.time_ms);
    object.at("tokens_per_second").get_to(result.tokens_per_second);
    return std::pair(object.at("index").get<size_t>(), std::move(result));
  } catch (const ordered_json::exception&) {
    return std::nullopt;
  }
}

}  // namespace sterna::batch
