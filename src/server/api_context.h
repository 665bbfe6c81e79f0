// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/engine.h"
#include "server/constraint_cache.h"
#include "server/metrics.h"
#include "server/settings.h"
#include "text/chat_template.h"

namespace sterna::server {

// What requests are answered with; outlives them.
struct ApiContext {
  engine::Engine& engine;
  const text::ChatTemplate* chat_template;  // nullptr where the model has none
  const ApiSettings& settings;
  Metrics& metrics;
  ConstraintCache& constraints;
};

}  // namespace sterna::server
