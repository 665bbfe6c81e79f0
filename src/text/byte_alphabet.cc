// SPDX-License-Identifier: Apache-2.0
#include "text/byte_alphabet.h"

#include <array>

#include "text/utf8.h"

namespace sterna::text {
namespace {

constexpr char32_t kFirstMoved = 0x100;
constexpr char32_t kAlphabetEnd = 0x144;  // the 68 moved bytes end at U+0143
constexpr int16_t kNoByte = -1;

constexpr bool StandsForItself(int byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

struct Alphabet {
  std::array<char32_t, 256> character{};
  std::array<int16_t, kAlphabetEnd> byte{};
};

constexpr Alphabet MakeAlphabet() {
  Alphabet alphabet;
  alphabet.byte.fill(kNoByte);
  char32_t next_moved = kFirstMoved;
  for (int byte = 0; byte < 256; ++byte) {
    const char32_t character = StandsForItself(byte) ? char32_t(byte) : next_moved++;
    alphabet.character[size_t(byte)] = character;
    alphabet.byte[character] = int16_t(byte);
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = MakeAlphabet();

}  // namespace

char32_t ByteToAlphabet(uint8_t byte) { return kAlphabet.character[byte]; }

std::optional<uint8_t> AlphabetToByte(char32_t code_point) {
  if (code_point >= kAlphabetEnd || kAlphabet.byte[code_point] == kNoByte) return std::nullopt;
  return uint8_t(kAlphabet.byte[code_point]);
}

std::string EncodeAlphabet(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) AppendUtf8(ByteToAlphabet(uint8_t(byte)), text);
  return text;
}

std::optional<std::string> DecodeAlphabet(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (size_t position = 0; position < text.size();) {
    const Utf8Step step = DecodeUtf8(text, position);
    if (step.kind != Utf8Step::Kind::kCharacter) return std::nullopt;
    const auto byte = AlphabetToByte(step.code_point);
    if (!byte) return std::nullopt;
    bytes.push_back(char(*byte));
    position += step.length_bytes;
  }
  return bytes;
}

}  // namespace sterna::text
