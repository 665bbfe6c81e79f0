// SPDX-License-Identifier: Apache-2.0
#include "built_in_model.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

namespace sterna::cli {
namespace {

constexpr char kFileName[] = "sterna-dictionary-i2_s.gguf";

}  // namespace

Result<std::string> FindBuiltInModel() {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  const fs::path beside = (folder / "../models" / kFileName).lexically_normal();
  const fs::path installed = (folder / "../share/sterna/models" / kFileName).lexically_normal();
  for (const fs::path& path : {beside, installed}) {
    if (fs::exists(path, error)) return path.string();
  }
  return Status::NotFound(fmt::format("no built-in model at '{}' or '{}'; give a model with -m FILE or STERNA_MODEL",
                                      beside.string(), installed.string()));
}

}  // namespace sterna::cli
