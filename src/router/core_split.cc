// SPDX-License-Identifier: Apache-2.0
#include "router/core_split.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace sterna::router {
namespace {

using Core = std::vector<uint32_t>;  // its CPUs

// By memory node, then by their first CPU.
std::vector<Core> CoresOf(std::vector<platform::CpuPlace> places) {
  std::sort(places.begin(), places.end(), [](const platform::CpuPlace& a, const platform::CpuPlace& b) {
    return std::pair(a.node, a.number) < std::pair(b.node, b.number);
  });
  std::vector<Core> cores;
  std::map<std::string, size_t> index;
  for (const platform::CpuPlace& place : places) {
    const auto [found, is_new] =
        index.emplace(place.core.empty() ? std::to_string(place.number) : place.core, cores.size());
    if (is_new) cores.emplace_back();
    cores[found->second].push_back(place.number);
  }
  return cores;
}

std::vector<Core> ThreadsOf(const std::vector<Core>& cores) {
  std::vector<Core> threads;
  for (const Core& core : cores) {
    for (const uint32_t cpu : core) threads.push_back({cpu});
  }
  return threads;
}

}  // namespace

std::vector<std::vector<uint32_t>> SplitCpus(std::vector<platform::CpuPlace> places, uint32_t count) {
  std::vector<Core> cores = CoresOf(std::move(places));
  if (cores.size() < count) cores = ThreadsOf(cores);
  std::vector<std::vector<uint32_t>> split(count);
  size_t next = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const size_t end = next + cores.size() / count + (i < cores.size() % count ? 1 : 0);
    for (; next < end; ++next) split[i].insert(split[i].end(), cores[next].begin(), cores[next].end());
    std::sort(split[i].begin(), split[i].end());
  }
  return split;
}

}  // namespace sterna::router
