// SPDX-License-Identifier: Apache-2.0
#include "inspect_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "convert/compare.h"
#include "exit_code.h"
#include "streams.h"

namespace sterna::cli {
namespace {

using convert::Comparison;
using convert::Difference;
using nlohmann::ordered_json;

// What many tensors share in one line, with the first of their names.
struct Group {
  std::string what, first_name;
  uint64_t count = 0;
};

std::vector<Group> Grouped(const std::vector<Difference>& differences) {
  std::vector<Group> groups;
  for (const Difference& difference : differences) {
    const auto same = [&](const Group& group) { return group.what == difference.what; };
    auto found = std::find_if(groups.begin(), groups.end(), same);
    if (found == groups.end()) found = groups.insert(found, {difference.what, difference.name, 0});
    ++found->count;
  }
  return groups;
}

std::string Text(const Comparison& comparison) {
  std::string text = fmt::format("keys      {} the same, {} not\n", comparison.same_keys, comparison.keys.size());
  for (const Difference& key : comparison.keys) {
    text += fmt::format("  {:<44} {}\n", EscapeControls(key.name), EscapeControls(key.what));
  }
  text += fmt::format("tensors   {} the same, {} not\n", comparison.same_tensors, comparison.tensors.size());
  for (const Group& group : Grouped(comparison.tensors)) {
    const std::string others = group.count > 1 ? fmt::format(" and {} more", group.count - 1) : "";
    text += fmt::format("  {:<44} {}\n", EscapeControls(group.first_name) + others, EscapeControls(group.what));
  }
  return text + (comparison.SameValues() ? "they give the same answers\n" : "they are not the same model\n");
}

ordered_json ToJson(const std::vector<Difference>& differences) {
  ordered_json list = ordered_json::array();
  for (const Difference& difference : differences) {
    list.push_back({{"name", difference.name}, {"what", difference.what}, {"value_differs", difference.in_value}});
  }
  return list;
}

std::string Json(const Comparison& comparison) {
  const ordered_json report = {{"same", comparison.SameValues()},
                               {"same_keys", comparison.same_keys},
                               {"same_tensors", comparison.same_tensors},
                               {"keys", ToJson(comparison.keys)},
                               {"tensors", ToJson(comparison.tensors)}};
  return report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

Status PrintDifferences(const std::string& first, const std::string& second, const model::ModelOptions& options,
                        bool json) {
  STERNA_ASSIGN_OR_RETURN(const format::GgufFile a, format::GgufFile::Open(first));
  STERNA_ASSIGN_OR_RETURN(const format::GgufFile b, format::GgufFile::Open(second));
  STERNA_ASSIGN_OR_RETURN(const Comparison comparison, convert::CompareFiles(a, b, options));
  ResultStream out;
  out.Write(json ? Json(comparison) : Text(comparison));
  STERNA_RETURN_IF_ERROR(out.status());
  if (comparison.SameValues()) return {};
  return Status::FailedPrecondition(fmt::format("'{}' and '{}' differ", first, second));
}

}  // namespace sterna::cli
