// SPDX-License-Identifier: Apache-2.0
//
// The web page: its files, which the build puts into the executable, and how browsers are told to treat them.
#pragma once

#include <optional>
#include <string_view>

#include "server/http_types.h"

namespace sterna::server {

struct PageFile {
  std::string_view content_type;
  std::string_view etag;  // with its quotes; changes with the bytes
  std::string_view bytes;
};

// The file at "/", or at "/page/NAME".
std::optional<PageFile> FindPageFile(std::string_view path);

// The file, or 304 where `if_none_match` (a header's value) names what it is. The reply lets the page load scripts and
// styles of this server alone, ask nobody else, and be in no frame.
HttpReply PageReply(const PageFile& file, std::string_view if_none_match);

}  // namespace sterna::server
