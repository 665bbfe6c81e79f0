// SPDX-License-Identifier: Apache-2.0
#include "sterna_variables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "base/log.h"
#include "exit_code.h"
#include "nearest_name.h"
#include "platform/environment.h"

namespace sterna::cli {
namespace {

const std::vector<std::string>& KnownVariables() {
  static const std::vector<std::string> names = {"STERNA_CACHE", "STERNA_CACHE_DIR", "STERNA_CACHE_LIMIT", "STERNA_ISA",
                                                 "STERNA_LOG",   "STERNA_MODEL",     "STERNA_THREADS"};
  return names;
}

}  // namespace

Status ApplyVariables(bool verbose) {
  for (const auto& [name, value] : platform::SternaVariables()) {
    const auto& known = KnownVariables();
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string line = fmt::format("sterna: warning: unknown variable {} is ignored; the nearest is {}\n",
                                         EscapeControls(name), NearestName(name, known));
    std::fputs(line.c_str(), stderr);
  }
  if (const auto spec = platform::GetEnvironment("STERNA_LOG")) {
    const Status status = ConfigureLog(*spec);
    return status.ok() ? status : Status::InvalidArgument("STERNA_LOG: " + status.message());
  }
  return verbose ? ConfigureLog("info") : Status();
}

}  // namespace sterna::cli
