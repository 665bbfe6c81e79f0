// SPDX-License-Identifier: Apache-2.0
#include "router/upstream.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <limits>
#include <list>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

namespace sterna::router {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Local = asio::local::stream_protocol;
using Error = boost::system::error_code;

constexpr auto kSweep = std::chrono::milliseconds(20);  // how soon a client that left is noticed
constexpr size_t kPieceBytes = size_t{8} << 10;         // there may be a thousand of them

std::string Text(beast::string_view text) { return std::string(text.data(), text.size()); }

// Headers that the transport writes itself.
bool IsOfTransport(http::field name) {
  switch (name) {
    case http::field::connection:
    case http::field::content_length:
    case http::field::content_type:
    case http::field::date:
    case http::field::transfer_encoding: return true;
    default: return false;
  }
}

}  // namespace

// One request and its reply.
class Upstream::Question : public std::enable_shared_from_this<Question> {
 public:
  Question(asio::io_context& io, std::shared_ptr<const std::string> request, std::shared_ptr<ReplyReader> reader)
      : socket_(io), request_(std::move(request)), reader_(std::move(reader)) {
    // Instances are ours. Boost 1.74 takes no limit at all for one of nothing.
    parser_.body_limit(std::numeric_limits<uint64_t>::max());
  }

  void Begin(const std::string& path) {
    socket_.async_connect(Local::endpoint(path),
                          [self = shared_from_this()](Error error) { error ? self->Break() : self->Send(); });
  }
  // False when it is over.
  bool Sweep() {
    if (!over_ && !reader_->Wanted()) Break();
    return !over_;
  }

 private:
  void Send() {
    // An instance may reply before it has read everything, and close: what it said counts.
    asio::async_write(socket_, asio::buffer(*request_),
                      [self = shared_from_this()](Error, size_t) { self->request_.reset(); });
    http::async_read_header(socket_, buffer_, parser_, [self = shared_from_this()](Error error, size_t) {
      error ? self->Break() : self->OnHead();
    });
  }

  void OnHead() {
    if (over_) return;
    const auto& head = parser_.get();
    reply_.status = int(head.result_int());
    reply_.content_type = Text(head[http::field::content_type]);
    for (const auto& field : head) {
      if (!IsOfTransport(field.name())) reply_.headers.emplace_back(Text(field.name_string()), Text(field.value()));
    }
    in_pieces_ = parser_.chunked();
    if (in_pieces_) reader_->OnBegin(reply_);
    ReadSome();
  }

  void ReadSome() {
    if (parser_.is_done()) return Finish();
    parser_.get().body().data = piece_.data();
    parser_.get().body().size = piece_.size();
    http::async_read_some(socket_, buffer_, parser_, [self = shared_from_this()](Error error, size_t) {
      if (error && error != http::error::need_buffer) return self->Break();
      self->OnPiece();
    });
  }

  void OnPiece() {
    if (over_) return;
    const size_t count = piece_.size() - parser_.get().body().size;
    if (in_pieces_ && count > 0) {
      reader_->OnBytes(std::string(piece_.data(), count));
    } else {
      reply_.body.append(piece_.data(), count);
    }
    ReadSome();
  }

  void Finish() {
    over_ = true;
    in_pieces_ ? reader_->OnEnd() : reader_->OnReply(std::move(reply_));
    Close();
  }

  void Break() {
    if (std::exchange(over_, true)) return;
    reader_->OnBroken();
    Close();
  }

  void Close() {
    Error ignored;
    socket_.close(ignored);
    reader_.reset();
  }

  Local::socket socket_;
  std::shared_ptr<const std::string> request_;
  std::shared_ptr<ReplyReader> reader_;
  beast::flat_buffer buffer_;
  http::response_parser<http::buffer_body> parser_;
  std::array<char, kPieceBytes> piece_{};
  server::HttpReply reply_;
  bool in_pieces_ = false;
  bool over_ = false;
};

struct Upstream::Impl {
  void Add(const std::shared_ptr<Question>& question) {
    questions.push_back(question);
    if (questions.size() == 1) WaitToSweep();
  }

  void WaitToSweep() {
    timer.expires_after(kSweep);
    timer.async_wait([this](Error error) {
      if (error) return;
      questions.remove_if([](const std::shared_ptr<Question>& question) { return !question->Sweep(); });
      if (!questions.empty()) WaitToSweep();
    });
  }

  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(io);
  asio::steady_timer timer{io};
  std::list<std::shared_ptr<Question>> questions;  // on the thread alone
  std::thread thread;
};

Upstream::Upstream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Upstream>> Upstream::Start() {
  auto impl = std::make_unique<Impl>();
  try {
    impl->thread = std::thread([&io = impl->io] { io.run(); });
  } catch (const std::system_error&) {
    return Status::ResourceExhausted("no thread for connections to instances; raise the limit of processes");
  }
  return std::unique_ptr<Upstream>(new Upstream(std::move(impl)));
}

Upstream::~Upstream() {
  impl_->io.stop();
  impl_->thread.join();
}

void Upstream::Ask(const std::string& socket, std::shared_ptr<const std::string> request,
                   std::shared_ptr<ReplyReader> reader) {
  asio::post(impl_->io,
             [impl = impl_.get(), socket, request = std::move(request), reader = std::move(reader)]() mutable {
               const auto question = std::make_shared<Question>(impl->io, std::move(request), std::move(reader));
               impl->Add(question);
               question->Begin(socket);
             });
}

std::string RequestText(const server::HttpRequest& request) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nConnection: close\r\n",
                                 request.method == "HEAD" ? "GET" : request.method, request.path);
  const std::pair<std::string_view, const std::string&> headers[] = {{"Authorization", request.authorization},
                                                                     {"X-Api-Key", request.api_key},
                                                                     {"Content-Type", request.content_type},
                                                                     {"Host", request.host},
                                                                     {"Origin", request.origin},
                                                                     {"X-Request-Id", request.request_id},
                                                                     {"traceparent", request.traceparent},
                                                                     {"If-None-Match", request.if_none_match},
                                                                     {"X-Forwarded-For", request.peer}};
  for (const auto& [name, value] : headers) {
    if (!value.empty()) text += fmt::format("{}: {}\r\n", name, value);
  }
  return text + fmt::format("Content-Length: {}\r\n\r\n{}", request.body.size(), request.body);
}

}  // namespace sterna::router
