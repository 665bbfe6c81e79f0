// SPDX-License-Identifier: Apache-2.0
#include "convert/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <memory>
#include <utility>

#include "base/status_macros.h"
#include "convert/folder_source.h"
#include "convert/gguf_export.h"
#include "convert/gguf_source.h"
#include "convert/sterna_file.h"

namespace sterna::convert {
namespace {

using quant::TensorType;

// Names that are not the type's own in small letters.
constexpr std::string_view kNameOfG128 = "q2_0_g128";

// Removes a file when it goes.
class RemovedFile {
 public:
  explicit RemovedFile(std::string path) : path_(std::move(path)) {}
  ~RemovedFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  RemovedFile(const RemovedFile&) = delete;
  RemovedFile& operator=(const RemovedFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A GGUF file beside the output, which becomes a `sterna` file and is removed.
Result<ConvertReport> ByWayOfGguf(const ModelSource& source, const std::string& output, const ConvertOptions& options,
                                  std::optional<TensorType> linear) {
  ConvertOptions first_options = options;
  first_options.linear = linear;
  const RemovedFile between(output + ".gguf.partial");
  STERNA_ASSIGN_OR_RETURN(const ConvertReport first, ExportGguf(source, between.path(), first_options));
  ConvertOptions second_options = options;
  second_options.model.i2s_layout = linear ? quant::I2sLayout::kX86 : options.model.i2s_layout;
  STERNA_ASSIGN_OR_RETURN(ConvertReport report, ConvertToSterna(between.path(), output, second_options));
  report.source_bytes = first.source_bytes;
  report.warnings.insert(report.warnings.begin(), first.warnings.begin(), first.warnings.end());
  return report;
}

Result<ConvertReport> FromGguf(const std::string& input, const std::string& output, const ConvertOptions& options) {
  if (!options.linear && !options.embedding && !options.head) return ConvertToSterna(input, output, options);
  STERNA_ASSIGN_OR_RETURN(const format::GgufFile file, format::GgufFile::Open(input));
  STERNA_ASSIGN_OR_RETURN(const auto source, OpenGgufSource(file, options.model));
  if (options.linear) return ExportGguf(*source, output, options);
  return ByWayOfGguf(*source, output, options, std::nullopt);
}

Result<ConvertReport> FromFolder(const std::string& input, const std::string& output, const ConvertOptions& options) {
  STERNA_ASSIGN_OR_RETURN(const auto source, OpenFolderSource(input));
  if (options.linear) return ExportGguf(*source, output, options);
  return ByWayOfGguf(*source, output, options, TensorType::kI2_S);
}

}  // namespace

Status CheckGoOn(const ConvertOptions& options) {
  return options.should_stop && options.should_stop() ? Status::Cancelled("interrupted") : Status();
}

Result<ConvertReport> ConvertModel(const std::string& input, const std::string& output, const ConvertOptions& options) {
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(input, ignored);
  return folder ? FromFolder(input, output, options) : FromGguf(input, output, options);
}

std::string TypeName(TensorType type) {
  if (type == TensorType::kQ2_0_G128) return std::string(kNameOfG128);
  std::string name(quant::Info(type).name);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  return name;
}

std::optional<TensorType> LinearTypeByName(std::string_view name) {
  for (size_t i = 0; i <= size_t(TensorType::kF64); ++i) {
    const auto type = TensorType(i);
    if (quant::CanStoreTernary(type) && TypeName(type) == name) return type;
  }
  return std::nullopt;
}

std::vector<std::string> LinearTypeNames() {
  std::vector<std::string> names;
  for (size_t i = 0; i <= size_t(TensorType::kF64); ++i) {
    if (quant::CanStoreTernary(TensorType(i))) names.push_back(TypeName(TensorType(i)));
  }
  return names;
}

}  // namespace sterna::convert
