// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include "base/log.h"
#include "base/status_macros.h"
#include "server/api.h"
#include "server/http_server.h"

namespace sterna::server {

Status Serve(engine::Engine& engine, const text::ChatTemplate* chat_template, const TransportSettings& transport,
             const ApiSettings& settings, const std::function<void(const std::string& address)>& on_listening) {
  Api api(engine, chat_template, settings);
  STERNA_RETURN_IF_ERROR(api.LoadKeys());
  STERNA_RETURN_IF_ERROR(api.OpenAccessLog());
  HttpHandler handler;
  handler.on_head = [&api](const HttpRequest& head) { return api.Look(head); };
  handler.on_request = [&api](const HttpRequest& request, const std::shared_ptr<Responder>& responder) {
    api.Answer(request, responder);
  };
  handler.on_error = [&api](int status, const std::string& message) { return api.Malformed(status, message); };
  STERNA_ASSIGN_OR_RETURN(const auto http, HttpServer::Listen(transport, std::move(handler)));
  api.SetConnections([&http] { return http->connections(); });
  on_listening(http->address());
  const auto reload = [&api] {
    const Status status = api.LoadKeys();
    Log(status.ok() ? LogLevel::kInfo : LogLevel::kError, "server",
        status.ok() ? "the API keys were read again" : "the old API keys stay: " + status.message());
    if (const Status log = api.OpenAccessLog(); !log.ok()) Log(LogLevel::kError, "server", log.message());
  };
  Status status = http->Run([&api] { api.StartDraining(); }, reload);
  http->CloseAll();   // what is left of a run that was cut short ends within a step
  api.WaitForNone();  // the engine's callbacks hold connections
  return status;
}

}  // namespace sterna::server
