// SPDX-License-Identifier: Apache-2.0
#include "server/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <random>

namespace sterna::server {
namespace {

constexpr size_t kMaxRequestIdBytes = 64;

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return char(std::tolower(static_cast<unsigned char>(c))); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

// Names that DNS has no say in: localhost, and addresses.
bool IsFixedName(std::string_view host) {
  if (host.starts_with('[')) return true;
  host = host.substr(0, host.find(':'));
  if (EqualIgnoringCase(host, "localhost")) return true;
  return !host.empty() && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool Listed(std::string_view origin, const std::vector<std::string>& allowed) {
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const std::string& one) { return one == "*" || EqualIgnoringCase(one, origin); });
}

}  // namespace

std::string_view KeyOf(const HttpRequest& head) {
  constexpr std::string_view kBearer = "bearer ";
  std::string_view value = head.authorization;
  if (!EqualIgnoringCase(value.substr(0, kBearer.size()), kBearer)) return head.api_key;
  value.remove_prefix(kBearer.size());
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  return value;
}

bool OriginAllowed(const HttpRequest& head, const std::vector<std::string>& allowed) {
  if (head.origin.empty() || Listed(head.origin, allowed)) return true;
  const std::string_view origin = head.origin;
  const size_t scheme = origin.find("://");
  return scheme != std::string_view::npos && EqualIgnoringCase(origin.substr(scheme + 3), head.host) &&
         IsFixedName(head.host);
}

std::vector<std::pair<std::string, std::string>> CorsHeaders(const HttpRequest& head,
                                                             const std::vector<std::string>& allowed) {
  if (head.origin.empty() || !Listed(head.origin, allowed)) return {};
  return {{"Access-Control-Allow-Origin", head.origin},
          {"Access-Control-Allow-Methods", "GET, POST, OPTIONS"},
          {"Access-Control-Allow-Headers", "Authorization, Content-Type, X-Api-Key, X-Request-Id"},
          {"Access-Control-Expose-Headers", "X-Request-Id"},
          {"Access-Control-Max-Age", "600"},
          {"Vary", "Origin"}};
}

std::string RequestIdOf(const HttpRequest& head) {
  const std::string& id = head.request_id;
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_';
  };
  if (!id.empty() && id.size() <= kMaxRequestIdBytes && std::all_of(id.begin(), id.end(), plain)) return id;
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}", random(), random(), random());
}

}  // namespace sterna::server
