// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/config.h"

namespace sterna::config {

// One setting by its name, with its type taken away: what files, flags and variables work on.
struct Key {
  std::string name;                // "engine.thread_count"
  std::string effect;              // what it does
  std::string values;              // "whole number, 1..1024", "true or false", "one of none, core, numa_node"
  std::vector<std::string> words;  // all values there are; empty: too many to list
  std::string default_text;        // of a Config that nobody touched
  bool gpu_only = false;
  bool is_list = false;
  // InvalidArgument naming the key, the text and what is allowed; the config is unchanged then.
  std::function<Status(Config& config, std::string_view text)> set;
  std::function<std::string(const Config& config)> get;
  // Whether the value that is there may be: for configs made in code.
  std::function<Status(const Config& config)> check;
};

// All of them, in the order of sterna/config.h.
std::span<const Key> AllKeys();

// InvalidArgument with the nearest name when there is none.
Result<const Key*> FindKey(std::string_view name);

// Whether every value is in its range. InvalidArgument naming the first that is not.
Status Validate(const Config& config);

}  // namespace sterna::config
