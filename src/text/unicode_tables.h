// SPDX-License-Identifier: Apache-2.0
// The three character classes that pre-tokenizer patterns are made of.
//
// The tables equal those of the Hugging Face `tokenizers` package (see
// tools/unicode/make_unicode_ranges.py), so a split falls where the reference puts it.
// All functions are pure, thread-safe, and accept any 32-bit value: what is not a Unicode
// scalar value (surrogates, above U+10FFFF) belongs to no class.
#pragma once

namespace sterna::text {

// \p{L}: letters of every kind. Combining marks (\p{M}) are not letters.
bool IsLetter(char32_t code_point);

// \p{N}: decimal digits, letter-like numbers (Roman numerals) and other numbers (fractions).
bool IsNumber(char32_t code_point);

// \s: Unicode White_Space, which includes U+0085, U+00A0 and U+3000 but not U+200B.
bool IsSpace(char32_t code_point);

}  // namespace sterna::text
