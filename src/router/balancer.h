// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "router/prefix_table.h"

namespace sterna::router {

struct InstanceLoad {
  bool up = false;
  uint32_t in_flight = 0;
  uint64_t taken = 0;  // requests so far
};

// Who had most of a prompt gets it although it has so many requests more than the one that has the fewest.
inline constexpr uint32_t kAffinityMargin = 2;

// The instance for a request of so many blocks: whoever knows at least half of them, unless it is more loaded than the
// margin allows; else who has the fewest requests, and among equals who knows a beginning, then who was asked least.
// nullopt when none is up. Pure.
std::optional<uint32_t> ChooseInstance(std::span<const InstanceLoad> loads, const PrefixMatch& match, size_t blocks);

// Which instance answers which request. Thread-safe.
class Balancer {
 public:
  // A request that is with an instance, for as long as it lives.
  class Lease {
   public:
    Lease(Balancer& balancer, uint32_t instance) : balancer_(balancer), instance_(instance) {}
    ~Lease() { balancer_.Return(instance_); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    uint32_t instance() const { return instance_; }

   private:
    Balancer& balancer_;
    const uint32_t instance_;
  };

  explicit Balancer(uint32_t count) : loads_(count) {}

  // nullptr when no instance is up. `not_this`: the one that failed before.
  std::unique_ptr<Lease> Take(std::span<const uint64_t> blocks, std::optional<uint32_t> not_this);
  // One that went down has forgotten all it knew.
  void SetUp(uint32_t instance, bool up);
  std::vector<InstanceLoad> Loads() const;

 private:
  void Return(uint32_t instance);

  mutable std::mutex mutex_;
  std::vector<InstanceLoad> loads_;  // guarded by mutex_, as is the next
  PrefixTable prefixes_;
};

}  // namespace sterna::router
