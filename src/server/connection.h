// SPDX-License-Identifier: Apache-2.0
//
// One client's connection. This header holds Boost's; only connection.cc and http_server.cc include it.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "server/client_stream.h"
#include "server/connection_registry.h"
#include "server/http_types.h"
#include "server/settings.h"

namespace sterna::server {

class Exchange;

// Reads requests one after the other and writes their replies. Everything happens on the socket's strand, except what
// says otherwise.
class Connection : public RegisteredConnection, public std::enable_shared_from_this<Connection> {
 public:
  // What all connections share; outlives them.
  struct Shared {
    Shared(const TransportSettings& with, HttpHandler to)
        : settings(with), handler(std::move(to)), registry(with.max_bodies_bytes) {}
    const TransportSettings settings;
    const HttpHandler handler;
    ConnectionRegistry registry;
  };

  Connection(std::unique_ptr<ClientStream> stream, std::string peer, Shared& shared);
  ~Connection() override;

  void Start();                   // any thread
  void CloseWhenIdle() override;  // any thread
  void Close() override;          // any thread

 private:
  friend class Exchange;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Error = boost::system::error_code;

  void AwaitRequest();
  void OnOpen(Error error);
  void ReadHead();
  void OnHead(Error error);
  void SayContinue();
  void ReadBody();
  void OnBody(Error error);
  void Dispatch();
  HttpRequest Head() const;
  bool ReserveBody();
  void ReleaseBody();
  void Refuse(const HttpReply& reply);
  void RefuseMalformed(Error error);

  void ReadAhead();
  void OnReadAhead(Error error, size_t bytes);
  void AfterReadAhead(void (Connection::*step)());
  void Queue(std::string_view bytes, bool last);
  void WriteQueued();
  void FinishReply();
  void NextRequest();
  void CloseGently();
  void Discard();
  void Shut();

  const std::unique_ptr<ClientStream> stream_;
  const std::string peer_;
  Shared& shared_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::weak_ptr<Exchange> exchange_;  // where the reply to the request in hand comes from
  bool busy_ = false;                 // a request is in hand
  std::string queued_, writing_;
  std::atomic<uint64_t> unsent_bytes_{0};
  bool reply_ended_ = false;
  bool keep_alive_ = false;
  bool reading_head_ = false;
  bool reading_ahead_ = false;
  void (Connection::*after_read_ahead_)() = nullptr;  // what waits until nothing is read ahead any more
  bool close_when_idle_ = false;
  bool closed_ = false;
  uint64_t reserved_body_bytes_ = 0;
};

}  // namespace sterna::server
