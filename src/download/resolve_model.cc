// SPDX-License-Identifier: Apache-2.0
#include "download/resolve_model.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/status_macros.h"
#include "download/find_local.h"

namespace sterna::download {

Result<std::string> ResolveModel(const std::string& word) {
  std::error_code ignored;
  if (std::filesystem::exists(word, ignored) || !LooksLikeModelName(word)) return word;
  STERNA_ASSIGN_OR_RETURN(const ModelName name, ParseModelName(word));
  STERNA_ASSIGN_OR_RETURN(const Settings settings, Settings::FromEnvironment());
  STERNA_ASSIGN_OR_RETURN(const auto model, FindLocal(settings, name));
  if (model) return model->path.string();
  return Status::NotFound(
      fmt::format("'{}' is no file here and in no cache; fetch it with: sterna pull {}", word, word));
}

Result<std::string> ResolveModelFile(const std::string& word) {
  STERNA_ASSIGN_OR_RETURN(std::string path, ResolveModel(word));
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) return path;
  return Status::Unsupported(fmt::format(
      "'{}' is a folder, and a file is needed; make one: sterna convert {} model.gguf --to i2_s", path, path));
}

}  // namespace sterna::download
