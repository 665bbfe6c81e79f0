// SPDX-License-Identifier: Apache-2.0
//
// Values of settings as text, the same in files, flags and variables.
#pragma once

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <concepts>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "config/field.h"
#include "config/number_parsing.h"
#include "sterna/config.h"

namespace sterna::config {

// The words of an enum, in the order of its values.
template <class Enum>
struct EnumWords;
template <>
struct EnumWords<ThreadAffinity> {
  static constexpr std::array<std::string_view, 3> kWords = {"none", "core", "numa_node"};
};
template <>
struct EnumWords<KvStorage> {
  static constexpr std::array<std::string_view, 3> kWords = {"f32", "f16", "q8"};
};
template <>
struct EnumWords<HeadMode> {
  static constexpr std::array<std::string_view, 4> kWords = {"auto", "exact", "certified", "screened"};
};
template <>
struct EnumWords<EvictionPolicy> {
  static constexpr std::array<std::string_view, 4> kWords = {"lru", "lfu", "fifo", "farthest_next"};
};
template <>
struct EnumWords<PreloadStrategy> {
  static constexpr std::array<std::string_view, 3> kWords = {"none", "sequential", "predictive"};
};
template <>
struct EnumWords<LargeStrategy> {
  static constexpr std::array<std::string_view, 3> kWords = {"streaming", "mapped", "heap"};
};
template <>
struct EnumWords<ProfileFormat> {
  static constexpr std::array<std::string_view, 3> kWords = {"json", "chrome_trace", "html"};
};
template <>
struct EnumWords<AllocationStrategy> {
  static constexpr std::array<std::string_view, 3> kWords = {"adaptive", "conservative", "fixed"};
};
template <>
struct EnumWords<PoolStrategy> {
  static constexpr std::array<std::string_view, 3> kWords = {"adaptive", "size_class", "best_fit"};
};
template <>
struct EnumWords<QuantMethod> {
  static constexpr std::array<std::string_view, 2> kWords = {"dynamic", "static"};
};
template <>
struct EnumWords<OutlierHandling> {
  static constexpr std::array<std::string_view, 2> kWords = {"none", "clamp"};
};
template <>
struct EnumWords<PressureAction> {
  static constexpr std::array<std::string_view, 3> kWords = {"clear_cache", "force_gc", "reduce_batch_size"};
};

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

template <class T>
inline constexpr bool kIsList = false;
template <class T>
inline constexpr bool kIsList<std::vector<T>> = true;

template <class T>
inline constexpr bool kIsNumberList = false;
template <class T>
inline constexpr bool kIsNumberList<std::vector<T>> = std::is_integral_v<T>;

using StringList = std::vector<std::string>;

// ["a", "b"] as TOML writes it, or one text without brackets. InvalidArgument naming the key.
Result<StringList> StringListFromText(const std::string& key, std::string_view text);
std::string StringListToText(const StringList& list);
// The elements of [1, 2], or of 1,2.
StringList NumberTexts(std::string_view text);
std::string NumberTextsToText(const StringList& numbers);
Result<bool> BoolFromText(const std::string& key, std::string_view text);
// The index of the word. InvalidArgument naming the key and the words.
Result<size_t> WordFromText(const std::string& key, std::string_view text, std::span<const std::string_view> words);

// The largest whole number of a range; a range to 2^64 ends at what fits.
inline uint64_t HighestOf(const Range& range) {
  constexpr double kTooBig = 18446744073709551616.0;
  return range.high < kTooBig ? uint64_t(range.high) : std::numeric_limits<uint64_t>::max();
}

template <class Value>
Result<Value> ValueFromText(const std::string& key, const Field& field, std::string_view text) {
  if constexpr (kIsOptional<Value>) {
    using Inner = typename Value::value_type;
    if (text == field.unset && !std::is_enum_v<Inner>) return Value();
    STERNA_ASSIGN_OR_RETURN(Inner value, ValueFromText<Inner>(key, field, text));
    return Value(std::move(value));
  } else if constexpr (std::is_same_v<Value, bool>) {
    return BoolFromText(key, text);
  } else if constexpr (std::is_same_v<Value, Device>) {
    const Result<Device> device = Device::parse(text);
    if (!device.ok()) return Status::InvalidArgument(fmt::format("{}: {}", key, device.status().message()));
    return *device;
  } else if constexpr (std::is_same_v<Value, std::string>) {
    return std::string(text);
  } else if constexpr (std::is_same_v<Value, StringList>) {
    return StringListFromText(key, text);
  } else if constexpr (kIsList<Value>) {
    StringList texts;
    if constexpr (kIsNumberList<Value>) {
      texts = NumberTexts(text);
    } else {
      STERNA_ASSIGN_OR_RETURN(texts, StringListFromText(key, text));
    }
    Value values;
    values.reserve(texts.size());
    for (const std::string& one : texts) {
      STERNA_ASSIGN_OR_RETURN(const auto value, ValueFromText<typename Value::value_type>(key, field, one));
      values.push_back(value);
    }
    return values;
  } else if constexpr (std::is_same_v<Value, ms>) {
    STERNA_ASSIGN_OR_RETURN(const int64_t count, ValueFromText<int64_t>(key, field, text));
    return Value(count);
  } else if constexpr (std::is_enum_v<Value>) {
    STERNA_ASSIGN_OR_RETURN(const size_t index, WordFromText(key, text, EnumWords<Value>::kWords));
    return Value(index);
  } else if constexpr (std::is_floating_point_v<Value>) {
    STERNA_ASSIGN_OR_RETURN(const double value, ParseReal(key, text, field.range->low, field.range->high));
    return Value(value);
  } else {
    static_assert(std::is_integral_v<Value>);
    STERNA_ASSIGN_OR_RETURN(const uint64_t value,
                            ParseUnsigned(key, text, uint64_t(field.range->low), HighestOf(*field.range)));
    return Value(value);
  }
}

template <class Value>
std::string ValueToText(const Field& field, const Value& value) {
  if constexpr (kIsOptional<Value>) {
    return value ? ValueToText(field, *value) : field.unset;
  } else if constexpr (std::is_same_v<Value, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_same_v<Value, Device>) {
    return value.to_string();
  } else if constexpr (std::is_same_v<Value, std::string>) {
    return value;
  } else if constexpr (std::is_same_v<Value, StringList>) {
    return StringListToText(value);
  } else if constexpr (kIsList<Value>) {
    StringList texts;
    texts.reserve(value.size());
    for (const auto& one : value) texts.push_back(ValueToText(field, one));
    return kIsNumberList<Value> ? NumberTextsToText(texts) : StringListToText(texts);
  } else if constexpr (std::is_same_v<Value, ms>) {
    return fmt::format("{}", value.count());
  } else if constexpr (std::is_enum_v<Value>) {
    const auto& words = EnumWords<Value>::kWords;
    return size_t(value) < words.size() ? std::string(words[size_t(value)]) : fmt::format("{}", int(value));
  } else {
    return fmt::format("{}", value);
  }
}

// "whole number, 1..1024, or auto"
template <class Value>
std::string DescribeValues(const Field& field) {
  if constexpr (kIsOptional<Value>) {
    const std::string inner = DescribeValues<typename Value::value_type>(field);
    return std::is_enum_v<typename Value::value_type> ? inner : fmt::format("{}, or {}", inner, field.unset);
  } else if constexpr (std::is_same_v<Value, bool>) {
    return "true or false";
  } else if constexpr (std::is_same_v<Value, Device>) {
    return "a device";
  } else if constexpr (std::is_same_v<Value, std::string>) {
    return "a name";
  } else if constexpr (std::is_same_v<Value, StringList>) {
    return "list of texts";
  } else if constexpr (kIsNumberList<Value>) {
    return fmt::format("list of whole numbers, {}..{}", uint64_t(field.range->low), HighestOf(*field.range));
  } else if constexpr (kIsList<Value>) {
    return fmt::format("list of {}", fmt::join(EnumWords<typename Value::value_type>::kWords, ", "));
  } else if constexpr (std::is_enum_v<Value>) {
    return fmt::format("one of {}", fmt::join(EnumWords<Value>::kWords, ", "));
  } else if constexpr (std::is_floating_point_v<Value>) {
    return fmt::format("number, {}..{}", field.range->low, field.range->high);
  } else {
    return fmt::format("whole number, {}..{}", uint64_t(field.range->low), HighestOf(*field.range));
  }
}

// All texts that stand for a value, where there are few.
template <class Value>
StringList WordsOf() {
  if constexpr (kIsOptional<Value>) {
    return std::is_enum_v<typename Value::value_type> ? WordsOf<typename Value::value_type>() : StringList();
  } else if constexpr (std::is_same_v<Value, bool>) {
    return {"true", "false"};
  } else if constexpr (std::is_enum_v<Value>) {
    return StringList(EnumWords<Value>::kWords.begin(), EnumWords<Value>::kWords.end());
  } else {
    return {};
  }
}

}  // namespace sterna::config
