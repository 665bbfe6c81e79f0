// SPDX-License-Identifier: Apache-2.0
#include "convert/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>
#include <optional>

#include "base/status_macros.h"
#include "convert/linear_names.h"
#include "convert/ternary_values.h"
#include "format/gguf_names.h"
#include "format/gguf_values.h"
#include "model/tensor_reader.h"
#include "model/ternary_source.h"
#include "quant/dequantize.h"

namespace sterna::convert {
namespace {

using format::GgufArray;
using format::GgufFile;
using format::GgufTensor;
using format::GgufValue;

bool SameArray(const GgufArray& a, const GgufArray& b) {
  if (a.element_type != b.element_type || a.count != b.count) return false;
  if (a.element_type == format::GgufType::kString) return a.strings == b.strings;
  return a.count == 0 || std::memcmp(a.data, b.data, a.count * format::GgufTypeBytes(a.element_type)) == 0;
}

bool SameValue(const GgufValue& a, const GgufValue& b) {
  const auto* first = std::get_if<GgufArray>(&a.value);
  const auto* second = std::get_if<GgufArray>(&b.value);
  if (first != nullptr && second != nullptr) return SameArray(*first, *second);
  if (first != nullptr || second != nullptr) return false;
  const auto* natural = std::get_if<uint64_t>(&a.value);
  const auto* integer = std::get_if<int64_t>(&b.value);
  if (natural != nullptr && integer != nullptr) return *integer >= 0 && uint64_t(*integer) == *natural;
  if (std::holds_alternative<int64_t>(a.value) && std::holds_alternative<uint64_t>(b.value)) return SameValue(b, a);
  if (std::holds_alternative<uint64_t>(a.value) && std::holds_alternative<uint64_t>(b.value)) {
    return *natural == std::get<uint64_t>(b.value);
  }
  if (std::holds_alternative<double>(a.value) && std::holds_alternative<double>(b.value)) {
    return std::get<double>(a.value) == std::get<double>(b.value);
  }
  if (std::holds_alternative<int64_t>(a.value) && integer != nullptr) return std::get<int64_t>(a.value) == *integer;
  const auto* text = std::get_if<std::string_view>(&a.value);
  const auto* other = std::get_if<std::string_view>(&b.value);
  return text != nullptr && other != nullptr && *text == *other;
}

std::string Shown(const GgufValue& value) {
  constexpr size_t kShownBytes = 60;
  if (const auto* array = std::get_if<GgufArray>(&value.value)) return fmt::format("{} values", array->count);
  if (const auto* text = std::get_if<std::string_view>(&value.value)) {
    return format::Quoted(text->substr(0, kShownBytes)) + (text->size() > kShownBytes ? "..." : "");
  }
  if (const auto* real = std::get_if<double>(&value.value)) return fmt::format("{:g}", *real);
  if (const auto* natural = std::get_if<uint64_t>(&value.value)) return fmt::format("{}", *natural);
  return fmt::format("{}", std::get<int64_t>(value.value));
}

// What is said about a file, its name and its types for example, changes no answer.
bool IsAboutTheFile(std::string_view key) { return key.starts_with("general.") && key != "general.architecture"; }

void CompareKeys(const GgufFile& first, const GgufFile& second, Comparison& comparison) {
  const auto add = [&](std::string_view key, std::string what) {
    comparison.keys.push_back({std::string(key), std::move(what), !IsAboutTheFile(key)});
  };
  for (const auto& [key, value] : first.values()) {
    const GgufValue* const other = second.Find(key);
    if (other == nullptr) {
      add(key, "only in the first");
    } else if (SameValue(value, *other)) {
      ++comparison.same_keys;
    } else {
      add(key, fmt::format("{} and {}", Shown(value), Shown(*other)));
    }
  }
  for (const auto& [key, value] : second.values()) {
    if (first.Find(key) == nullptr) add(key, "only in the second");
  }
}

const model::Architecture* ArchitectureOf(const GgufFile& file) {
  const auto name = file.GetString("general.architecture");
  return name.ok() && *name ? model::FindArchitecture(**name) : nullptr;
}

bool IsLinear(const model::Architecture* architecture, const GgufTensor& tensor) {
  return architecture != nullptr && IsTernary(tensor) && !LinearRole(*architecture, tensor.name).empty();
}

Result<TernaryValues> ReadLinear(const GgufFile& file, const GgufTensor& tensor, const model::ModelOptions& options) {
  const std::string scale = ScaleNameOf(tensor.name);
  STERNA_ASSIGN_OR_RETURN(const float factor, model::TensorReader(file).Scale(scale));
  const auto source = model::MakeTernarySource(tensor, options);
  auto values = source.ok() ? ReadTernary(*source, factor) : source.status();
  file.AdviseDone(tensor);
  if (values.ok()) return values;
  return Status(values.status().code(), fmt::format("file {}: tensor {}: {}", format::Quoted(file.name()),
                                                    format::Quoted(tensor.name), values.status().message()));
}

float ScaleAt(const TernaryValues& values, uint64_t element) {
  return values.scales[values.group_columns == 0 ? 0 : element / values.group_columns];
}

// The largest relative difference of scales where there is a value that is not zero.
double LargestScaleDifference(const TernaryValues& a, const TernaryValues& b) {
  const uint64_t unit = UnitColumns(a.columns);
  double largest = 0;
  for (uint64_t at = 0; at < a.codes.size(); at += unit) {
    const double first = double(ScaleAt(a, at)), second = double(ScaleAt(b, at));
    if (first == second || std::all_of(&a.codes[at], &a.codes[at] + unit, [](uint8_t c) { return c == 1; })) continue;
    largest = std::max(largest, std::fabs(first - second) / std::max(std::fabs(first), std::fabs(second)));
  }
  return largest;
}

std::string Types(const GgufTensor& a, const GgufTensor& b) {
  return a.type == b.type ? "" : fmt::format("{} and {}; ", a.type_name, b.type_name);
}

Result<Difference> CompareLinear(const GgufFile& first, const GgufTensor& a, const GgufFile& second,
                                 const GgufTensor& b, const model::ModelOptions& options) {
  STERNA_ASSIGN_OR_RETURN(const TernaryValues left, ReadLinear(first, a, options));
  STERNA_ASSIGN_OR_RETURN(const TernaryValues right, ReadLinear(second, b, options));
  Difference difference{std::string(a.name), Types(a, b), true};
  const auto codes = uint64_t(std::inner_product(left.codes.begin(), left.codes.end(), right.codes.begin(), uint64_t{0},
                                                 std::plus<>(), std::not_equal_to<>()));
  const double scales = LargestScaleDifference(left, right);
  if (codes > 0) {
    difference.what += fmt::format("{:.2g} % of the codes differ", 100.0 * double(codes) / double(left.codes.size()));
  } else if (scales > 0) {
    difference.what += fmt::format("the codes are the same, scales differ by up to {:.2g} %", 100 * scales);
  } else {
    difference.what += "codes and scales are the same";
    difference.in_value = false;
  }
  return difference;
}

// Root mean square of the differences over that of the first's numbers; nullopt where one has none.
std::optional<double> RelativeDifference(const GgufTensor& a, const GgufTensor& b) {
  if (!a.type || !b.type || !quant::CanDequantizeRow(*a.type) || !quant::CanDequantizeRow(*b.type)) return std::nullopt;
  const uint64_t columns = a.columns(), a_bytes = a.bytes.size() / a.rows(), b_bytes = b.bytes.size() / b.rows();
  std::vector<float> left(columns), right(columns);
  double squares = 0, differences = 0;
  for (uint64_t row = 0; row < a.rows(); ++row) {
    quant::DequantizeRow(*a.type, a.bytes.data() + row * a_bytes, columns, left.data());
    quant::DequantizeRow(*b.type, b.bytes.data() + row * b_bytes, columns, right.data());
    for (uint64_t i = 0; i < columns; ++i) {
      squares += double(left[i]) * double(left[i]);
      differences += (double(left[i]) - double(right[i])) * (double(left[i]) - double(right[i]));
    }
  }
  if (differences == 0) return 0.0;
  return squares > 0 ? std::sqrt(differences / squares) : 1.0;
}

Difference CompareNumbers(const GgufTensor& a, const GgufTensor& b) {
  Difference difference{std::string(a.name), Types(a, b), true};
  const bool same_bytes = a.type == b.type && a.type_id == b.type_id && a.bytes.size() == b.bytes.size() &&
                          std::memcmp(a.bytes.data(), b.bytes.data(), a.bytes.size()) == 0;
  const auto relative = same_bytes ? std::optional(0.0) : RelativeDifference(a, b);
  if (!relative) {
    difference.what += "the bytes differ";
  } else if (*relative > 0) {
    difference.what += fmt::format("the numbers differ by {:.2g} % (root mean square)", 100 * *relative);
  } else {
    difference.what += "the numbers are the same";
    difference.in_value = false;
  }
  return difference;
}

class TensorComparer {
 public:
  TensorComparer(const GgufFile& first, const GgufFile& second, const model::ModelOptions& options,
                 Comparison& comparison)
      : first_(first),
        second_(second),
        options_(options),
        architecture_(ArchitectureOf(first)),
        comparison_(comparison) {}

