// SPDX-License-Identifier: Apache-2.0
//
// The bytes of one client. This header holds Boost's, as connection.h does.
#pragma once

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>

#include "server/tls_context.h"

namespace sterna::server {

// A socket with deadlines, over TCP or a Unix socket: the bytes go as they are, or as a derived class has them. An
// asynchronous stream as Asio and Beast know them: one read and one write at a time, all on the socket's strand.
// Whoever waits for a call back keeps the stream alive until then.
class ClientStream {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using Transport = boost::beast::basic_stream<boost::asio::generic::stream_protocol>;
  using executor_type = Transport::executor_type;
  using Error = boost::system::error_code;
  using Done = std::function<void(Error, size_t bytes)>;

  explicit ClientStream(Socket socket) : transport_(std::move(socket)) {}
  virtual ~ClientStream() = default;
  ClientStream(const ClientStream&) = delete;
  ClientStream& operator=(const ClientStream&) = delete;

  executor_type get_executor() { return transport_.get_executor(); }
  // For deadlines, cancelling and closing, and to read bytes that nobody wants to understand.
  Transport& transport() { return transport_; }

  // Comes first: agrees with the client on how bytes are hidden.
  virtual void Open(const std::function<void(Error)>& done) { done({}); }
  // Open failed because the client spoke HTTP and nothing else; what follows goes as it is.
  virtual bool client_spoke_http() const { return false; }
  // Comes last, with no read or write in hand: tells the client that it has everything.
  virtual void End(const std::function<void()>& done);

  // As Asio and Beast call them: with a handler, and no other completion token.
  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    Read(*boost::asio::buffer_sequence_begin(buffers), Shared(std::forward<Handler>(handler)));
  }
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    Write(*boost::asio::buffer_sequence_begin(buffers), Shared(std::forward<Handler>(handler)));
  }

 protected:
  virtual void Read(boost::asio::mutable_buffer into, Done done) { transport_.async_read_some(into, std::move(done)); }
  virtual void Write(boost::asio::const_buffer from, Done done) { transport_.async_write_some(from, std::move(done)); }

 private:
  // Handlers of composed operations can only be moved; std::function wants copies.
  template <class Handler>
  static Done Shared(Handler&& handler) {
    const auto kept = std::make_shared<std::decay_t<Handler>>(std::forward<Handler>(handler));
    return [kept](Error error, size_t bytes) { (*kept)(error, bytes); };
  }

  Transport transport_;
};

inline void ClientStream::End(const std::function<void()>& done) {
  Error ignored;
  transport_.socket().shutdown(boost::asio::socket_base::shutdown_send, ignored);
  done();
}

// Through TLS, with what `context` holds now. nullptr when memory is short.
std::unique_ptr<ClientStream> MakeTlsStream(ClientStream::Socket socket, const TlsContext& context);

}  // namespace sterna::server
