// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "router/instance_role.h"
#include "server/settings.h"
#include "sterna/status.h"

namespace sterna::router {

struct InstancesSettings {
  uint32_t count = 2;
  std::function<std::vector<std::string>(const InstanceRole& role)> words;  // of an instance's command line
};

// Starts so many processes of this program and serves through them until SIGTERM or SIGINT came and the requests
// accepted by then are answered. `on_listening` is told the address once all are ready. An exit code: an instance could
// not start, and has said why on stderr. Errors are those of server::Serve.
Result<std::optional<int>> ServeInstances(const InstancesSettings& instances,
                                          const server::TransportSettings& transport, const server::ApiSettings& api,
                                          const std::function<void(const std::string& address)>& on_listening);

}  // namespace sterna::router