  Status Run() {
    for (const GgufTensor& tensor : first_.tensors()) STERNA_RETURN_IF_ERROR(Compare(tensor));
    for (const GgufTensor& tensor : second_.tensors()) {
      if (first_.FindTensor(tensor.name) == nullptr && !IsFolded(tensor)) Add(tensor, "only in the second");
    }
    return {};
  }

 private:
  // A factor counts with its codes.
  bool IsFolded(const GgufTensor& tensor) const {
    return architecture_ != nullptr && IsLinearScale(*architecture_, tensor.name);
  }

  void Add(const GgufTensor& tensor, std::string what) {
    comparison_.tensors.push_back({std::string(tensor.name), std::move(what), true});
  }

  Status Compare(const GgufTensor& tensor) {
    if (IsFolded(tensor)) return {};
    const GgufTensor* const other = second_.FindTensor(tensor.name);
    if (other == nullptr) return Add(tensor, "only in the first"), Status();
    if (tensor.dimensions != other->dimensions) return Add(tensor, "the shapes differ"), Status();
    STERNA_ASSIGN_OR_RETURN(Difference difference, CompareValues(tensor, *other));
    if (!difference.in_value && tensor.type == other->type) {
      ++comparison_.same_tensors;
    } else {
      comparison_.tensors.push_back(std::move(difference));
    }
    return {};
  }

