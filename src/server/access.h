// SPDX-License-Identifier: Apache-2.0
//
// Who may ask from where: keys, and the web pages of other sites. Pure functions of a request's head.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http_types.h"

namespace sterna::server {

// The key that a request brings: `Authorization: Bearer KEY`, or `X-Api-Key: KEY`. Empty when it brings none.
std::string_view KeyOf(const HttpRequest& head);

// A browser says in Origin which page asks. No Origin: no browser, or a page of the server itself. Allowed are the
// origins listed ("*" allows all), and pages that the server sent by a name that no foreign site can point at it.
bool OriginAllowed(const HttpRequest& head, const std::vector<std::string>& allowed);

// What tells a browser that the page may read the reply; empty without an Origin.
std::vector<std::pair<std::string, std::string>> CorsHeaders(const HttpRequest& head,
                                                             const std::vector<std::string>& allowed);

// A client's X-Request-Id where it is one (1 to 64 letters, digits, dots, dashes, underscores), else a random one.
std::string RequestIdOf(const HttpRequest& head);

}  // namespace sterna::server
