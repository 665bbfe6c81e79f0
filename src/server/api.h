// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/access_log.h"
#include "server/api_context.h"
#include "server/api_keys.h"
#include "server/generation.h"
#include "server/http_types.h"
#include "server/in_flight.h"

namespace sterna::server {

// The endpoints: what comes in over HTTP goes to the engine, and back. Thread-safe.
class Api {
 public:
  // All of them outlive it. `connections` tells how many there are.
  Api(engine::Engine& engine, const text::ChatTemplate* chat_template, const ApiSettings& settings)
      : settings_(settings), context_{engine, chat_template, settings_, metrics_, constraints_} {}
  ~Api() { WaitForNone(); }  // what is in the engine holds on to it, for a moment longer than its reply takes

  // Reads the key file, if there is one; again for new keys.
  Status LoadKeys();
  // Opens the access log, if there is to be one; again after its file was moved away.
  Status OpenAccessLog();
  std::optional<HttpReply> Look(const HttpRequest& head);
  // What Look goes by: the reply to a head that may not ask, or asks for what is not there.
  static std::optional<HttpReply> Refusal(const HttpRequest& head, const ApiSettings& settings, const ApiKeys& keys);
  static RequestOrigin OriginOf(const HttpRequest& head, const ApiSettings& settings, const ApiKeys& keys);
  void Answer(const HttpRequest& request, const std::shared_ptr<Responder>& responder);
  HttpReply Malformed(int status, const std::string& message);

  // What is answered: paths and their methods.
  static std::vector<std::pair<std::string_view, std::string_view>> Paths();
  void SetConnections(std::function<uint32_t()> connections) { connections_ = std::move(connections); }
  // From now on /health and /ready say that the server ends.
  void StartDraining() { draining_ = true; }
  // Until no request is in the engine any more.
  void WaitForNone() { in_flight_.WaitForNone(); }

  static constexpr size_t kConstraints = 32;  // that are kept for requests to come

 private:
  struct Endpoint;
  static const std::vector<Endpoint>& Endpoints();
  static const Endpoint* FindEndpoint(const std::string& path, const ApiSettings& settings);

  static std::optional<HttpReply> CheckAccess(const HttpRequest& head, const ApiSettings& settings,
                                              const ApiKeys& keys);
  RequestOrigin OriginOf(const HttpRequest& head) const { return OriginOf(head, settings_, keys_); }
  void Reply(HttpReply reply, const RequestOrigin& origin, Responder& responder);
  using Maker = Result<GenerationRequest> (*)(const Json& body, const ApiContext& context);
  void AnswerGeneration(const HttpRequest& request, Maker read, const std::shared_ptr<Responder>& responder);
  void AnswerEmbedding(const HttpRequest& request, const std::shared_ptr<Responder>& responder);
  HttpReply Health() const;
  HttpReply Ready() const;
  HttpReply Models() const;
  HttpReply Props() const;
  HttpReply Slots() const;
  HttpReply MetricsText() const;

  const ApiSettings settings_;
  Metrics metrics_;
  ConstraintCache constraints_{kConstraints};
  const ApiContext context_;
  ApiKeys keys_;
  std::unique_ptr<AccessLog> access_log_;
  InFlight in_flight_;
  std::function<uint32_t()> connections_ = [] { return 0u; };
  std::atomic<bool> draining_{false};
};

}  // namespace sterna::server
