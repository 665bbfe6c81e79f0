// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "router/balancer.h"
#include "router/joined_metrics.h"
#include "router/joined_replies.h"
#include "router/supervisor.h"
#include "router/upstream.h"
#include "server/access_log.h"
#include "server/api_keys.h"
#include "server/http_types.h"
#include "server/settings.h"

namespace sterna::router {

// Between clients and instances: who may ask is checked here as the instances do it, what asks about the server is
// answered for all of them, and everything else goes to one. Thread-safe.
class Router {
 public:
  // `sockets` of the instances, by their numbers. `max_held_bytes`: of requests that are kept until their reply begins.
  Router(const server::ApiSettings& settings, std::vector<std::string> sockets, uint64_t max_held_bytes,
         Upstream& upstream);

  // Reads the key file and opens the access log; again after a signal, when an error leaves the old ones.
  Status LoadKeys();
  Status OpenAccessLog();
  // Set before the first request.
  void SetConnections(std::function<uint32_t()> connections) { connections_ = std::move(connections); }
  void SetStates(std::function<std::vector<Supervisor::InstanceState>()> states) { states_ = std::move(states); }
  void SetUp(uint32_t instance, bool up);
  void StartDraining() { draining_ = true; }

  std::optional<server::HttpReply> Look(const server::HttpRequest& head);
  void Answer(server::HttpRequest request, const std::shared_ptr<server::Responder>& responder);
  server::HttpReply Malformed(int status, const std::string& message);

 private:
  class Relayed;
  class Gathering;

  // A reply of the router's own: counted, logged, with the headers that every reply has.
  void Reply(server::HttpReply reply, const server::HttpRequest& head, server::Responder& responder);
  void CountReply(int status);
  bool Hold(uint64_t bytes);
  using Join = std::function<server::HttpReply(const Replies& replies)>;
  void Gather(const server::HttpRequest& request, const std::shared_ptr<server::Responder>& responder, Join join);
  Join JoinOf(const std::string& path);
  server::HttpReply MetricsText(const Replies& replies, const std::vector<uint64_t>& lives);

  const server::ApiSettings settings_;
  const std::vector<std::string> sockets_;
  const uint64_t max_held_bytes_;
  Upstream& upstream_;
  server::ApiKeys keys_;
  std::unique_ptr<server::AccessLog> access_log_;
  Balancer balancer_;
  JoinedMetrics metrics_;
  std::function<uint32_t()> connections_ = [] { return 0u; };
  std::function<std::vector<Supervisor::InstanceState>()> states_;
  std::atomic<bool> draining_{false};
  std::atomic<uint64_t> held_bytes_{0};
  std::mutex mutex_;
  std::map<int, uint64_t> replies_;  // by status; guarded by mutex_
};

}  // namespace sterna::router
