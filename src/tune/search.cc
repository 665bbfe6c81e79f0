// SPDX-License-Identifier: Apache-2.0
#include "tune/search.h"

#include <algorithm>

#include "base/status_macros.h"

namespace sterna::tune {
namespace {

// Of a prompt token and a generated one, which is what waiting for an answer is made of.
double Together(const Speed& speed) {
  return speed.prompt > 0 && speed.generation > 0 ? 1 / (1 / speed.prompt + 1 / speed.generation) : 0;
}

// Prompts or generation are faster, and not at the cost of more on the other side.
bool Wins(const Speed& speed, const Speed& than) {
  const bool faster = speed.prompt >= than.prompt * kWorthwhile || speed.generation >= than.generation * kWorthwhile;
  return faster && Together(speed) >= Together(than);
}

class Searcher {
 public:
  Searcher(const Space& space, const Choice& start, const std::function<Result<Speed>(const Choice&)>& measure)
      : space_(space), measure_(measure), best_(start) {}

  Result<Outcome> Run() {
    Outcome outcome{best_, best_, {}, {}};
    STERNA_ASSIGN_OR_RETURN(outcome.start_speed, measure_(best_));
    speed_ = outcome.start_speed;
    STERNA_RETURN_IF_ERROR(TryKernels());
    STERNA_RETURN_IF_ERROR(TryThreads());
    STERNA_RETURN_IF_ERROR(TryChunks());
    outcome.best_speed = outcome.start_speed;
    if (best_ == outcome.start) return outcome;
    STERNA_ASSIGN_OR_RETURN(const Speed speed, measure_(best_));
    if (!Wins(speed, outcome.start_speed)) return outcome;
    outcome.best = best_;
    outcome.best_speed = speed;
    return outcome;
  }

 private:
  Status TryKernels() {
    const std::string start = best_.kernels;
    for (const std::string& kernels : space_.kernels) {
      if (kernels == start) continue;
      Choice choice = best_;
      choice.kernels = kernels;
      STERNA_ASSIGN_OR_RETURN(const Speed speed, measure_(choice));
      if (Together(speed) < Together(speed_) * kWorthwhile) continue;
      best_ = choice;
      speed_ = speed;
    }
    return {};
  }

  // One measurement with the same count for both says how each does.
  Status TryThreads() {
    std::vector<uint32_t> counts = space_.threads;
    counts.insert(counts.end(), space_.prefill_threads.begin(), space_.prefill_threads.end());
    std::sort(counts.begin(), counts.end());
    counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
    const Choice before = best_;
    for (const uint32_t count : counts) {
      const bool for_generation = Holds(space_.threads, count), for_prompts = Holds(space_.prefill_threads, count);
      Choice choice = before;
      if (for_generation) choice.threads = count;
      if (for_prompts) choice.prefill_threads = count;
      if (choice == before) continue;
      STERNA_ASSIGN_OR_RETURN(const Speed speed, measure_(choice));
      if (for_generation) Take(count, speed.generation, best_.threads, speed_.generation);
      if (for_prompts) Take(count, speed.prompt, best_.prefill_threads, speed_.prompt);
    }
    return {};
  }

  Status TryChunks() {
    const Choice before = best_;
    for (const uint32_t tiles : space_.chunk_tiles) {
      if (tiles == before.chunk_tiles) continue;
      Choice choice = best_;
      choice.chunk_tiles = tiles;
      STERNA_ASSIGN_OR_RETURN(const Speed speed, measure_(choice));
      Take(tiles, speed.prompt, best_.chunk_tiles, speed_.prompt);
    }
    return {};
  }

  static bool Holds(const std::vector<uint32_t>& list, uint32_t value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  }

  static void Take(uint32_t value, double speed, uint32_t& best, double& best_speed) {
    if (speed < best_speed * kWorthwhile) return;
    best = value;
    best_speed = speed;
  }

  const Space& space_;
  const std::function<Result<Speed>(const Choice&)>& measure_;
  Choice best_;
  Speed speed_;  // of best_, as far as its parts were measured
};

}  // namespace

Result<Outcome> Search(const Space& space, const Choice& start,
                       const std::function<Result<Speed>(const Choice&)>& measure) {
  return Searcher(space, start, measure).Run();
}

std::vector<uint32_t> ThreadCounts(uint32_t cores, uint32_t logical_cpus) {
  std::vector<uint32_t> counts;
  for (uint32_t count = 1; count < cores; count *= 2) counts.push_back(count);
  counts.push_back(cores);
  if (logical_cpus > cores) counts.push_back(logical_cpus);
  return counts;
}

}  // namespace sterna::tune
