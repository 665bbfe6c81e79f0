// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "server/settings.h"
#include "sterna/status.h"

namespace sterna::router {

inline constexpr uint32_t kMaxInstances = 256;

// What one of several processes that serve together is told by the one that started it.
struct InstanceRole {
  uint32_t index = 0, count = 1;
  pid_t parent = 0;
  std::string socket;  // where it listens

  // "1/4,12345,/tmp/sterna-x/1", and back. InvalidArgument for any other text.
  std::string ToText() const;
  static Result<InstanceRole> FromText(std::string_view text);
};

// An instance before it loads its model: ends with its parent, keeps to its CPUs.
Status TakeRole(const InstanceRole& role);
// Where an instance listens: for the router alone, which has the clients' limits.
server::TransportSettings InstanceTransport(const server::TransportSettings& router, const InstanceRole& role);
// And after: it listens.
void TellReady();
// After it closed its socket: the last instance takes the folder away.
void LeaveRole(const InstanceRole& role);

}  // namespace sterna::router
