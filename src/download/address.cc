// SPDX-License-Identifier: Apache-2.0
#include "download/address.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "base/status_macros.h"

namespace sterna::download {
namespace {

using Url = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::optional<std::string> Part(const Url& url, CURLUPart part, unsigned int flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK || text == nullptr) return std::nullopt;
  std::string copy(text);
  curl_free(text);
  return copy;
}

// nullopt when it is no http or https address without a user.
std::optional<Address> Describe(const Url& url) {
  Address address;
  const auto whole = Part(url, CURLUPART_URL), scheme = Part(url, CURLUPART_SCHEME), host = Part(url, CURLUPART_HOST),
             port = Part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (!whole || !scheme || !host || !port || (*scheme != "http" && *scheme != "https")) return std::nullopt;
  if (Part(url, CURLUPART_USER) || Part(url, CURLUPART_PASSWORD)) return std::nullopt;
  return Address{*whole, *scheme, fmt::format("{}://{}:{}", *scheme, *host, *port)};
}

}  // namespace

Result<Address> Address::Parse(const std::string& text) {
  const Url url(curl_url(), curl_url_cleanup);
  if (url != nullptr && curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) == CURLUE_OK) {
    if (auto address = Describe(url)) return *std::move(address);
  }
  return Status::InvalidArgument(fmt::format("'{}' is no http or https address; look at HF_ENDPOINT", text));
}

Result<Address> Address::Follow(const std::string& location) const {
  const Url next(curl_url(), curl_url_cleanup);
  std::optional<Address> address;
  if (next != nullptr && curl_url_set(next.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK &&
      curl_url_set(next.get(), CURLUPART_URL, location.c_str(), 0) == CURLUE_OK) {
    address = Describe(next);
  }
  if (!address) {
    return Status::Corrupt(fmt::format("{} redirects to '{}', which is no http or https address; use another hub",
                                       origin, location.substr(0, 200)));
  }
  if (scheme == "https" && address->scheme == "http") {
    return Status::Corrupt(
        fmt::format("{} redirects to {} without encryption; use another hub", origin, address->origin));
  }
  return *std::move(address);
}

}  // namespace sterna::download
