// SPDX-License-Identifier: Apache-2.0
#include "server/page.h"

#include <algorithm>
#include <string>
#include <vector>

namespace sterna::server {
namespace {

constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

struct Embedded {
  std::string_view name, etag, bytes;
};
#include "page_files.inc"  // kEmbedded; the build makes it of the files in page/

std::string_view TypeOf(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  return "image/svg+xml";
}

std::string_view NameAt(std::string_view path) {
  constexpr std::string_view kFolder = "/page/";
  if (path == "/") return "index.html";
  return path.starts_with(kFolder) ? path.substr(kFolder.size()) : std::string_view();
}

}  // namespace

std::optional<PageFile> FindPageFile(std::string_view path) {
  const std::string_view name = NameAt(path);
  const auto* const found =
      std::find_if(std::begin(kEmbedded), std::end(kEmbedded), [&](const Embedded& one) { return one.name == name; });
  if (found == std::end(kEmbedded)) return std::nullopt;
  return PageFile{TypeOf(name), found->etag, found->bytes};
}

HttpReply PageReply(const PageFile& file, std::string_view if_none_match) {
  HttpReply reply{.content_type = std::string(file.content_type),
                  .body = std::string(file.bytes),
                  .headers = {{"ETag", std::string(file.etag)},
                              {"Cache-Control", "no-cache"},
                              {"Content-Security-Policy", kPolicy},
                              {"X-Content-Type-Options", "nosniff"},
                              {"Referrer-Policy", "no-referrer"},
                              {"Cross-Origin-Opener-Policy", "same-origin"}}};
  if (if_none_match == "*" || if_none_match.find(file.etag) != std::string_view::npos) {
    reply.status = 304;
    reply.content_type.clear();
    reply.body.clear();
  }
  return reply;
}

}  // namespace sterna::server
