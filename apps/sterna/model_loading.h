// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "engine/engine.h"
#include "model_flags.h"
#include "monitor/track.h"
#include "run_profile.h"

namespace sterna::cli {

struct LoadedModel {
  std::string path;
  std::unique_ptr<RunProfile> profile;  // null: nothing is recorded
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<engine::Session> session;  // goes before the engine

  monitor::Track* track() const { return profile ? profile->track() : nullptr; }
};

// Loads the model that the flags name and opens one session. Progress goes to stderr when that is a terminal or with
// -v, the memory plan with -v.
Result<LoadedModel> LoadModel(const ModelFlags& flags);
Result<LoadedModel> LoadModel(const ModelFlags& flags, const engine::EngineOptions& options);

// The same for verbs whose first token somebody waits for: the head's planes are made beside the first steps.
Result<LoadedModel> LoadModelQuickly(const ModelFlags& flags);

// "memory plan: 12.3 MB (ternary weights 8.0 MB, ...)"
std::string DescribePlan(const backend::MemoryPlan& plan);

// "matrices by the rule that placed them: map 1 (656.7 MB), one read 210 (521.0 MB); 210 reads, 1 at once"
std::string DescribeLoading(const engine::LoadReport& report);

// "streamed weights: 57 parts were there when needed, ..."
std::string DescribeStream(const memory::StreamCounters& stream);

// After the work: with -v, on stderr, the peak of resident memory beside the plan and what streaming did;
// with --profile its reports.
Status EndRun(const ModelFlags& flags, const LoadedModel& model);

}  // namespace sterna::cli
