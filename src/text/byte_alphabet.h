// SPDX-License-Identifier: Apache-2.0
//
// The byte alphabet of GPT-2: each of the 256 bytes has a printable character of its own, so that a vocabulary of any
// bytes can be stored as text. 33..126, 161..172 and 174..255 stand for themselves (as code points); the other 68
// bytes, in order, are U+0100..U+0143. So a space is stored as U+0120.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sterna::text {

char32_t ByteToAlphabet(uint8_t byte);
std::optional<uint8_t> AlphabetToByte(char32_t code_point);

// Bytes as a vocabulary stores them, and back; nullopt when a character is outside the alphabet or `text` is not UTF-8.
std::string EncodeAlphabet(std::string_view bytes);
std::optional<std::string> DecodeAlphabet(std::string_view text);

}  // namespace sterna::text
