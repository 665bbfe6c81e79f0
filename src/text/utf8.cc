// SPDX-License-Identifier: Apache-2.0
#include "text/utf8.h"

namespace sterna::text {
namespace {

// What the first byte says: how many bytes follow, its payload, and the range of the second byte (which is where
// overlong forms, surrogates and too large values are kept out).
struct Lead {
  uint8_t following = 0;  // 0: not a lead byte of a longer sequence
  uint8_t payload = 0;
  uint8_t second_low = 0x80;
  uint8_t second_high = 0xbf;
};

Lead ReadLead(uint8_t byte) {
  if (byte >= 0xc2 && byte <= 0xdf) return {1, uint8_t(byte & 0x1f)};
  if (byte == 0xe0) return {2, 0, 0xa0, 0xbf};
  if (byte == 0xed) return {2, 0xd, 0x80, 0x9f};
  if (byte >= 0xe1 && byte <= 0xef) return {2, uint8_t(byte & 0xf)};
  if (byte == 0xf0) return {3, 0, 0x90, 0xbf};
  if (byte == 0xf4) return {3, 4, 0x80, 0x8f};
  if (byte >= 0xf1 && byte <= 0xf3) return {3, uint8_t(byte & 7)};
  return {};
}

}  // namespace

Utf8Step DecodeUtf8(std::string_view bytes, size_t position) {
  using Kind = Utf8Step::Kind;
  const uint8_t first = uint8_t(bytes[position]);
  if (first < 0x80) return {Kind::kCharacter, 1, first};
  const Lead lead = ReadLead(first);
  if (lead.following == 0) return {Kind::kIllFormed, 1, 0};
  char32_t code_point = lead.payload;
  for (uint8_t i = 1; i <= lead.following; ++i) {
    if (position + i >= bytes.size()) return {Kind::kIncomplete, i, 0};
    const uint8_t byte = uint8_t(bytes[position + i]);
    const uint8_t low = i == 1 ? lead.second_low : 0x80;
    const uint8_t high = i == 1 ? lead.second_high : 0xbf;
    if (byte < low || byte > high) return {Kind::kIllFormed, i, 0};
    code_point = (code_point << 6) | (byte & 0x3f);
  }
  return {Kind::kCharacter, uint8_t(lead.following + 1), code_point};
}

void AppendUtf8(char32_t code_point, std::string& out) {
  const auto tail = [&](int shift) { out.push_back(char(0x80 | ((code_point >> shift) & 0x3f))); };
  if (code_point < 0x80) {
    out.push_back(char(code_point));
  } else if (code_point < 0x800) {
    out.push_back(char(0xc0 | (code_point >> 6)));
    tail(0);
  } else if (code_point < 0x10000) {
    out.push_back(char(0xe0 | (code_point >> 12)));
    tail(6), tail(0);
  } else {
    out.push_back(char(0xf0 | (code_point >> 18)));
    tail(12), tail(6), tail(0);
  }
}

}  // namespace sterna::text
