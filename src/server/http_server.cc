// SPDX-License-Identifier: Apache-2.0
#include "server/http_server.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include "base/log.h"
#include "base/status_macros.h"
#include "server/connection.h"
#include "server/http_text.h"

namespace sterna::server {

namespace asio = boost::asio;
using Error = boost::system::error_code;
using Tcp = asio::ip::tcp;
using Local = asio::local::stream_protocol;

namespace {

constexpr auto kPauseAfterFailedAccept = std::chrono::milliseconds(100);
constexpr int kSendBufferBytes = 256 << 10;  // in the system; what a client does not read waits behind it
constexpr auto kDrainPoll = std::chrono::milliseconds(10);

// The address without the port, so that it is the same for each connection of a client.
std::string PeerName(int descriptor) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) return "unknown";
  if (address.ss_family == AF_UNIX) return "local";
  char text[NI_MAXHOST] = "unknown";
  getnameinfo(reinterpret_cast<sockaddr*>(&address), length, text, sizeof(text), nullptr, 0, NI_NUMERICHOST);
  return text;
}

// A socket's file that a server left behind, which did not end well; one that still listens stays.
void RemoveStaleSocket(asio::io_context& io, const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return;
  Local::socket probe(io);
  Error error;
  probe.connect(Local::endpoint(path), error);
  if (error) unlink(path.c_str());
}

}  // namespace

struct HttpServer::Impl {
  Impl(const TransportSettings& settings, HttpHandler handler)
      : shared(settings, std::move(handler)), io(int(settings.threads)) {}
  ~Impl() {
    if (shared.settings.unix_socket && local.is_open()) unlink(shared.settings.unix_socket->c_str());
  }

  Status Listen();
  Status LoadTls();
  Status ListenTcp();
  Status ListenLocal(const std::string& path);
  template <class Acceptor>
  void Accept(Acceptor& acceptor);
  void Welcome(ClientStream::Socket socket);
  void WaitForSignal();
  void OnSignal(int signal);
  void ReloadTls();
  void Drain();
  void WaitForLast();

  Connection::Shared shared;
  asio::io_context io;
  // Everything but the connections happens here, one thing at a time.
  const asio::any_io_executor control = asio::make_strand(io);
  Tcp::acceptor tcp{control};
  Local::acceptor local{control};
  asio::signal_set signals{control};
  asio::steady_timer accept_pause{control}, drain_poll{control};
  std::function<void()> on_drain, on_reload;
  TlsContext tls;  // none: connections are plain
  std::string address;
  bool draining = false;
  bool cut_short = false;
};

Status HttpServer::Impl::Listen() {
  STERNA_RETURN_IF_ERROR(LoadTls());
  return shared.settings.unix_socket ? ListenLocal(*shared.settings.unix_socket) : ListenTcp();
}

Status HttpServer::Impl::LoadTls() {
  if (!shared.settings.tls) return {};
  STERNA_ASSIGN_OR_RETURN(tls, LoadTlsContext(*shared.settings.tls));
  return {};
}

Status HttpServer::Impl::ListenTcp() {
  const TransportSettings& settings = shared.settings;
  Error error;
  const auto found = Tcp::resolver(io).resolve(settings.host, std::to_string(settings.port), error);
  if (error || found.empty()) {
    return Status::InvalidArgument(
        fmt::format("--host '{}' is no address of this machine: {}", settings.host, error.message()));
  }
  const Tcp::endpoint endpoint = found.begin()->endpoint();
  tcp.open(endpoint.protocol(), error);
  if (!error) tcp.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) tcp.bind(endpoint, error);
  if (!error) tcp.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return Status::Unavailable(fmt::format("cannot listen on {}:{}: {}; choose another --port", settings.host,
                                           settings.port, error.message()));
  }
  const Tcp::endpoint bound = tcp.local_endpoint(error);
  const std::string host = bound.address().to_string();
  address = (tls ? "https://" : "http://") + (bound.address().is_v6() ? "[" + host + "]" : host) + ":" +
            std::to_string(bound.port());
  return {};
}

Status HttpServer::Impl::ListenLocal(const std::string& path) {
  Error error;
  try {
    const Local::endpoint endpoint(path);
    RemoveStaleSocket(io, path);
    local.open(endpoint.protocol(), error);
    if (!error) local.bind(endpoint, error);
    if (!error) local.listen(asio::socket_base::max_listen_connections, error);
  } catch (const std::exception& too_long) {
    return Status::InvalidArgument(fmt::format("--unix-socket '{}': {}; use a shorter path", path, too_long.what()));
  }
  if (error) {
    local.close();  // it is not ours to remove
    return Status::Unavailable(fmt::format("cannot listen on '{}': {}; choose another path", path, error.message()));
  }
  address = "unix:" + path;
  return {};
}

