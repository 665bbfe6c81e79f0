// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sterna/status.h"

namespace sterna::tune {

// Settings that change speed and nothing else.
struct Choice {
  std::string kernels;           // the table's name
  uint32_t threads = 1;          // in generation
  uint32_t prefill_threads = 1;  // in prompts
  uint32_t chunk_tiles = 4;      // batch.chunk_size

  friend bool operator==(const Choice&, const Choice&) = default;
};

struct Speed {
  double prompt = 0, generation = 0;  // tokens per second
};

// What may be tried for each setting. Where somebody has said what he wants, only that.
struct Space {
  std::vector<std::string> kernels;
  std::vector<uint32_t> threads, prefill_threads, chunk_tiles;
};

struct Outcome {
  Choice start, best;  // equal when nothing was faster
  Speed start_speed, best_speed;
};

// Tries one setting after the other from `start`: kernels, threads, chunk. What is not faster by kWorthwhile is noise
// and leaves the setting as it was; the result is measured once more as a whole and dropped when it does not hold what
// its parts promised. `measure` is called for each choice that is tried; its error ends the search.
inline constexpr double kWorthwhile = 1.02;
Result<Outcome> Search(const Space& space, const Choice& start,
                       const std::function<Result<Speed>(const Choice&)>& measure);

// 1, 2, 4, ... up to all cores, then all logical CPUs.
std::vector<uint32_t> ThreadCounts(uint32_t cores, uint32_t logical_cpus);

}  // namespace sterna::tune
