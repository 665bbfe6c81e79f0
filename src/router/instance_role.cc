// SPDX-License-Identifier: Apache-2.0
#include "router/instance_role.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <system_error>

#include "platform/child_process.h"
#include "platform/worker_binding.h"
#include "router/core_split.h"

namespace sterna::router {
namespace {

// Takes a number and the sign behind it off the text. False when there are none.
template <class T>
bool TakeNumber(std::string_view& text, char sign, T* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  if (error != std::errc() || end == text.data() + text.size() || *end != sign) return false;
  text.remove_prefix(size_t(end - text.data()) + 1);
  return true;
}

}  // namespace

std::string InstanceRole::ToText() const { return fmt::format("{}/{},{},{}", index, count, parent, socket); }

Result<InstanceRole> InstanceRole::FromText(std::string_view text) {
  InstanceRole role;
  std::string_view rest = text;
  const bool read = TakeNumber(rest, '/', &role.index) && TakeNumber(rest, ',', &role.count) &&
                    TakeNumber(rest, ',', &role.parent) && !rest.empty();
  if (!read || role.index >= role.count) {
    return Status::InvalidArgument(fmt::format("'{}' is no role of an instance; use --instances", text.substr(0, 64)));
  }
  role.socket = std::string(rest);
  return role;
}

Status TakeRole(const InstanceRole& role) {
  if (!platform::EndWithParent(role.parent)) return Status::Cancelled("the process that routes is gone");
  return platform::BindThisThread(SplitCpus(platform::ReadCpuPlaces(), role.count)[role.index]);
}

server::TransportSettings InstanceTransport(const server::TransportSettings& router, const InstanceRole& role) {
  server::TransportSettings transport;
  transport.unix_socket = role.socket;
  transport.behind_router = true;
  transport.max_connections = 2 * router.max_connections;    // questions to all instances are connections too
  transport.max_header_bytes = 2 * router.max_header_bytes;  // what the router adds
  transport.max_body_bytes = router.max_body_bytes;
  transport.max_bodies_bytes = router.max_bodies_bytes;
  transport.read_timeout = router.read_timeout;
  return transport;
}

void TellReady() { platform::TellParent(); }

void LeaveRole(const InstanceRole& role) {
  std::error_code ignored;  // others are still there
  std::filesystem::remove(std::filesystem::path(role.socket).parent_path(), ignored);
}

}  // namespace sterna::router
