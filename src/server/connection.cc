// SPDX-License-Identifier: Apache-2.0
#include "server/connection.h"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>

#include "server/http_text.h"

namespace sterna::server {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr auto kDiscardTime = std::chrono::seconds(2);
constexpr size_t kReadAheadBytes = 4096;

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
    asio::post(connection_->stream_->get_executor(),
               [connection = connection_, bytes = std::move(bytes), last] { connection->Queue(bytes, last); });
  }

  const std::shared_ptr<Connection> connection_;
  const bool head_only_, chunks_, keep_alive_;
  bool begun_ = false, ended_ = false;
  std::atomic<bool> gone_{false};
};

Connection::Connection(std::unique_ptr<ClientStream> stream, std::string peer, Shared& shared)
    : stream_(std::move(stream)), peer_(std::move(peer)), shared_(shared) {}

Connection::~Connection() {
  ReleaseBody();
  shared_.registry.Remove(*this);
}

void Connection::Start() {
  shared_.registry.Add(shared_from_this());
  asio::post(stream_->get_executor(), [self = shared_from_this()] {
    self->AwaitRequest();
    self->stream_->Open([self](Error error) { self->OnOpen(error); });
  });
}

void Connection::CloseWhenIdle() {
  asio::post(stream_->get_executor(), [self = shared_from_this()] {
    self->close_when_idle_ = true;
    if (self->reading_head_) self->Shut();
  });
}

void Connection::Close() {
  asio::post(stream_->get_executor(), [self = shared_from_this()] { self->Shut(); });
}

// The deadline is that of all reads until the request's head is there.
void Connection::AwaitRequest() {
  parser_.emplace();
  parser_->header_limit(shared_.settings.max_header_bytes);
  parser_->body_limit(shared_.settings.max_body_bytes);
  reading_head_ = true;
  shared_.registry.SetIdle(*this, true);
  stream_->transport().expires_after(shared_.settings.read_timeout);
}

void Connection::OnOpen(Error error) {
  if (closed_) return;
  if (!error) return ReadHead();
  if (!stream_->client_spoke_http()) return Shut();
  reading_head_ = false;
  shared_.registry.SetIdle(*this, false);
  Refuse(shared_.handler.on_error(400, "this port speaks HTTPS; ask for https://"));
}

void Connection::ReadHead() {
  http::async_read_header(*stream_, buffer_, *parser_,
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
    return Refuse(shared_.handler.on_error(503, "too many requests are being read; try again soon"));
  }
  beast::iequals(parser_->get()[http::field::expect], "100-continue") ? SayContinue() : ReadBody();
}

void Connection::SayContinue() {
  writing_ = "HTTP/1.1 100 Continue\r\n\r\n";
  stream_->transport().expires_after(shared_.settings.write_timeout);
  asio::async_write(*stream_, asio::buffer(writing_), [self = shared_from_this()](Error error, size_t) {
    self->writing_.clear();
    error ? self->Shut() : self->ReadBody();
  });
}

void Connection::ReadBody() {
  if (parser_->is_done()) return OnBody({});
  stream_->transport().expires_after(shared_.settings.read_timeout);
  http::async_read(*stream_, buffer_, *parser_,
                   [self = shared_from_this()](Error error, size_t) { self->OnBody(error); });
}

void Connection::OnBody(Error error) {
  if (closed_) return;
  if (error) return RefuseMalformed(error);
  Dispatch();
}

void Connection::Dispatch() {
  stream_->transport().expires_never();
  HttpRequest request = Head();
  request.body = std::move(parser_->get().body());
  const bool http_1_1 = parser_->get().version() >= 11;
  if (close_when_idle_) keep_alive_ = false;
  if (!http_1_1) keep_alive_ = false;
  const auto exchange = std::make_shared<Exchange>(shared_from_this(), request.method == "HEAD", http_1_1, keep_alive_);
  exchange_ = exchange;
  busy_ = true;
  reply_ended_ = false;
  ReadAhead();
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

// While a request is in hand, a little of what comes is read, for the end of the connection shows by reading alone. An
// end behind a next request shows when that is read.
void Connection::ReadAhead() {
  reading_ahead_ = true;
  stream_->async_read_some(buffer_.prepare(kReadAheadBytes),
                           [self = shared_from_this()](Error error, size_t bytes) { self->OnReadAhead(error, bytes); });
}

void Connection::OnReadAhead(Error error, size_t bytes) {
  reading_ahead_ = false;
  buffer_.commit(bytes);
  if (closed_) return;
  const auto step = std::exchange(after_read_ahead_, nullptr);
  if (error && !(step != nullptr && error == asio::error::operation_aborted)) return Shut();
  if (step != nullptr) (this->*step)();
}

void Connection::AfterReadAhead(void (Connection::*step)()) {
  if (!reading_ahead_) return (this->*step)();
  after_read_ahead_ = step;
  stream_->transport().cancel();
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
  stream_->transport().expires_after(shared_.settings.write_timeout);
  asio::async_write(*stream_, asio::buffer(writing_), [self = shared_from_this()](Error error, size_t) {
    if (self->closed_) return;
    if (error) return self->Shut();
    self->unsent_bytes_ -= self->writing_.size();
    self->stream_->transport().expires_never();
    self->WriteQueued();
  });
}

void Connection::FinishReply() {
  busy_ = false;
  exchange_.reset();
  AfterReadAhead(keep_alive_ && !close_when_idle_ ? &Connection::NextRequest : &Connection::CloseGently);
}

void Connection::NextRequest() {
  AwaitRequest();
  ReadHead();
}

// What the client still sends is read for a moment: a socket closed over unread bytes may take the reply with it.
void Connection::CloseGently() {
  stream_->transport().expires_after(kDiscardTime);
  stream_->End([self = shared_from_this()] {
    if (!self->closed_) self->Discard();
  });
}

void Connection::Discard() {
  buffer_.clear();
  stream_->transport().async_read_some(buffer_.prepare(size_t{64} << 10),
                                       [self = shared_from_this()](Error error, size_t) {
                                         if (self->closed_) return;
                                         error ? self->Shut() : self->Discard();
                                       });
}

void Connection::Shut() {
  if (closed_) return;
  closed_ = true;
  busy_ = false;
  if (const auto exchange = exchange_.lock()) exchange->SetGone();
  stream_->transport().close();
}

}  // namespace sterna::server
