// SPDX-License-Identifier: Apache-2.0
#include "server/connection_registry.h"

#include <algorithm>

namespace sterna::server {

void ConnectionRegistry::Add(const std::shared_ptr<RegisteredConnection>& connection) {
  const std::lock_guard lock(mutex_);
  entries_.push_back({connection.get(), connection, false});
}

std::list<ConnectionRegistry::Entry>::iterator ConnectionRegistry::Find(const RegisteredConnection& connection) {
  return std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.key == &connection; });
}

void ConnectionRegistry::Remove(const RegisteredConnection& connection) {
  const std::lock_guard lock(mutex_);
  if (const auto found = Find(connection); found != entries_.end()) entries_.erase(found);
}

void ConnectionRegistry::SetIdle(const RegisteredConnection& connection, bool idle) {
  const std::lock_guard lock(mutex_);
  const auto found = Find(connection);
  if (found == entries_.end()) return;
  found->idle = idle;
  entries_.splice(entries_.end(), entries_, found);
}

uint32_t ConnectionRegistry::count() const {
  const std::lock_guard lock(mutex_);
  return uint32_t(entries_.size());
}

bool ConnectionRegistry::CloseOldestIdle() {
  std::shared_ptr<RegisteredConnection> oldest;
  {
    const std::lock_guard lock(mutex_);
    for (Entry& entry : entries_) {
      if (!entry.idle) continue;
      entry.idle = false;  // so that the next call takes another one
      oldest = entry.connection.lock();
      if (oldest) break;
    }
  }
  if (oldest) oldest->Close();
  return oldest != nullptr;
}

std::list<std::shared_ptr<RegisteredConnection>> ConnectionRegistry::All() const {
  const std::lock_guard lock(mutex_);
  std::list<std::shared_ptr<RegisteredConnection>> all;
  for (const Entry& entry : entries_) {
    if (auto connection = entry.connection.lock()) all.push_back(std::move(connection));
  }
  return all;
}

void ConnectionRegistry::CloseAllWhenIdle() {
  for (const auto& connection : All()) connection->CloseWhenIdle();
}

void ConnectionRegistry::CloseAll() {
  for (const auto& connection : All()) connection->Close();
}

bool ConnectionRegistry::TakeBodyBytes(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes > free_body_bytes_) return false;
  free_body_bytes_ -= bytes;
  return true;
}

void ConnectionRegistry::ReturnBodyBytes(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  free_body_bytes_ += bytes;
}

}  // namespace sterna::server
