// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/resolve.h"
#include "sterna/status.h"

namespace sterna::tune {

// What the best settings depend on beside the model.
struct Machine {
  std::string cpu;
  uint64_t feature_bits = 0;
  uint32_t cores = 0, logical_cpus = 0;  // that this process may use
};
Machine ThisMachine();

// Where the settings for a model on a machine lie: in the folder $XDG_STATE_HOME/sterna/tuned, else
// ~/.local/state/sterna/tuned, under a name made of the machine and of the file's name and size. nullopt without a home
// or without such a model.
std::optional<std::string> TunedFile(const std::string& model_path, const Machine& machine);

// What the file says; nothing where there is none. InvalidArgument for a broken one.
Result<std::vector<config::Assignment>> ReadTuned(const std::string& path);

// The settings for a model on this machine, for config::Sources::tuned; none where nothing was tuned. A file that is
// broken, or of a version with other keys, is told in the log and passed over.
std::vector<config::Assignment> TunedSettings(const std::string& model_path);

// Replaces the file: `remark` as a comment, then the keys. Unavailable when it cannot be written.
Status WriteTuned(const std::string& path, const std::string& remark,
                  const std::vector<std::pair<std::string, std::string>>& settings);

}  // namespace sterna::tune
