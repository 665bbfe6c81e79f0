// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sterna/status.h"

namespace sterna::download {

// An http or https address, taken apart as far as redirects need it.
struct Address {
  std::string url;
  std::string scheme;  // "http" or "https"
  std::string origin;  // scheme, host and port: whom a token is for

  // InvalidArgument when it is no such address or holds a user's name.
  static Result<Address> Parse(const std::string& url);
  // Where `location` leads from here. Corrupt for other protocols and for the step from https to http.
  Result<Address> Follow(const std::string& location) const;
};

}  // namespace sterna::download
