// SPDX-License-Identifier: Apache-2.0
#include "download/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/status_macros.h"
#include "download/address.h"

namespace sterna::download {
namespace {

constexpr int kMaxRedirects = 8;
constexpr size_t kMaxHeaders = 200;
constexpr size_t kMaxHeaderBytes = size_t{1} << 14;
constexpr size_t kMaxHeadBytes = size_t{1} << 20;     // of a hop
constexpr size_t kMaxIgnoredBytes = size_t{1} << 16;  // of the body of an error or redirect

using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

// What one hop collects; libcurl's callbacks get a pointer to it.
struct Hop {
  const HttpRequest& request;
  const ResponseHead& before;  // what redirects said
  CURL* easy;
  ResponseHead head;
  Status status;  // of a callback
  size_t head_bytes = 0;
  size_t ignored_bytes = 0;
  bool stopped = false;
  bool head_told = false;

  bool Redirects() const { return head.status >= 300 && head.status < 400 && !head.Header("location").empty(); }
  bool Good() const { return head.status >= 200 && head.status < 300; }

  // Tells the caller the head, once.
  Status TellHead() {
    if (head_told) return {};
    head_told = true;
    ResponseHead told = head;
    for (const auto& [name, value] : before.headers) {
      if (name.starts_with("x-linked-")) told.headers[name] = value;
    }
    return request.on_head ? request.on_head(told) : Status();
  }
};

std::string Trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

size_t OnHeader(char* data, size_t, size_t bytes, void* user) {
  Hop& hop = *static_cast<Hop*>(user);
  const std::string_view line(data, bytes);
  hop.head_bytes += bytes;
  if (line.starts_with("HTTP/")) {  // a new answer: what came before was an interim one
    long code = 0;
    curl_easy_getinfo(hop.easy, CURLINFO_RESPONSE_CODE, &code);
    hop.head = {static_cast<int>(code), {}};
    return bytes;
  }
  const size_t colon = line.find(':');
  if (colon == line.npos) return bytes;
  if (bytes > kMaxHeaderBytes || hop.head_bytes > kMaxHeadBytes || hop.head.headers.size() >= kMaxHeaders) {
    hop.status = Status::Corrupt("the server sends headers without end; use another hub");
    return 0;
  }
  std::string name(line.substr(0, colon));
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? char(c + 32) : c;
  hop.head.headers[name] = Trimmed(line.substr(colon + 1));
  return bytes;
}

size_t OnBody(char* data, size_t, size_t bytes, void* user) {
  Hop& hop = *static_cast<Hop*>(user);
  if (!hop.Good()) {
    hop.ignored_bytes += bytes;
    return hop.ignored_bytes <= kMaxIgnoredBytes ? bytes : 0;
  }
  hop.status = hop.TellHead();
  if (hop.status.ok()) hop.status = hop.request.on_body(std::as_bytes(std::span(data, bytes)));
  return hop.status.ok() ? bytes : 0;
}

int OnProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  Hop& hop = *static_cast<Hop*>(user);
  hop.stopped = hop.request.should_stop && hop.request.should_stop();
  return hop.stopped ? 1 : 0;
}

bool MayPass(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_SSL_CONNECT_ERROR: return true;
    default: return false;
  }
}

Status Refusal(const Address& address, int code, bool with_token) {
  const std::string what = fmt::format("{} answers {}", address.origin, code);
  if (code == 401 || code == 403) {
    const char* how = with_token ? "HF_TOKEN may not read it: ask for access on the model's page, or mend the token"
                                 : "it does not exist, or set HF_TOKEN to a token that may read it";
    return Status::FailedPrecondition(fmt::format("{} (no access); {}", what, how));
  }
  if (code == 404) return Status::NotFound(fmt::format("{} (not found); check the name", what));
  if (code == 416) return Status::Corrupt(what + " (no such range); fetch it anew with --force");
  if (code >= 300 && code < 400) return Status::Corrupt(what + " without saying where to go; use another hub");
  return Status::Unavailable(what + "; try again later");
}

uint32_t RetryAfter(const ResponseHead& head) {
  const std::string text = head.Header("retry-after");
  uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return error == std::errc() && end == text.data() + text.size() ? seconds : 0;  // dates are not looked at
}

