// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/keys.h"
#include "platform/environment.h"
#include "sterna/config.h"

namespace sterna {

// With KNOB_PINNED=engine.thread_count that setting stays at its default, whatever a test says: as if nothing read it.
// tools/check_knobs.py sees that its test notices.
inline Config Pinned(Config config) {
  const auto name = platform::GetEnvironment("KNOB_PINNED");
  if (!name) return config;
  const config::Key& key = *config::FindKey(*name).value();
  static_cast<void>(key.set(config, key.default_text));
  return config;
}

}  // namespace sterna
