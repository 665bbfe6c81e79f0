// SPDX-License-Identifier: Apache-2.0
#include "server/connection.h"

#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <cerrno>

#include "server/http_text.h"

namespace sterna::server {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr auto kDiscardTime = std::chrono::seconds(2);

std::string Text(beast::string_view text) { return std::string(text.data(), text.size()); }

}  // namespace

// The reply to one request. It holds the connection; the connection does not hold it, so that a request which is
// dropped without an answer is noticed.
class Exchange : public Responder {
 public:
  Exchange(std::shared_ptr<Connection> connection, bool head_only, bool chunks, bool keep_alive)
      : connection_(std::move(connection)), head_only_(head_only), chunks_(chunks), keep_alive_(keep_alive) {}
  ~Exchange() override {
    if (ended_) return;
    if (begun_) {
      connection_->Close();
    } else {
      Exchange::Send(connection_->shared_.handler.on_error(500, "the request was dropped"));
    }
  }

  void Send(HttpReply reply) override {
    begun_ = true;
    std::string bytes = HeadText(reply, Framing::kLength, keep_alive_);
    if (!head_only_) bytes += reply.body;
    Put(std::move(bytes), /*last=*/true);
  }

  void Begin(HttpReply head) override {
    begun_ = true;
    Put(HeadText(head, chunks_ ? Framing::kChunks : Framing::kUntilClose, keep_alive_ && chunks_), /*last=*/false);
  }

  void Write(std::string bytes) override {
    if (head_only_) return;
    Put(chunks_ ? ChunkText(bytes) : std::move(bytes), /*last=*/false);
    if (connection_->unsent_bytes_ > connection_->shared_.settings.max_unsent_bytes) {
      gone_ = true;
      connection_->Close();
    }
  }

  void End() override { Put(chunks_ && !head_only_ ? std::string(kLastChunk) : std::string(), /*last=*/true); }

  bool gone() const override { return gone_; }
  void SetGone() { gone_ = true; }

 private:
  void Put(std::string bytes, bool last) {
    if (last) ended_ = true;
    if (gone_) return;
    connection_->unsent_bytes_ += bytes.size();
    asio::post(connection_->stream_.get_executor(),
               [connection = connection_, bytes = std::move(bytes), last] { connection->Queue(bytes, last); });
  }

  const std::shared_ptr<Connection> connection_;
  const bool head_only_, chunks_, keep_alive_;
  bool begun_ = false, ended_ = false;
  std::atomic<bool> gone_{false};
};

Connection::Connection(Socket socket, std::string peer, Shared& shared)
    : stream_(std::move(socket)), peer_(std::move(peer)), shared_(shared) {}

Connection::~Connection() {
  ReleaseBody();
  shared_.registry.Remove(*this);
}

void Connection::Start() {
  shared_.registry.Add(shared_from_this());
  asio::post(stream_.get_executor(), [self = shared_from_this()] { self->ReadHead(); });
}

void Connection::CloseWhenIdle() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] {
    self->close_when_idle_ = true;
    if (self->reading_head_) self->Shut();
  });
}

void Connection::Close() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] { self->Shut(); });
}

void Connection::ReadHead() {
  parser_.emplace();
  parser_->header_limit(shared_.settings.max_header_bytes);
  parser_->body_limit(shared_.settings.max_body_bytes);
  reading_head_ = true;
  shared_.registry.SetIdle(*this, true);
  stream_.expires_after(shared_.settings.read_timeout);
  http::async_read_header(stream_, buffer_, *parser_,
                          [self = shared_from_this()](Error error, size_t) { self->OnHead(error); });
}

void Connection::OnHead(Error error) {
  reading_head_ = false;
  shared_.registry.SetIdle(*this, false);
  if (closed_) return;
  if (error) return RefuseMalformed(error);
  keep_alive_ = parser_->get().keep_alive();
  if (std::optional<HttpReply> refusal = shared_.handler.on_head(Head())) return Refuse(*refusal);
  if (!ReserveBody()) {
    HttpReply reply = shared_.handler.on_error(503, "too many requests are being read; try again soon");
    reply.headers.emplace_back("Retry-After", "1");
    return Refuse(reply);
  }
  beast::iequals(parser_->get()[http::field::expect], "100-continue") ? SayContinue() : ReadBody();
}

void Connection::SayContinue() {
  writing_ = "HTTP/1.1 100 Continue\r\n\r\n";
  stream_.expires_after(shared_.settings.write_timeout);
  asio::async_write(stream_, asio::buffer(writing_), [self = shared_from_this()](Error error, size_t) {
    self->writing_.clear();
    error ? self->Shut() : self->ReadBody();
  });
}

void Connection::ReadBody() {
  if (parser_->is_done()) return OnBody({});
  stream_.expires_after(shared_.settings.read_timeout);
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](Error error, size_t) { self->OnBody(error); });
}

void Connection::OnBody(Error error) {
  if (closed_) return;
  if (error) return RefuseMalformed(error);
  Dispatch();
}

