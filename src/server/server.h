// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "engine/engine.h"
#include "server/settings.h"
#include "sterna/status.h"
#include "text/chat_template.h"

namespace sterna::server {

// Serves a loaded model (without chats where `chat_template` is nullptr) until SIGTERM or SIGINT came and the requests
// accepted by then are answered. `on_listening` is told the address. Errors before that: NotFound or InvalidArgument
// for keys and addresses, Unavailable for a port in use. Cancelled when a second signal cut the last answers short.
Status Serve(engine::Engine& engine, const text::ChatTemplate* chat_template, const TransportSettings& transport,
             const ApiSettings& settings, const std::function<void(const std::string& address)>& on_listening);

}  // namespace sterna::server
