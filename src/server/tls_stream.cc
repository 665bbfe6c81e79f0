// SPDX-License-Identifier: Apache-2.0
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <exception>
#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "server/client_stream.h"

namespace sterna::server {

namespace ssl = boost::asio::ssl;

namespace {

class TlsStream : public ClientStream {
 public:
  TlsStream(Socket socket, ssl::context& context) : ClientStream(std::move(socket)), tls_(transport(), context) {}

  void Open(const std::function<void(Error)>& done) override {
    tls_.async_handshake(ssl::stream_base::server, [this, done](Error error) {
      plain_ = error.category() == boost::asio::error::get_ssl_category() &&
               ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_HTTP_REQUEST;
      done(error);
    });
  }
  bool client_spoke_http() const override { return plain_; }
  // The end is told in TLS too, so that the client knows that nobody cut the reply. It answers with its own, or
  // something else, or leaves: all the same.
  void End(const std::function<void()>& done) override {
    if (plain_) return ClientStream::End(done);
    tls_.async_shutdown([this, done](Error) { ClientStream::End(done); });
  }

 protected:
  void Read(boost::asio::mutable_buffer into, Done done) override {
    if (plain_) return ClientStream::Read(into, std::move(done));
    tls_.async_read_some(into, std::move(done));
  }
  void Write(boost::asio::const_buffer from, Done done) override {
    if (plain_) return ClientStream::Write(from, std::move(done));
    tls_.async_write_some(from, std::move(done));
  }

 private:
  ssl::stream<Transport&> tls_;
  bool plain_ = false;
};

}  // namespace

std::unique_ptr<ClientStream> MakeTlsStream(ClientStream::Socket socket, const TlsContext& context) {
  SSL_CTX_up_ref(context.get());  // Asio's context gives one back
  try {
    ssl::context lent(context.get());
    return std::make_unique<TlsStream>(std::move(socket), lent);
  } catch (const std::exception&) {
    return nullptr;
  }
}

}  // namespace sterna::server