  Result<Difference> CompareValues(const GgufTensor& a, const GgufTensor& b) const {
    if (!IsLinear(architecture_, a) || !IsTernary(b)) return CompareNumbers(a, b);
    return CompareLinear(first_, a, second_, b, options_);
  }

  const GgufFile& first_;
  const GgufFile& second_;
  const model::ModelOptions& options_;
  const model::Architecture* architecture_;
  Comparison& comparison_;
};

}  // namespace

bool Comparison::SameValues() const {
  const auto differs = [](const Difference& difference) { return difference.in_value; };
  return std::none_of(keys.begin(), keys.end(), differs) && std::none_of(tensors.begin(), tensors.end(), differs);
}

Result<Comparison> CompareFiles(const GgufFile& first, const GgufFile& second, const model::ModelOptions& options) {
  Comparison comparison;
  CompareKeys(first, second, comparison);
  STERNA_RETURN_IF_ERROR(TensorComparer(first, second, options, comparison).Run());
  STERNA_RETURN_IF_ERROR(first.CheckStillWhole());
  STERNA_RETURN_IF_ERROR(second.CheckStillWhole());
  return comparison;
}

Result<TernaryCounts> CountTernary(const GgufFile& file, const model::ModelOptions& options) {
  TernaryCounts counts;
  const model::Architecture* const architecture = ArchitectureOf(file);
  for (const GgufTensor& tensor : file.tensors()) {
    if (!IsLinear(architecture, tensor)) continue;
    STERNA_ASSIGN_OR_RETURN(const TernaryValues values, ReadLinear(file, tensor, options));
    ++counts.tensors;
    counts.values += values.codes.size();
    counts.zeros += uint64_t(std::count(values.codes.begin(), values.codes.end(), uint8_t{1}));
  }
  STERNA_RETURN_IF_ERROR(file.CheckStillWhole());
  return counts;
}

}  // namespace sterna::convert
