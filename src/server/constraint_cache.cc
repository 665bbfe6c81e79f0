// SPDX-License-Identifier: Apache-2.0
#include "server/constraint_cache.h"

#include <algorithm>

#include "base/status_macros.h"

namespace sterna::server {

Result<ConstraintCache::Entry> ConstraintCache::Get(const std::string& key, const Maker& make) {
  if (Entry known = Find(key)) return known;
  STERNA_ASSIGN_OR_RETURN(Entry made, make());  // without the lock: a large schema takes its time
  Keep(key, made);
  return made;
}

ConstraintCache::Entry ConstraintCache::Find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry.first == key; });
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return found->second;
}

void ConstraintCache::Keep(const std::string& key, const Entry& entry) {
  const std::lock_guard lock(mutex_);
  entries_.emplace_front(key, entry);
  if (entries_.size() > capacity_) entries_.pop_back();
}

}  // namespace sterna::server
