// SPDX-License-Identifier: Apache-2.0
#include "format/gguf_names.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>

namespace sterna::format {
namespace {

constexpr size_t kShownBytes = 80;

// Length of the well-formed UTF-8 sequence at the start of `text` (not empty), or 0. Unicode standard, table 3-7.
size_t SequenceBytes(std::string_view text) {
  const auto at = [&](size_t i) { return i < text.size() ? uint8_t(text[i]) : uint8_t{0}; };
  const auto continues = [&](size_t i) { return (at(i) & 0xc0u) == 0x80u; };
  const uint8_t lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const bool overlong = lead == 0xe0 && at(1) < 0xa0;
    const bool surrogate = lead == 0xed && at(1) > 0x9f;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const bool overlong = lead == 0xf0 && at(1) < 0x90;
    const bool beyond = lead == 0xf4 && at(1) > 0x8f;
    return continues(1) && continues(2) && continues(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

bool IsControl(char c) { return uint8_t(c) < 0x20 || uint8_t(c) == 0x7f; }

}  // namespace

bool IsPlainName(std::string_view name) {
  while (!name.empty()) {
    const size_t bytes = SequenceBytes(name);
    if (bytes == 0 || IsControl(name[0])) return false;
    name.remove_prefix(bytes);
  }
  return true;
}

std::string Quoted(std::string_view name) {
  std::string text = "'";
  for (size_t i = 0; i < name.size();) {
    if (i >= kShownBytes) {
      text += "...";
      break;
    }
    const size_t bytes = SequenceBytes(name.substr(i));
    if (bytes == 0 || IsControl(name[i])) {
      text += fmt::format("\\x{:02x}", uint8_t(name[i]));
      ++i;
    } else {
      text += name.substr(i, bytes);
      i += bytes;
    }
  }
  return text + "'";
}

}  // namespace sterna::format
