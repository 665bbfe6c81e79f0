// SPDX-License-Identifier: Apache-2.0
#include "download/choose_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace sterna::download {
namespace {

constexpr size_t kMaxListed = 20;
constexpr std::string_view kTernaryTypes[] = {"i2_s", "tq1_0", "tq2_0"};

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = char(c + 32);
  }
  return lower;
}

std::string Stem(std::string_view file) {
  std::string_view stem = file.substr(file.rfind('/') + 1);  // npos + 1 is 0
  return Lower(stem.substr(0, stem.rfind('.')));
}

bool SaysTernary(std::string_view file) {
  return std::any_of(std::begin(kTernaryTypes), std::end(kTernaryTypes),
                     [&](std::string_view type) { return MatchesSelector(file, type); });
}

// "model-00001-of-00003.gguf": a part of a model, which Sterna does not read.
bool IsPart(std::string_view file) {
  const std::string stem = Stem(file);
  const size_t of = stem.rfind("-of-");
  if (of == stem.npos || of + 4 == stem.size() || of == 0) return false;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return digit(stem[of - 1]) && std::all_of(stem.begin() + ptrdiff_t(of) + 4, stem.end(), digit);
}

std::string Listed(std::span<const std::string> files, std::span<const size_t> chosen) {
  std::string text;
  for (size_t i = 0; i < std::min(chosen.size(), kMaxListed); ++i) text += (i > 0 ? ", " : "") + files[chosen[i]];
  if (chosen.size() > kMaxListed) text += fmt::format(" and {} more", chosen.size() - kMaxListed);
  return text;
}

Status NothingFits(std::span<const std::string> files, std::span<const size_t> models, const ModelName& name) {
  if (models.empty()) {
    const bool parts = std::any_of(files.begin(), files.end(), IsPart);
    return Status::NotFound(fmt::format("{} holds no model file that Sterna reads{}; it needs a file in GGUF",
                                        name.Repo(), parts ? " (models in several parts are not read)" : ""));
  }
  return Status::NotFound(
      fmt::format("{} has no model file '{}'; it has {}", name.Repo(), name.selector, Listed(files, models)));
}

}  // namespace

bool MatchesSelector(std::string_view file, std::string_view selector) {
  if (file == selector) return true;
  const std::string stem = Stem(file), end = Lower(selector);
  if (!stem.ends_with(end)) return false;
  if (stem.size() == end.size()) return true;
  const char before = stem[stem.size() - end.size() - 1];
  return before == '-' || before == '.' || before == '_';
}

Result<size_t> ChooseFile(std::span<const std::string> files, const ModelName& name) {
  std::vector<size_t> models, fitting;
  for (size_t i = 0; i < files.size(); ++i) {
    if (!IsModelFile(files[i]) || IsPart(files[i])) continue;
    models.push_back(i);
    if (!name.selector.empty() && files[i] == name.selector) return i;
    if (name.selector.empty() || MatchesSelector(files[i], name.selector)) fitting.push_back(i);
  }
  if (fitting.empty()) return NothingFits(files, models, name);
  if (fitting.size() == 1) return fitting[0];
  if (name.selector.empty()) {
    std::vector<size_t> ternary;
    std::copy_if(fitting.begin(), fitting.end(), std::back_inserter(ternary),
                 [&](size_t i) { return SaysTernary(files[i]); });
    if (ternary.size() == 1) return ternary[0];
  }
  return Status::InvalidArgument(fmt::format("{} means one of several files: {}; name one, as in {}:{}", name.Text(),
                                             Listed(files, fitting), name.Repo(), files[fitting[0]]));
}

}  // namespace sterna::download
