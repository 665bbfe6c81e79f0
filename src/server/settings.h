// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sample/sampler.h"

namespace sterna::server {

// PEM files: the server's certificate, then those that lead to one that clients trust; the first one's key.
struct TlsFiles {
  std::string certificate, key;
};

// Where the server listens and what a connection may cost.
struct TransportSettings {
  std::string host = "127.0.0.1";          // an address, or "localhost"
  uint16_t port = 8080;                    // 0: any free one
  std::optional<std::string> unix_socket;  // a path; then host and port are not used
  bool behind_router = false;              // whoever connects says in X-Forwarded-For whom it asks for, if anybody
  std::optional<TlsFiles> tls;             // none: plain HTTP
  uint32_t threads = 2;                    // for connections; the engine has its own
  uint32_t max_connections = 1024;
  uint32_t max_header_bytes = 16u << 10;
  uint64_t max_body_bytes = 4u << 20;
  uint64_t max_bodies_bytes = 256u << 20;  // of all requests that are being read
  uint64_t max_unsent_bytes = 1u << 20;    // of a streamed reply; a client that is further behind is given up
  // For a request's head (with TLS from the first byte on), and again for its body.
  std::chrono::milliseconds read_timeout{30'000};
  std::chrono::milliseconds write_timeout{30'000};  // for each piece of a reply
};

// What a request may ask for, what it gets where it does not say, and who may ask.
struct ApiSettings {
  sample::SamplingParams sampling;
  uint32_t max_tokens = 512;
  std::vector<std::string> stop_strings;
  bool page = true;  // whether the web page is served
  uint32_t speculate_tokens = 0;
  std::string model_name = "sterna";  // as /v1/models shows it
  std::string model_path;
  std::optional<std::string> api_key_file;                   // one key a line; # begins a comment
  std::optional<std::string> access_log;                     // a file, or "-" for stdout; none: no log
  std::vector<std::string> api_keys;                         // beside those of the file
  std::vector<std::string> cors_origins;                     // "https://example.org", or "*"
  uint32_t max_choices = 64;                                 // answers that one request may ask for: prompts times n
  uint32_t max_inputs = 2048;                                // texts of an embedding request
  std::optional<std::chrono::milliseconds> request_timeout;  // from arrival to the last token
};

}  // namespace sterna::server
