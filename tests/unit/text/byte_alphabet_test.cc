// SPDX-License-Identifier: Apache-2.0
#include "text/byte_alphabet.h"

#include <set>

#include <gtest/gtest.h>

namespace sterna::text {
namespace {

TEST(ByteAlphabet, MapsTheKnownBytes) {
  EXPECT_EQ(ByteToAlphabet(' '), 0x120u);
  EXPECT_EQ(ByteToAlphabet('\n'), 0x10au);
  EXPECT_EQ(ByteToAlphabet(0), 0x100u);
  EXPECT_EQ(ByteToAlphabet('a'), U'a');
  EXPECT_EQ(ByteToAlphabet(0xad), 0x143u);
  EXPECT_EQ(ByteToAlphabet(0xff), 0xffu);
}

TEST(ByteAlphabet, GivesEveryByteACharacterOfItsOwnAndBack) {
  std::set<char32_t> characters;
  for (int byte = 0; byte < 256; ++byte) {
    characters.insert(ByteToAlphabet(uint8_t(byte)));
    EXPECT_EQ(AlphabetToByte(ByteToAlphabet(uint8_t(byte))), byte);
  }
  EXPECT_EQ(characters.size(), 256u);
}

TEST(ByteAlphabet, RefusesCharactersOutsideIt) {
  for (const char32_t outside : {U' ', U'\n', char32_t(0x7f), char32_t(0xad), char32_t(0x144), char32_t(0x6d77)}) {
    EXPECT_FALSE(AlphabetToByte(outside).has_value()) << uint32_t(outside);
  }
  EXPECT_FALSE(DecodeAlphabet("a b").has_value());
  EXPECT_FALSE(DecodeAlphabet("a\xff").has_value());
}

TEST(ByteAlphabet, DecodesWhatItEncodes) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(char(byte));
  EXPECT_EQ(DecodeAlphabet(EncodeAlphabet(bytes)), bytes);
}

}  // namespace
}  // namespace sterna::text
