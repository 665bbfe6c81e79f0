// SPDX-License-Identifier: Apache-2.0
#include "router/balancer.h"

#include <tuple>

namespace sterna::router {

std::optional<uint32_t> ChooseInstance(std::span<const InstanceLoad> loads, const PrefixMatch& match, size_t blocks) {
  const bool known = match.blocks > 0;
  std::optional<uint32_t> best;
  const auto rank = [&](uint32_t i) {
    return std::tuple(loads[i].in_flight, !(known && i == match.instance), loads[i].taken);
  };
  for (uint32_t i = 0; i < loads.size(); ++i) {
    if (loads[i].up && (!best || rank(i) < rank(*best))) best = i;
  }
  if (!best || !known || match.blocks * 2 < blocks || !loads[match.instance].up) return best;
  const bool near = loads[match.instance].in_flight <= loads[*best].in_flight + kAffinityMargin;
  return near ? match.instance : best;
}

std::unique_ptr<Balancer::Lease> Balancer::Take(std::span<const uint64_t> blocks, std::optional<uint32_t> not_this) {
  const std::lock_guard lock(mutex_);
  std::vector<InstanceLoad> loads = loads_;
  if (not_this) loads[*not_this].up = false;
  const std::optional<uint32_t> chosen = ChooseInstance(loads, prefixes_.Find(blocks), blocks.size());
  if (!chosen) return nullptr;
  prefixes_.Remember(blocks, *chosen);
  ++loads_[*chosen].in_flight;
  ++loads_[*chosen].taken;
  return std::make_unique<Lease>(*this, *chosen);
}

void Balancer::Return(uint32_t instance) {
  const std::lock_guard lock(mutex_);
  --loads_[instance].in_flight;
}

void Balancer::SetUp(uint32_t instance, bool up) {
  const std::lock_guard lock(mutex_);
  loads_[instance].up = up;
  if (!up) prefixes_.Forget(instance);
}

std::vector<InstanceLoad> Balancer::Loads() const {
  const std::lock_guard lock(mutex_);
  return loads_;
}

}  // namespace sterna::router
