// SPDX-License-Identifier: Apache-2.0
#include "config/value_text.h"

#include <algorithm>
#include <cstddef>

#include "config/toml_text.h"

namespace sterna::config {

Result<StringList> StringListFromText(const std::string& key, std::string_view text) {
  if (text.empty()) return StringList();
  if (!text.starts_with("[")) return StringList{std::string(text)};
  Result<StringList> list = ReadTomlTexts(text);
  if (list.ok()) return list;
  return Status::InvalidArgument(
      fmt::format("{} is '{}'; give one text, or several as in [\"a\", \"b\"]", key, text.substr(0, 64)));
}

std::string StringListToText(const StringList& list) { return WriteTomlTexts(list); }

StringList NumberTexts(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\n";
  if (text.starts_with("[") && text.ends_with("]")) text = text.substr(1, text.size() - 2);
  StringList numbers;
  while (text.find_first_not_of(kSpaces) != text.npos) {
    std::string_view number = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), number.size() + 1));
    number.remove_prefix(std::min(number.size(), number.find_first_not_of(kSpaces)));
    numbers.emplace_back(number.substr(0, number.find_last_not_of(kSpaces) + 1));
  }
  return numbers;
}

std::string NumberTextsToText(const StringList& numbers) {
  return numbers.empty() ? "[]" : fmt::format("[ {} ]", fmt::join(numbers, ", "));
}

Result<bool> BoolFromText(const std::string& key, std::string_view text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return Status::InvalidArgument(fmt::format("{} is '{}'; give true or false", key, text.substr(0, 64)));
}

Result<size_t> WordFromText(const std::string& key, std::string_view text, std::span<const std::string_view> words) {
  const auto word = std::find(words.begin(), words.end(), text);
  if (word != words.end()) return size_t(word - words.begin());
  return Status::InvalidArgument(
      fmt::format("{} is '{}'; give one of {}", key, text.substr(0, 64), fmt::join(words, ", ")));
}

}  // namespace sterna::config
