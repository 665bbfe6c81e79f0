// SPDX-License-Identifier: Apache-2.0
#include "convert/ternary_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <optional>

#include "base/status_macros.h"

namespace sterna::convert {
namespace {

constexpr float kLeastScale = 1e-5f;

// What the first reading of a matrix finds.
struct Survey {
  uint64_t unit_columns = 0;
  std::vector<float> magnitudes;  // of each unit: the one beside zero, or 0
  bool ternary = true;            // no unit has two magnitudes
  double sum = 0;                 // of all magnitudes
};

// The sum of term(0) to term(count - 1), in lanes that do not wait for each other.
template <class Term>
double SumInLanes(uint64_t count, Term term) {
  constexpr uint64_t kLanes = 8;
  double lanes[kLanes] = {};
  const uint64_t whole = count / kLanes * kLanes;
  for (uint64_t k = 0; k < whole; k += kLanes) {
    for (uint64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += term(k + lane);
  }
  for (uint64_t k = whole; k < count; ++k) lanes[k - whole] += term(k);
  return std::accumulate(lanes, lanes + kLanes, 0.0);
}

// The one magnitude beside zero, 0 where there is none; nullopt where there are two.
std::optional<float> OnlyMagnitude(const float* values, uint64_t count) {
  float magnitude = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const float own = std::fabs(values[i]);
    if (own == 0 || own == magnitude) continue;
    if (magnitude != 0) return std::nullopt;
    magnitude = own;
  }
  return magnitude;
}

Result<Survey> SurveyRows(uint64_t rows, uint64_t columns, NumbersAre kind, const RowReader& read) {
  Survey survey;
  survey.ternary = kind == NumbersAre::kFinished;
  survey.unit_columns = UnitColumns(columns);
  std::vector<float> row(columns);
  for (uint64_t r = 0; r < rows; ++r) {
    read(r, row.data());
    const double sum = SumInLanes(columns, [&](uint64_t k) { return double(std::fabs(row[k])); });
    if (!std::isfinite(sum)) {
      const auto bad = std::find_if(row.begin(), row.end(), [](float value) { return !std::isfinite(value); });
      return Status::Corrupt(fmt::format("the value at row {}, column {} is {}; it must be finite", r,
                                         std::distance(row.begin(), bad), *bad));
    }
    survey.sum += sum;
    for (uint64_t k = 0; survey.ternary && k < columns; k += survey.unit_columns) {
      const auto magnitude = OnlyMagnitude(&row[k], survey.unit_columns);
      survey.ternary = magnitude.has_value();
      survey.magnitudes.push_back(magnitude.value_or(0));
    }
  }
  return survey;
}

// The scales of stretches of `units` units each; empty where a stretch has two.
std::vector<float> CommonScales(std::span<const float> magnitudes, uint64_t units) {
  std::vector<float> scales;
  for (uint64_t at = 0; at < magnitudes.size(); at += units) {
    const auto scale = OnlyMagnitude(&magnitudes[at], units);
    if (!scale) return {};
    scales.push_back(*scale);
  }
  return scales;
}

// The scales of the longest stretches that have one each.
void SetCoarsestScales(const Survey& survey, TernaryValues& values) {
  values.scales = CommonScales(survey.magnitudes, survey.magnitudes.size());
  if (!values.scales.empty()) return;
  for (const uint64_t group : {values.columns, uint64_t{256}, uint64_t{128}, survey.unit_columns}) {
    if (values.columns % group != 0 || group % survey.unit_columns != 0) continue;
    values.group_columns = group;
    values.scales = CommonScales(survey.magnitudes, group / survey.unit_columns);
    if (!values.scales.empty()) return;
  }
}

uint8_t SignCode(float value) { return uint8_t(1 + (value > 0) - (value < 0)); }

void Round(double sum_of_magnitudes, const RowReader& read, TernaryValues& values, Rounding& rounding) {
  const uint64_t rows = values.rows, columns = values.columns;
  std::vector<float> row(columns);
  const float inverse = 1.0f / std::max(float(sum_of_magnitudes / double(rows * columns)), kLeastScale);
  const float scale = 1.0f / inverse;
  values.scales = {scale};
  Rounding own{.values = rows * columns};
  std::vector<float> changes(columns);
  for (uint64_t r = 0; r < rows; ++r) {
    read(r, row.data());
    uint8_t* const codes = &values.codes[r * columns];
    for (uint64_t k = 0; k < columns; ++k) {
      const float units = row[k] * inverse;  // a half goes to 0, the even side
      const int sign = int(units > 0.5f) - int(units < -0.5f);
      codes[k] = uint8_t(1 + sign);
      changes[k] = row[k] - float(sign) * scale;
    }
    own.changed += columns - uint64_t(std::count(changes.begin(), changes.end(), 0.0f));
    own.squares += SumInLanes(columns, [&](uint64_t k) { return double(row[k]) * double(row[k]); });
    own.squared_changes += SumInLanes(columns, [&](uint64_t k) { return double(changes[k]) * double(changes[k]); });
  }
  rounding.Add(own);
}

}  // namespace

uint64_t UnitColumns(uint64_t columns) { return columns % 64 == 0 ? 64 : columns; }

void Rounding::Add(const Rounding& other) {
  values += other.values;
  changed += other.changed;
  squares += other.squares;
  squared_changes += other.squared_changes;
}

double Rounding::ChangedShare() const { return values > 0 ? double(changed) / double(values) : 0.0; }

double Rounding::RelativeChange() const { return squares > 0 ? std::sqrt(squared_changes / squares) : 0.0; }

Result<TernaryValues> ReadTernary(const quant::TernarySource& source, float factor) {
  STERNA_ASSIGN_OR_RETURN(const quant::TernaryScales scales, quant::InspectTernary(source));
  TernaryValues values{source.rows, source.columns, std::vector<uint8_t>(source.rows * source.columns), {}, 0};
  for (uint64_t row = 0; row < source.rows; ++row) {
    quant::UnpackTernaryRow(source, row, &values.codes[row * source.columns]);
  }
  if (scales.uniform) {
    values.scales = {scales.scale * factor};
    return values;
  }
  values.group_columns = scales.group_columns;
  const uint64_t groups = source.columns / scales.group_columns;
  values.scales.resize(source.rows * groups);
  for (uint64_t row = 0; row < source.rows; ++row) quant::TernaryRowScales(source, row, &values.scales[row * groups]);
  for (float& scale : values.scales) scale *= factor;
  return values;
}

Result<TernaryValues> TernaryFromRows(uint64_t rows, uint64_t columns, NumbersAre kind, const RowReader& read,
                                      Rounding& rounding) {
  STERNA_ASSIGN_OR_RETURN(const Survey survey, SurveyRows(rows, columns, kind, read));
  TernaryValues values{rows, columns, std::vector<uint8_t>(rows * columns), {}, 0};
  if (!survey.ternary) {
    Round(survey.sum, read, values, rounding);
    return values;
  }
  SetCoarsestScales(survey, values);
  std::vector<float> row(columns);
  for (uint64_t r = 0; r < rows; ++r) {
    read(r, row.data());
    std::transform(row.begin(), row.end(), &values.codes[r * columns], SignCode);
  }
  return values;
}

}  // namespace sterna::convert
