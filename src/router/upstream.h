// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "server/http_types.h"
#include "sterna/status.h"

namespace sterna::router {

// Who waits for the reply of an instance. Either OnReply, or OnBegin, any number of OnBytes and OnEnd; OnBroken in
// place of what is still to come. All on the upstream's thread.
class ReplyReader {
 public:
  virtual ~ReplyReader() = default;
  virtual void OnReply(server::HttpReply reply) = 0;
  virtual void OnBegin(server::HttpReply head) = 0;  // of a reply in pieces; its body is empty
  virtual void OnBytes(std::string bytes) = 0;
  virtual void OnEnd() = 0;
  virtual void OnBroken() = 0;
  // False: nobody waits any more. Asked again and again; the connection is closed then, and OnBroken is called.
  virtual bool Wanted() const = 0;
};

// HTTP to instances over Unix sockets: a connection for each request, all on one thread.
class Upstream {
 public:
  // ResourceExhausted when the system gives no thread.
  static Result<std::unique_ptr<Upstream>> Start();
  ~Upstream();  // drops what is still asked

  // `request` is head and body as they are sent; any thread.
  void Ask(const std::string& socket, std::shared_ptr<const std::string> request, std::shared_ptr<ReplyReader> reader);

 private:
  class Question;
  struct Impl;
  explicit Upstream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The bytes of a request that asks for one reply. Its method is GET where it was HEAD: the transport cuts the body off.
std::string RequestText(const server::HttpRequest& request);

}  // namespace sterna::router
