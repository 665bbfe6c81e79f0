// SPDX-License-Identifier: Apache-2.0
#include "sterna_variables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "base/log.h"
#include "config/keys.h"
#include "config/nearest_name.h"
#include "config/resolve.h"
#include "exit_code.h"
#include "platform/environment.h"

namespace sterna::cli {
namespace {

std::vector<std::string> KnownVariables() {
  std::vector<std::string> names = {"STERNA_API_KEY", "STERNA_CACHE",   "STERNA_CACHE_DIR", "STERNA_CACHE_LIMIT",
                                    "STERNA_CONFIG",  "STERNA_ISA",     "STERNA_LOG",       "STERNA_MODEL",
                                    "STERNA_PRESET",  "STERNA_PROFILE", "STERNA_THREADS"};
  for (const config::Key& key : config::AllKeys()) names.push_back(config::VariableOf(key.name));
  return names;
}

}  // namespace

Status ApplyVariables(bool verbose) {
  const std::vector<std::string> known = KnownVariables();
  for (const auto& [name, value] : platform::SternaVariables()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string line = fmt::format("sterna: warning: unknown variable {} is ignored; the nearest is {}\n",
                                         EscapeControls(name), config::NearestName(name, known));
    std::fputs(line.c_str(), stderr);
  }
  if (const auto spec = platform::GetEnvironment("STERNA_LOG")) {
    const Status status = ConfigureLog(*spec);
    return status.ok() ? status : Status::InvalidArgument("STERNA_LOG: " + status.message());
  }
  return verbose ? ConfigureLog("info") : Status();
}

}  // namespace sterna::cli
