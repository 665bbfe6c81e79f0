// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "sterna/status.h"

namespace sterna::download {

struct Settings {
  std::string endpoint = "https://huggingface.co";  // no slash at its end
  std::string token;                                // sent to the endpoint's host alone; empty: none
  std::filesystem::path cache_folder;               // empty: nothing says where
  std::filesystem::path hub_cache_folder;           // Hugging Face's own cache, only read
  bool offline = false;
  uint64_t cache_limit_bytes = 0;  // 0: none
  uint32_t timeout_seconds = 30;   // for a connection, and without a byte
  uint32_t retries = 5;            // in a row without progress
  std::string user_agent = "sterna";

  // From HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, HF_HUB_CACHE, HF_HOME, STERNA_CACHE, STERNA_CACHE_DIR,
  // STERNA_CACHE_LIMIT, XDG_CACHE_HOME and HOME. InvalidArgument names the variable (and never shows the token).
  static Result<Settings> FromEnvironment();
};

}  // namespace sterna::download
