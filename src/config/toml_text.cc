// SPDX-License-Identifier: Apache-2.0
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include "config/toml_text.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

#include "base/status_macros.h"

namespace sterna::config {
namespace {

Result<toml::table> Parse(std::string_view text) {
  toml::parse_result result = toml::parse(text);
  if (result) return std::move(result).table();
  return Status::InvalidArgument(
      fmt::format("line {}: {}", result.error().source().begin.line, result.error().description()));
}

// [ 1, 2 ]
std::string NumbersText(const toml::array& array) {
  std::vector<int64_t> numbers;
  numbers.reserve(array.size());
  for (const toml::node& element : array) numbers.push_back(element.as_integer()->get());
  return fmt::format("[ {} ]", fmt::join(numbers, ", "));
}

std::optional<std::string> TextsText(const toml::array& array) {
  std::vector<std::string> texts;
  for (const toml::node& element : array) {
    if (!element.is_string()) return std::nullopt;
    texts.push_back(element.as_string()->get());
  }
  return WriteTomlTexts(texts);
}

// nullopt for what no setting can be.
std::optional<std::string> ValueText(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  const auto* array = node.as_array();
  if (array == nullptr) return std::nullopt;
  return array->is_homogeneous<int64_t>() ? NumbersText(*array) : TextsText(*array);
}

Status AddEntry(const std::string& table, std::string_view name, const toml::node& node,
                std::vector<TomlEntry>& entries) {
  std::optional<std::string> text = ValueText(node);
  if (!text) {
    return Status::InvalidArgument(
        fmt::format("line {}: '{}' is no text, number, true, false, list of texts or list of whole numbers",
                    node.source().begin.line, name));
  }
  entries.push_back({table, std::string(name), std::move(*text), node.source().begin.line, node.source().end.line});
  return {};
}

bool IsNumber(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<std::vector<TomlEntry>> ReadToml(std::string_view text) {
  STERNA_ASSIGN_OR_RETURN(const toml::table root, Parse(text));
  std::vector<TomlEntry> entries;
  for (const auto& [name, node] : root) {
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      STERNA_RETURN_IF_ERROR(AddEntry("", name.str(), node, entries));
      continue;
    }
    for (const auto& [field, value] : *table) {
      STERNA_RETURN_IF_ERROR(AddEntry(std::string(name.str()), field.str(), value, entries));
    }
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const TomlEntry& a, const TomlEntry& b) { return a.line < b.line; });
  return entries;
}

Result<uint32_t> FindTomlTable(std::string_view text, std::string_view table) {
  STERNA_ASSIGN_OR_RETURN(const toml::table root, Parse(text));
  const toml::table* found = root[table].as_table();
  return found == nullptr ? 0u : uint32_t(found->source().begin.line);
}

Result<std::vector<std::string>> ReadTomlTexts(std::string_view list) {
  STERNA_ASSIGN_OR_RETURN(const toml::table root, Parse(fmt::format("list = {}", list)));
  const toml::array* array = root["list"].as_array();
  if (array == nullptr || root.size() != 1) return Status::InvalidArgument("no list");
  std::vector<std::string> texts;
  for (const toml::node& element : *array) {
    if (!element.is_string()) return Status::InvalidArgument("not every element is a text in quotes");
    texts.push_back(element.as_string()->get());
  }
  return texts;
}

std::string WriteTomlTexts(const std::vector<std::string>& texts) {
  toml::array array;
  for (const std::string& text : texts) array.push_back(text);
  std::ostringstream out;
  // One line, and no literal strings: the text is also shown in tables and taken back by --set.
  out << toml::toml_formatter(array, toml::format_flags::none);
  std::string line = out.str();
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

std::string WriteTomlValue(const std::string& text, bool is_list) {
  if (is_list || text == "true" || text == "false" || IsNumber(text)) return text;
  std::ostringstream out;
  out << toml::toml_formatter(toml::value<std::string>(text), toml::format_flags::none);
  return out.str();
}

}  // namespace sterna::config