template <class Acceptor>
void HttpServer::Impl::Accept(Acceptor& acceptor) {
  const auto socket = std::make_shared<ClientStream::Socket>(asio::make_strand(io));
  acceptor.async_accept(*socket, [this, &acceptor, socket](Error error) {
    if (!acceptor.is_open()) return;
    if (!error) {
      Welcome(std::move(*socket));
      return Accept(acceptor);
    }
    // Most likely no descriptor is left: a moment later there may be one.
    Log(LogLevel::kWarn, "server", "a connection could not be accepted: " + error.message());
    accept_pause.expires_after(kPauseAfterFailedAccept);
    accept_pause.async_wait([this, &acceptor](Error) {
      if (acceptor.is_open()) Accept(acceptor);
    });
  });
}

void HttpServer::Impl::Welcome(ClientStream::Socket socket) {
  Error ignored;
  socket.set_option(Tcp::no_delay(true), ignored);  // a token must not wait for the next one
  socket.set_option(asio::socket_base::send_buffer_size(kSendBufferBytes), ignored);
  if (shared.registry.count() >= shared.settings.max_connections && !shared.registry.CloseOldestIdle()) {
    if (tls) return;  // there is no time for keys
    const HttpReply reply = shared.handler.on_error(503, "too many connections; try again soon");
    const std::string bytes = HeadText(reply, Framing::kLength, false) + reply.body;
    socket.non_blocking(true, ignored);
    socket.send(asio::buffer(bytes), 0, ignored);
    return;
  }
  std::string peer = PeerName(socket.native_handle());
  auto stream = tls ? MakeTlsStream(std::move(socket), tls) : std::make_unique<ClientStream>(std::move(socket));
  if (stream) std::make_shared<Connection>(std::move(stream), std::move(peer), shared)->Start();
}

void HttpServer::Impl::WaitForSignal() {
  signals.async_wait([this](Error error, int signal) {
    if (error) return;
    OnSignal(signal);
    WaitForSignal();
  });
}

void HttpServer::Impl::OnSignal(int signal) {
  if (signal == SIGHUP) {
    ReloadTls();
    return on_reload();
  }
  if (!std::exchange(draining, true)) return Drain();
  cut_short = true;
  io.stop();
}

// Connections that are there keep what they began with.
void HttpServer::Impl::ReloadTls() {
  if (!tls) return;
  const Status status = LoadTls();
  Log(status.ok() ? LogLevel::kInfo : LogLevel::kError, "server",
      status.ok() ? "the TLS certificate was read again" : "the old TLS certificate stays: " + status.message());
}

void HttpServer::Impl::Drain() {
  Error ignored;
  tcp.close(ignored);
  if (local.is_open()) {
    local.close(ignored);
    unlink(shared.settings.unix_socket->c_str());
  }
  on_drain();
  WaitForLast();
}

// Connections that were being accepted as the signal came are told to close too, so all are told again and again.
void HttpServer::Impl::WaitForLast() {
  if (shared.registry.count() == 0) return io.stop();
  shared.registry.CloseAllWhenIdle();
  drain_poll.expires_after(kDrainPoll);
  drain_poll.async_wait([this](Error) { WaitForLast(); });
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::Listen(const TransportSettings& settings, HttpHandler handler) {
  auto impl = std::make_unique<Impl>(settings, std::move(handler));
  if (Status status = impl->Listen(); !status.ok()) return status;
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

std::string HttpServer::address() const { return impl_->address; }

uint32_t HttpServer::connections() const { return impl_->shared.registry.count(); }

void HttpServer::CloseAll() {
  impl_->shared.registry.CloseAll();
  impl_->io.restart();
  impl_->io.poll();
}

Status HttpServer::Run(std::function<void()> on_drain, std::function<void()> on_reload) {
  Impl& impl = *impl_;
  impl.on_drain = std::move(on_drain);
  impl.on_reload = std::move(on_reload);
  Error error;
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) impl.signals.add(signal, error);
  impl.WaitForSignal();
  if (impl.tcp.is_open()) impl.Accept(impl.tcp);
  if (impl.local.is_open()) impl.Accept(impl.local);
  std::vector<std::thread> threads;
  try {
    for (uint32_t i = 1; i < impl.shared.settings.threads; ++i) threads.emplace_back([&impl] { impl.io.run(); });
  } catch (const std::system_error& no_thread) {
    Log(LogLevel::kWarn, "server", fmt::format("fewer threads than asked for: {}", no_thread.what()));
  }
  impl.io.run();
  for (std::thread& thread : threads) thread.join();
  if (!impl.cut_short) return {};
  return Status::Cancelled("interrupted");
}

}  // namespace sterna::server
