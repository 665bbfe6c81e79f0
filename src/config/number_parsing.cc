// SPDX-License-Identifier: Apache-2.0
#include "config/number_parsing.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/status_macros.h"

namespace sterna::config {
namespace {

constexpr size_t kShownCharacters = 40;

std::string_view Shown(std::string_view text) { return text.substr(0, kShownCharacters); }

template <class T>
std::optional<T> FromChars(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool IsSeparator(char c) { return c == ',' || c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

std::string_view WithoutBrackets(std::string_view text) {
  while (!text.empty() && IsSeparator(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSeparator(text.back())) text.remove_suffix(1);
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') return text.substr(1, text.size() - 2);
  return text;
}

}  // namespace

Result<uint64_t> ParseUnsigned(std::string_view name, std::string_view text, uint64_t low, uint64_t high) {
  const auto value = FromChars<uint64_t>(text);
  if (value && *value >= low && *value <= high) return *value;
  return Status::InvalidArgument(
      fmt::format("{} is '{}'; give a whole number from {} to {}", name, Shown(text), low, high));
}

Result<double> ParseReal(std::string_view name, std::string_view text, double low, double high) {
  const auto value = FromChars<double>(text);
  if (value && *value >= low && *value <= high) return *value;
  return Status::InvalidArgument(fmt::format("{} is '{}'; give a number from {} to {}", name, Shown(text), low, high));
}

Result<std::vector<int32_t>> ParseIds(std::string_view name, std::string_view text) {
  std::vector<int32_t> ids;
  std::string_view rest = WithoutBrackets(text);
  while (!rest.empty()) {
    size_t length = 0;
    while (length < rest.size() && !IsSeparator(rest[length])) ++length;
    if (length > 0) {
      const auto id = FromChars<int32_t>(rest.substr(0, length));
      if (!id) {
        return Status::InvalidArgument(fmt::format("{}: '{}' is not a token id; give whole numbers, as in 1,2,3", name,
                                                   Shown(rest.substr(0, length))));
      }
      ids.push_back(*id);
    }
    rest.remove_prefix(length);
    while (!rest.empty() && IsSeparator(rest.front())) rest.remove_prefix(1);
  }
  if (ids.empty()) {
    return Status::InvalidArgument(fmt::format("{} holds no token id; give whole numbers, as in 1,2,3", name));
  }
  return ids;
}

Result<std::pair<int32_t, float>> ParseLogitBias(std::string_view name, std::string_view text) {
  const size_t equals = text.find('=');
  if (equals != std::string_view::npos) {
    const auto id = FromChars<int32_t>(text.substr(0, equals));
    const auto value = FromChars<double>(text.substr(equals + 1));
    const bool bans = value && *value == -std::numeric_limits<double>::infinity();
    if (id && value && (bans || std::isfinite(float(*value)))) return std::pair<int32_t, float>{*id, float(*value)};
  }
  return Status::InvalidArgument(fmt::format("{} is '{}'; give ID=VALUE, as in 42=-1.5 or 42=-inf", name, Shown(text)));
}

}  // namespace sterna::config
