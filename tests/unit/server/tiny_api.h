// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "server/api_context.h"
#include "unit/engine/tiny_engine.h"

namespace sterna::server {

// An API's context over the tiny model.
struct TinyApi {
  explicit TinyApi(std::unique_ptr<engine::Engine> loaded = engine::LoadTiny()) : engine(std::move(loaded)) {}

  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<const text::ChatTemplate> chat_template = text::ChatTemplate::BuiltIn("chatml").value();
  ApiSettings settings;
  Metrics metrics;
  ConstraintCache constraints{4};
  ApiContext context{*engine, chat_template.get(), settings, metrics, constraints};
};

}  // namespace sterna::server
