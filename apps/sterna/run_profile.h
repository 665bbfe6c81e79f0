// SPDX-License-Identifier: Apache-2.0
//
// --profile: what a verb that runs a model records, and the files it leaves (docs/profiling.md).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "monitor/session.h"

namespace sterna::cli {

// Where the reports go: beside each other, with endings of their own.
struct ProfilePaths {
  std::string json, trace, html;
};
// `path` is what they have in common; an ending .json, .trace.json or .html is taken off. A folder gets files that are
// called sterna-profile.
ProfilePaths ProfilePathsOf(const std::string& path);

// What STERNA_PROFILE asks for: nothing when it is empty or says no, "sterna-profile" in this folder when it says yes,
// else the path that it is.
std::optional<std::string> ProfilePathFromVariable(const std::string& value);

class RunProfile {
 public:
  // Before the engine is made. InvalidArgument when the reports' folder does not exist.
  static Result<std::unique_ptr<RunProfile>> Start(const std::string& path, const ProfileConfig& config);

  // Null where the configuration asks for no timing.
  monitor::Recorder* recorder() { return timing_ ? &session_->recorder() : nullptr; }
  monitor::Track* track() const { return track_; }  // of the verb itself
  // Measures this machine's limits, which takes about a second, and writes the reports. Says on stderr where they are.
  Status Write(const std::string& model_path, const engine::LoadReport& report);

 private:
  RunProfile(ProfilePaths paths, std::unique_ptr<monitor::Session> session, bool timing);

  ProfilePaths paths_;
  std::unique_ptr<monitor::Session> session_;
  const bool timing_;
  monitor::Track* track_;  // null without timing
};

}  // namespace sterna::cli