void Connection::Dispatch() {
  stream_.expires_never();
  HttpRequest request = Head();
  request.body = std::move(parser_->get().body());
  const bool http_1_1 = parser_->get().version() >= 11;
  if (close_when_idle_) keep_alive_ = false;
  if (!http_1_1) keep_alive_ = false;
  const auto exchange = std::make_shared<Exchange>(shared_from_this(), request.method == "HEAD", http_1_1, keep_alive_);
  exchange_ = exchange;
  busy_ = true;
  reply_ended_ = false;
  WatchForEnd();
  try {
    shared_.handler.on_request(request, exchange);
  } catch (...) {  // out of memory; the exchange says so as it goes
  }
  ReleaseBody();
}

HttpRequest Connection::Head() const {
  const auto& head = parser_->get();
  HttpRequest request;
  request.method = Text(head.method_string());
  const std::string target = Text(head.target());
  request.path = target.substr(0, target.find('?'));
  request.peer = shared_.settings.behind_router ? Text(head["X-Forwarded-For"]) : peer_;
  request.authorization = Text(head[http::field::authorization]);
  request.api_key = Text(head["X-Api-Key"]);
  request.content_type = Text(head[http::field::content_type]);
  request.host = Text(head[http::field::host]);
  request.origin = Text(head[http::field::origin]);
  request.request_id = Text(head["X-Request-Id"]);
  request.traceparent = Text(head["traceparent"]);
  request.if_none_match = Text(head[http::field::if_none_match]);
  return request;
}

// A body whose length is not told may become as long as any.
bool Connection::ReserveBody() {
  if (parser_->is_done()) return true;
  const auto length = parser_->content_length();
  const uint64_t bytes = length ? *length : shared_.settings.max_body_bytes;
  if (!shared_.registry.TakeBodyBytes(bytes)) return false;
  reserved_body_bytes_ = bytes;
  return true;
}

void Connection::ReleaseBody() { shared_.registry.ReturnBodyBytes(std::exchange(reserved_body_bytes_, 0)); }

void Connection::Refuse(const HttpReply& reply) {
  ReleaseBody();
  keep_alive_ = keep_alive_ && parser_->is_done();  // an unread body stands before the next request
  reply_ended_ = false;
  busy_ = true;
  std::string bytes = HeadText(reply, Framing::kLength, keep_alive_);
  if (parser_->get().method() != http::verb::head) bytes += reply.body;
  unsent_bytes_ += bytes.size();
  Queue(bytes, /*last=*/true);
}

void Connection::RefuseMalformed(Error error) {
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error.category() != make_error_code(http::error::bad_method).category()) {
    return Shut();  // the client left, or was silent for too long: nobody would read a reply
  }
  keep_alive_ = false;
  const int status = error == http::error::header_limit ? 431 : error == http::error::body_limit ? 413 : 400;
  Refuse(shared_.handler.on_error(status, error.message()));
  keep_alive_ = false;
}

// While a request is in hand nothing is read, so the end of the connection must be looked for.
void Connection::WatchForEnd() {
  if (watching_) return;
  watching_ = true;
  stream_.socket().async_wait(Socket::wait_read, [self = shared_from_this()](Error error) {
    self->watching_ = false;
    if (!error && self->busy_ && !self->closed_) self->OnReadable();
  });
}

void Connection::OnReadable() {
  char byte = 0;
  const ssize_t count = ::recv(stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (count > 0) return;  // the next request: it waits, and an end behind it shows when that is read
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return WatchForEnd();
  Shut();
}

void Connection::Queue(std::string_view bytes, bool last) {
  if (closed_) return;
  const bool idle = writing_.empty();
  queued_ += bytes;
  reply_ended_ = reply_ended_ || last;
  if (idle) WriteQueued();
}

void Connection::WriteQueued() {
  writing_ = std::exchange(queued_, {});
  if (writing_.empty()) return reply_ended_ ? FinishReply() : void();
  stream_.expires_after(shared_.settings.write_timeout);
  asio::async_write(stream_, asio::buffer(writing_), [self = shared_from_this()](Error error, size_t) {
    if (self->closed_) return;
    if (error) return self->Shut();
    self->unsent_bytes_ -= self->writing_.size();
    self->stream_.expires_never();
    self->WriteQueued();
  });
}

void Connection::FinishReply() {
  busy_ = false;
  exchange_.reset();
  keep_alive_ && !close_when_idle_ ? ReadHead() : CloseGently();
}

// What the client still sends is read for a moment: a socket closed over unread bytes may take the reply with it.
void Connection::CloseGently() {
  Error ignored;
  stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  stream_.expires_after(kDiscardTime);
  Discard();
}

void Connection::Discard() {
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(size_t{64} << 10), [self = shared_from_this()](Error error, size_t) {
    if (self->closed_) return;
    error ? self->Shut() : self->Discard();
  });
}

void Connection::Shut() {
  if (closed_) return;
  closed_ = true;
  busy_ = false;
  if (const auto exchange = exchange_.lock()) exchange->SetGone();
  stream_.close();
}

}  // namespace sterna::server
