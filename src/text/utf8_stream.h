// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sterna::text {

// Turns a stream of byte pieces into valid UTF-8: holds back an incomplete sequence until it is whole, and replaces
// each maximal invalid part with U+FFFD (as the WHATWG decoder does).
class Utf8Stream {
 public:
  // What can be shown now.
  std::string Push(std::string_view bytes);
  // What is left at the end: U+FFFD for an incomplete sequence, else nothing.
  std::string Flush();

 private:
  std::string pending_;
};

}  // namespace sterna::text
