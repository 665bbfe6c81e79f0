// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>

namespace sterna::server {

// A connection as the registry sees it. Both may be called on any thread.
class RegisteredConnection {
 public:
  virtual ~RegisteredConnection() = default;
  virtual void CloseWhenIdle() = 0;  // after the request in hand, or at once
  virtual void Close() = 0;
};

// Which connections there are, which of them wait for a request, and how much room there is for bodies. Thread-safe.
class ConnectionRegistry {
 public:
  explicit ConnectionRegistry(uint64_t max_bodies_bytes) : free_body_bytes_(max_bodies_bytes) {}

  void Add(const std::shared_ptr<RegisteredConnection>& connection);
  void Remove(const RegisteredConnection& connection);
  // Whether it waits for a request from now on.
  void SetIdle(const RegisteredConnection& connection, bool idle);
  uint32_t count() const;
  // Closes the one that has waited longest. False when none waits.
  bool CloseOldestIdle();
  void CloseAllWhenIdle();
  void CloseAll();

  // Room for a body that is to be read. False when there is not enough.
  bool TakeBodyBytes(uint64_t bytes);
  void ReturnBodyBytes(uint64_t bytes);

 private:
  struct Entry {
    const RegisteredConnection* key;
    std::weak_ptr<RegisteredConnection> connection;
    bool idle;
  };
  std::list<Entry>::iterator Find(const RegisteredConnection& connection);
  std::list<std::shared_ptr<RegisteredConnection>> All() const;

  mutable std::mutex mutex_;  // guards all below
  std::list<Entry> entries_;  // in the order in which they last changed
  uint64_t free_body_bytes_;
};

}  // namespace sterna::server