HttpOutcome OutcomeOf(const Hop& hop, CURLcode code, const Address& address, const char* curl_words) {
  HttpOutcome outcome;
  outcome.http_status = hop.head.status;
  if (hop.stopped) {
    outcome.status = Status::Cancelled("interrupted");
  } else if (!hop.status.ok()) {
    outcome.status = hop.status;
  } else if (hop.head.status != 0 && !hop.Good()) {
    const int http = hop.head.status;
    outcome.status = Refusal(address, http, !hop.request.bearer.empty());
    outcome.may_retry = http == 408 || http == 429 || http >= 500;
    outcome.retry_after = RetryAfter(hop.head);
  } else if (code != CURLE_OK) {
    const std::string words = *curl_words != '\0' ? curl_words : curl_easy_strerror(code);
    outcome.status =
        Status::Unavailable(fmt::format("{}: {}; look at the network and try again", address.origin, words));
    outcome.may_retry = MayPass(code);
  }
  return outcome;
}

List HeaderLines(const HttpRequest& request, bool with_token) {
  List list(nullptr, curl_slist_free_all);
  const auto add = [&](const std::string& line) {
    if (curl_slist* longer = curl_slist_append(list.get(), line.c_str())) {
      (void)list.release();
      list.reset(longer);
    }
  };
  if (with_token && !request.bearer.empty()) add("Authorization: Bearer " + request.bearer);
  if (!request.if_range.empty() && request.range_start > 0) add("If-Range: " + request.if_range);
  return list;
}

}  // namespace

std::string ResponseHead::Header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

struct HttpClient::Impl {
  Easy easy{nullptr, curl_easy_cleanup};
  Settings settings;
  std::array<char, CURL_ERROR_SIZE> error{};

  void SetUp(const HttpRequest& request, const Address& address, const curl_slist* headers, Hop& hop) {
    CURL* const e = easy.get();
    curl_easy_reset(e);
    error[0] = '\0';
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, error.data());
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);  // hops are made here, where the token can be left out
    curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(e, CURLOPT_URL, address.url.c_str());
    curl_easy_setopt(e, CURLOPT_USERAGENT, settings.user_agent.c_str());
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
    if (request.range_start > 0) curl_easy_setopt(e, CURLOPT_RANGE, fmt::format("{}-", request.range_start).c_str());
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, long{settings.timeout_seconds});
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, long{settings.timeout_seconds});
    curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 1L << 18);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, OnHeader);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, &hop);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, OnBody);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, &hop);
    curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, OnProgress);
    curl_easy_setopt(e, CURLOPT_XFERINFODATA, &hop);
  }
};

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpClient> HttpClient::Create(const Settings& settings) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  auto impl = std::make_unique<Impl>();
  if (started == CURLE_OK) impl->easy.reset(curl_easy_init());
  if (impl->easy == nullptr) return Status::Unavailable("libcurl does not start; look at its installation");
  impl->settings = settings;
  return HttpClient(std::move(impl));
}

HttpOutcome HttpClient::Get(const HttpRequest& request) {
  auto address = Address::Parse(request.url);
  if (!address.ok()) return {address.status()};
  const std::string first_origin = address->origin;
  bool with_token = true;
  ResponseHead before;
  for (int hops = 0; hops <= kMaxRedirects; ++hops) {
    with_token = with_token && address->origin == first_origin;  // once left, a token stays at home
    Hop hop{request, before, impl_->easy.get(), {}, {}};
    const List headers = HeaderLines(request, with_token);
    impl_->SetUp(request, *address, headers.get(), hop);
    const CURLcode code = curl_easy_perform(impl_->easy.get());
    if (!hop.Redirects() || hop.stopped || !hop.status.ok()) {
      if (code == CURLE_OK && hop.Good()) hop.status = hop.TellHead();  // an empty body
      return OutcomeOf(hop, code, *address, impl_->error.data());
    }
    before.headers.insert(hop.head.headers.begin(), hop.head.headers.end());  // the first word counts
    auto next = address->Follow(hop.head.Header("location"));
    if (!next.ok()) return {next.status()};
    address = std::move(next);
  }
  return {
      Status::Corrupt(fmt::format("{} redirects more than {} times; use another hub", first_origin, kMaxRedirects))};
}

}  // namespace sterna::download
