// SPDX-License-Identifier: Apache-2.0
#include "inspect_report.h"

#include <fmt/format.h>

#include "exit_code.h"

namespace sterna::cli {
namespace {

using nlohmann::ordered_json;

std::string Plain(const ordered_json& value) {
  const auto replace = nlohmann::json::error_handler_t::replace;
  return EscapeControls(value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, replace));
}

double Megabytes(const ordered_json& bytes) { return double(bytes.get<uint64_t>()) / 1e6; }

std::string MetadataText(const ordered_json& metadata) {
  std::string text = "\nmetadata\n";
  for (const auto& [key, value] : metadata.items()) {
    std::string shown = Plain(value);
    if (value.is_object()) {
      shown = fmt::format("{} x {} {}", Plain(value["count"]), Plain(value["array"]), Plain(value["first"]));
    }
    text += fmt::format("  {:<44} {}\n", EscapeControls(key), shown);
  }
  return text;
}

std::string TensorText(const ordered_json& tensors) {
  std::string text = "\ntensors\n";
  for (const auto& tensor : tensors) {
    text += fmt::format("  {:<34} {:<6} {:<20} at {:>12} {:>12} bytes\n", Plain(tensor["name"]), Plain(tensor["type"]),
                        Plain(tensor["shape"]), Plain(tensor["offset"]), Plain(tensor["bytes"]));
  }
  return text;
}

std::string DecisionText(const ordered_json& decisions) {
  std::string text = "\ndecided\n";
  for (const auto& [name, decision] : decisions.items()) {
    if (decision.is_object()) {
      text += fmt::format("  {:<20} {} ({})\n", name, Plain(decision["value"]), Plain(decision["reason"]));
    } else {
      text += fmt::format("  {:<20} {}\n", name, Plain(decision));
    }
  }
  return text;
}

std::string RunText(const ordered_json& report) {
  if (report["runs"].is_null()) return fmt::format("\nruns      not tried: {}\n", Plain(report["reason"]));
  if (!report["runs"].get<bool>()) return fmt::format("\nruns      no: {}\n", Plain(report["reason"]));
  std::string text =
      fmt::format("\nruns      yes\nmemory    {:.1f} MB planned\n", Megabytes(report["memory_plan"]["total_bytes"]));
  for (const auto& item : report["memory_plan"]["items"]) {
    text += fmt::format("  {:<30} {:>10.1f} MB\n", Plain(item["what"]), Megabytes(item["bytes"]));
  }
  return text;
}

}  // namespace

std::string InspectText(const ordered_json& report, bool with_tensors) {
  std::string text =
      fmt::format("file      {}\nformat    GGUF version {}, {} bytes, alignment {}\n", Plain(report["file"]),
                  Plain(report["version"]), Plain(report["bytes"]), Plain(report["alignment"]));
  text += fmt::format("tensors   {}\n", Plain(report["tensor_count"]));
  for (const auto& [type, entry] : report["tensor_types"].items()) {
    text +=
        fmt::format("  {:<8} {:>5} tensors {:>10.1f} MB\n", type, Plain(entry["tensors"]), Megabytes(entry["bytes"]));
  }
  if (report.contains("ternary")) {
    const ordered_json& ternary = report["ternary"];
    text += fmt::format("ternary   {} values in {} linear layers, {:.1f} % of them zero\n", Plain(ternary["values"]),
                        Plain(ternary["tensors"]), 100 * ternary["zero_share"].get<double>());
  }
  text += MetadataText(report["metadata"]);
  if (with_tensors) text += TensorText(report["tensors"]);
  text += DecisionText(report["decisions"]);
  for (const auto& warning : report["warnings"]) text += fmt::format("\nwarning   {}", Plain(warning));
  if (!report["warnings"].empty()) text += "\n";
  return text + RunText(report);
}

}  // namespace sterna::cli
