// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "server/http_types.h"

namespace sterna::server {

// How the bytes of a reply are cut: by a length known before, in chunks, or up to the end of the connection (what a
// client of HTTP/1.0 gets instead of chunks).
enum class Framing : uint8_t { kLength, kChunks, kUntilClose };

std::string_view ReasonPhrase(int status);
// Status line and headers, up to the empty line.
std::string HeadText(const HttpReply& reply, Framing framing, bool keep_alive);
// One chunk; empty for no bytes, since an empty chunk would be the last.
std::string ChunkText(std::string_view bytes);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace sterna::server
