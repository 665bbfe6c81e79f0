// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "download/hooks.h"
#include "download/http_client.h"
#include "download/model_name.h"
#include "download/settings.h"
#include "sterna/status.h"

namespace sterna::download {

struct HubFile {
  std::string name;    // passed CheckFileName
  uint64_t bytes = 0;  // 0: not said
  std::string sha256;  // empty: not said
};

struct HubListing {
  std::string commit;                // 40 hexadecimal digits
  std::vector<HubFile> files;        // model files alone
  std::vector<std::string> refused;  // names of model files that CheckFileName refuses
};

// The hub's answer about one revision, as JSON. Corrupt for what is no such answer, is too deep or too long.
Result<HubListing> ParseListing(std::string_view json);

// Asks the hub what a repository holds on its main branch.
Result<HubListing> FetchListing(HttpClient& client, const Settings& settings, const ModelName& name,
                                const Hooks& hooks);

}  // namespace sterna::download
