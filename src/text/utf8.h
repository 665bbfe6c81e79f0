// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sterna::text {

// One step of decoding UTF-8. An ill-formed step covers a maximal subpart (Unicode 3.9, table 3-8): the bytes that one
// U+FFFD stands for, 1 to 3 of them.
struct Utf8Step {
  enum class Kind : uint8_t { kCharacter, kIllFormed, kIncomplete };
  Kind kind = Kind::kIllFormed;  // kIncomplete: the bytes end inside a sequence that is well formed so far
  uint8_t length_bytes = 1;
  char32_t code_point = 0;  // of a kCharacter
};

// `position` < bytes.size(). Overlong forms, surrogates and values above U+10FFFF are ill-formed.
Utf8Step DecodeUtf8(std::string_view bytes, size_t position);

// `code_point` must be a Unicode scalar value.
void AppendUtf8(char32_t code_point, std::string& out);

}  // namespace sterna::text
