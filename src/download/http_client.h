// SPDX-License-Identifier: Apache-2.0
//
// One GET with its redirects, over libcurl: http and https alone, at most eight hops, never from https to http. The
// token goes to the host of the first address and to no other. Proxies are libcurl's (http_proxy, https_proxy,
// no_proxy).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "download/settings.h"
#include "sterna/status.h"

namespace sterna::download {

// Status line and headers of an answer. Names are in lower case; of a name that comes twice the last counts.
struct ResponseHead {
  int status = 0;
  std::map<std::string, std::string> headers;

  std::string Header(const std::string& name) const;  // empty when there is none
};

struct HttpRequest {
  std::string url;
  std::string bearer;        // empty: none
  uint64_t range_start = 0;  // 0: the whole
  std::string if_range;      // an ETag; empty: none
  // The head of the last answer when it is 2xx, before its body, with what redirects on the way said of the file
  // ("x-linked-...") added. A bad Status ends the request with it.
  std::function<Status(const ResponseHead&)> on_head;
  std::function<Status(std::span<const std::byte>)> on_body;
  std::function<bool()> should_stop;
};

struct HttpOutcome {
  Status status;
  bool may_retry = false;    // the same request may go well later
  uint32_t retry_after = 0;  // seconds that the server asks for; 0: it does not
  int http_status = 0;       // of the last answer; 0: none came
};

class HttpClient {
 public:
  static Result<HttpClient> Create(const Settings& settings);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  HttpOutcome Get(const HttpRequest& request);

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sterna::download
