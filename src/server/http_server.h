// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "server/http_types.h"
#include "server/settings.h"
#include "sterna/status.h"

namespace sterna::server {

// HTTP/1.1 over TCP or a Unix socket, plain or through TLS: a few threads for all connections.
class HttpServer {
 public:
  // Listens, and serves nobody yet. Unavailable when the address cannot be had, InvalidArgument when it is none;
  // LoadTlsContext's errors.
  static Result<std::unique_ptr<HttpServer>> Listen(const TransportSettings& settings, HttpHandler handler);
  ~HttpServer();

  // "http://127.0.0.1:8080", "https://[::1]:8080", "unix:/run/sterna.sock"
  std::string address() const;
  uint32_t connections() const;
  // After Run: whoever is still to be answered will not be.
  void CloseAll();
  // Serves until SIGTERM or SIGINT came and the requests that were accepted by then are answered, or a second one came.
  // `on_drain` is called with the first, `on_reload` for each SIGHUP, on a thread of the server, after the certificate
  // was read again. Cancelled when it was cut short.
  Status Run(std::function<void()> on_drain, std::function<void()> on_reload);

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sterna::server
