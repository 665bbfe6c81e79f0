// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "grammar/constraint.h"
#include "sterna/status.h"

namespace sterna::server {

// The constraints of late requests: clients ask for the same few shapes again and again, and a constraint that was used
// knows what may come next at most places. The one that was not asked for the longest goes first. Thread-safe.
class ConstraintCache {
 public:
  using Entry = std::shared_ptr<const grammar::Constraint>;
  using Maker = std::function<Result<Entry>()>;

  explicit ConstraintCache(size_t capacity) : capacity_(capacity) {}

  // What `make` made when it was last called for the same key, or makes now. What fails is not kept.
  Result<Entry> Get(const std::string& key, const Maker& make);

 private:
  using Entries = std::list<std::pair<std::string, Entry>>;

  Entry Find(const std::string& key);
  void Keep(const std::string& key, const Entry& entry);

  const size_t capacity_;
  std::mutex mutex_;
  Entries entries_;  // guarded by mutex_; the last one asked for is in front
};

}  // namespace sterna::server
