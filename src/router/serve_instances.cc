// SPDX-License-Identifier: Apache-2.0
#include "router/serve_instances.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <utility>

#include "base/log.h"
#include "base/status_macros.h"
#include "platform/environment.h"
#include "router/router.h"
#include "router/supervisor.h"
#include "router/upstream.h"
#include "server/http_server.h"

namespace sterna::router {
namespace {

constexpr char kThisProgram[] = "/proc/self/exe";  // also after its file was replaced

// SIGTERM and SIGINT wait while it stands, so that what is begun can be ended in order.
class HeldSignals {
 public:
  HeldSignals() {
    sigemptyset(&held_);
    sigaddset(&held_, SIGTERM);
    sigaddset(&held_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &held_, &before_);
  }
  ~HeldSignals() { Release(); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  void Release() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  static bool Pending() {
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
  }

 private:
  sigset_t held_{}, before_{};
};

// A folder for the instances' sockets that nobody else may enter.
class SocketFolder {
 public:
  static Result<std::unique_ptr<SocketFolder>> Make() {
    const auto variable = platform::GetEnvironment("TMPDIR");
    std::string path = (variable && !variable->empty() ? *variable : "/tmp") + "/sterna-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) {
      return Status::Unavailable(fmt::format(
          "the folder '{}' for sockets cannot be made: {}; set TMPDIR to another place", path, std::strerror(errno)));
    }
    return std::unique_ptr<SocketFolder>(new SocketFolder(std::move(path)));
  }
  ~SocketFolder() {
    for (const std::string& socket : sockets_) unlink(socket.c_str());
    rmdir(path_.c_str());
  }
  SocketFolder(const SocketFolder&) = delete;
  SocketFolder& operator=(const SocketFolder&) = delete;

  std::vector<std::string> Sockets(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) sockets_.push_back(fmt::format("{}/{}", path_, i));
    return sockets_;
  }

 private:
  explicit SocketFolder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
  std::vector<std::string> sockets_;
};

server::HttpHandler HandlerOf(Router& router) {
  server::HttpHandler handler;
  handler.on_head = [&router](const server::HttpRequest& head) { return router.Look(head); };
  handler.on_request = [&router](const server::HttpRequest& request,
                                 const std::shared_ptr<server::Responder>& responder) {
    router.Answer(request, responder);
  };
  handler.on_error = [&router](int status, const std::string& message) { return router.Malformed(status, message); };
  return handler;
}

Supervisor::Settings SupervisorSettings(const InstancesSettings& instances, const std::vector<std::string>& sockets,
                                        Router& router) {
  Supervisor::Settings settings;
  settings.count = instances.count;
  settings.executable = kThisProgram;
  settings.words = [&instances, sockets, parent = getpid()](uint32_t i) {
    return instances.words({.index = i, .count = instances.count, .parent = parent, .socket = sockets[i]});
  };
  settings.on_up = [&router](uint32_t i) { router.SetUp(i, true); };
  settings.on_down = [&router](uint32_t i) { router.SetUp(i, false); };
  return settings;
}

void Reload(Router& router, Supervisor& supervisor) {
  if (const Status keys = router.LoadKeys(); !keys.ok()) {
    Log(LogLevel::kError, "router", "the old API keys stay: " + keys.message());
  }
  if (const Status log = router.OpenAccessLog(); !log.ok()) Log(LogLevel::kError, "router", log.message());
  supervisor.Signal(SIGHUP);
}

}  // namespace

Result<std::optional<int>> ServeInstances(const InstancesSettings& instances,
                                          const server::TransportSettings& transport, const server::ApiSettings& api,
                                          const std::function<void(const std::string& address)>& on_listening) {
  HeldSignals signals;
  STERNA_ASSIGN_OR_RETURN(const auto folder, SocketFolder::Make());
  const std::vector<std::string> sockets = folder->Sockets(instances.count);
  STERNA_ASSIGN_OR_RETURN(auto upstream, Upstream::Start());
  Router router(api, sockets, transport.max_bodies_bytes, *upstream);
  STERNA_RETURN_IF_ERROR(router.LoadKeys());
  STERNA_RETURN_IF_ERROR(router.OpenAccessLog());
  STERNA_ASSIGN_OR_RETURN(const auto http, server::HttpServer::Listen(transport, HandlerOf(router)));
  router.SetConnections([&http] { return http->connections(); });
  Supervisor supervisor(SupervisorSettings(instances, sockets, router));
  router.SetStates([&supervisor] { return supervisor.States(); });
  STERNA_ASSIGN_OR_RETURN(const std::optional<int> exit_code, supervisor.Start(HeldSignals::Pending));
  if (exit_code) return exit_code;
  on_listening(http->address());
  signals.Release();
  Status status = http->Run([&router] { router.StartDraining(); }, [&] { Reload(router, supervisor); });
  http->CloseAll();
  upstream.reset();  // replies that nobody waits for are dropped while their connections are still there
  supervisor.Stop();
  if (!status.ok()) return status;
  return std::optional<int>();
}

}  // namespace sterna::router
