// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sterna::router {

// The Prometheus texts of all instances as one: what they count and hold is added up, the most tokens of a request is
// the largest, and rates are means. What an instance had counted when it ended stays counted, so that
// counters never fall. Thread-safe.
class JoinedMetrics {
 public:
  explicit JoinedMetrics(uint32_t count) : instances_(count) {}

  // Which life of an instance it is; goes with Update, so that a late text is not taken for that of the next one.
  uint64_t Life(uint32_t instance) const;
  void Update(uint32_t instance, uint64_t life, std::string_view text);
  void Ended(uint32_t instance);
  // Without families of these names: the router has its own.
  std::string Text(const std::vector<std::string_view>& without) const;

 private:
  struct Family {
    std::string help, kind;
    std::vector<std::string> series;  // "name", "name{labels}", in the order in which they were seen
  };
  struct Instance {
    uint64_t life = 0;
    std::map<std::string, double, std::less<>> now;     // by series
    std::map<std::string, double, std::less<>> before;  // counters of those that ended
  };
  Family& FamilyOf(std::string_view name);
  void TakeLine(std::string_view line, Instance& instance);
  double Joined(const std::string& series) const;
  double Sum(const std::string& series) const;
  double Mean(std::string_view rate, std::string_view seconds) const;

  mutable std::mutex mutex_;
  std::vector<Instance> instances_;  // guarded by mutex_, as are the next
  std::vector<std::string> order_;   // of families
  std::map<std::string, Family, std::less<>> families_;
};

}  // namespace sterna::router
