// SPDX-License-Identifier: Apache-2.0
//
// Hostile headers, keys and values, each a named case; docs/hostile-files.md tells the same as a table. Tensor entries:
// hostile_tensors_test.cc; whole files on disk: hostile_paths_test.cc.
#include <gtest/gtest.h>

#include <limits>

#include "support/gguf_builder.h"
#include "support/gguf_expect.h"

namespace sterna::format {
namespace {

using namespace sterna::testing;  // NOLINT(google-build-using-namespace): the whole file speaks this vocabulary

constexpr uint64_t k2To63 = uint64_t{1} << 63;
constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

GgufBuilder Good() {
  GgufBuilder builder;
  builder.String("general.architecture", "bitnet-b1.58")
      .Value("tokenizer.ggml.tokens", kIdArray, ByteString().U32(kIdString).U64(2).Text("a").Text("b"))
      .Value("tokenizer.ggml.scores", kIdArray, ByteString().U32(kIdF32).U64(2).F32(0).F32(-1))
      .Tensor("blk.0.attn_q.weight", {128, 4}, 36, 160)
      .Tensor("output_norm.weight", {128}, 0, 512);
  return builder;
}

TEST(HostileGguf, TheUndamagedFileLoads) { ExpectLoads(Good().Build()); }

TEST(HostileGguf, EmptyFile) { ExpectCorrupt({}, "shorter than the 24 bytes of a header"); }

TEST(HostileGguf, FileShorterThanAHeader) {
  const auto image = Good().Build();
  for (size_t size = 1; size < 24; ++size) {
    ExpectCorrupt(std::span(image).first(size), "shorter than the 24 bytes of a header");
  }
}

TEST(HostileGguf, TruncatedAtEveryByte) {
  const auto image = Good().Build();
  for (size_t size = 0; size < image.size(); ++size) {
    const auto file = GgufFile::Parse(std::span(image).first(size), kImageName);
    ASSERT_FALSE(file.ok()) << size;
    EXPECT_EQ(file.status().code(), StatusCode::kCorrupt) << size << ": " << file.status().message();
  }
}

TEST(HostileGguf, WrongMagic) {
  auto builder = Good();
  builder.magic = "GGML";
  ExpectCorrupt(builder.Build(), "does not begin with 'GGUF'");
}

TEST(HostileGguf, BigEndian) {
  auto builder = Good();
  builder.version = 3u << 24;
  ExpectRefused(builder.Build(), StatusCode::kUnsupported, "big-endian");
}

TEST(HostileGguf, VersionZero) {
  auto builder = Good();
  builder.version = 0;
  ExpectCorrupt(builder.Build(), "version 0");
}

TEST(HostileGguf, VersionsNobodyReads) {
  for (const uint32_t version : {1u, 4u, 0xffffffffu}) {
    auto builder = Good();
    builder.version = version;
    ExpectRefused(builder.Build(), StatusCode::kUnsupported, "version " + std::to_string(version));
  }
}

TEST(HostileGguf, VersionTwoLoads) {
  auto builder = Good();
  builder.version = 2;
  ExpectLoads(builder.Build());
}

TEST(HostileGguf, CountsNobodyCanHold) {
  for (const uint64_t count : {k2To63, kMax, kMax / 33 + 1, kMax / 14 + 1, uint64_t{1000000000}, uint64_t{1000000}}) {
    auto tensors = Good();
    tensors.claimed_tensors = count;
    ExpectCorrupt(tensors.Build(), "counts " + std::to_string(count) + " tensors");
    auto values = Good();
    values.claimed_values = count;
    ExpectCorrupt(values.Build(), "counts " + std::to_string(count) + " keys");
  }
}

TEST(HostileGguf, CountsOverTheLimitInAFileThatCouldHoldThem) {
  constexpr uint64_t kCount = (uint64_t{1} << 20) + 1;
  GgufBuilder builder;
  builder.claimed_tensors = kCount;
  auto image = builder.Build();
  image.resize(image.size() + kCount * 33);
  ExpectCorrupt(image, "counts 1048577 tensors; the limits are 1048576");
  builder.claimed_tensors = 0;
  builder.claimed_values = kCount;
  image = builder.Build();
  image.resize(image.size() + kCount * 14);
  ExpectCorrupt(image, "counts 1048577 keys; the limits are 1048576");
}

TEST(HostileGguf, CountsOneMoreThanThereAre) {
  auto tensors = Good();
  tensors.claimed_tensors = 3;
  ExpectCorrupt(tensors.Build(), "tensor 2");
  auto values = Good();
  values.claimed_values = 4;
  EXPECT_FALSE(GgufFile::Parse(values.Build(), kImageName).ok());
}

TEST(HostileGguf, KeyOfNoBytes) { ExpectCorrupt(Good().U32("", 1).Build(), "key 3 is 0 bytes long"); }

TEST(HostileGguf, KeyLongerThanTheLimit) {
  ExpectCorrupt(Good().U32(std::string(65536, 'k'), 1).Build(), "key 3 is 65536 bytes long; a key has 1 to 65535");
  ExpectLoads(Good().U32(std::string(65535, 'k'), 1).Build());
}

TEST(HostileGguf, KeyLengthsPastTheFile) {
  for (const uint64_t length : {uint64_t{60000}, (uint64_t{1} << 30) + 1, k2To63, kMax}) {
    ExpectCorrupt(Good().RawValue(ByteString().U64(length).Raw("key").U32(kIdU32).U32(1)).Build(),
                  "key 3 is " + std::to_string(length) + " bytes long");
  }
}

TEST(HostileGguf, KeyWithControlCharacters) {
  ExpectCorrupt(Good().U32(std::string("a\0b", 3), 1).Build(), "'a\\x00b'");
  ExpectCorrupt(Good().U32("a\nb", 1).Build(), "'a\\x0ab'");
}

TEST(HostileGguf, KeyOfMalformedUtf8) {
  for (const char* key : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xe2\x82"}) {
    ExpectCorrupt(Good().U32(key, 1).Build(), "malformed UTF-8");
  }
}

TEST(HostileGguf, KeyTwice) {
  ExpectCorrupt(Good().U32("a", 1).U32("b", 1).U32("a", 1).Build(), "key 'a' is there twice");
}

TEST(HostileGguf, KeyWithPercentSigns) { ExpectLoads(Good().U32("%s%n{}", 1).Build()); }

TEST(HostileGguf, ValueTypesNobodyKnows) {
  for (const uint32_t type : {13u, 255u, 0x80000000u, 0xffffffffu}) {
    ExpectCorrupt(Good().Value("k", type, ByteString().U64(0)).Build(),
                  "key 'k' has value type " + std::to_string(type));
  }
}

TEST(HostileGguf, ArrayElementTypeNobodyKnows) {
  ExpectCorrupt(Good().Value("k", kIdArray, ByteString().U32(13).U64(1).U64(0)).Build(), "key 'k' has value type 13");
}

TEST(HostileGguf, ArrayOfArrays) {
  ByteString nested;
  for (int depth = 0; depth < 10000; ++depth) nested.U32(kIdArray).U64(1);
  ExpectRefused(Good().Value("k", kIdArray, nested).Build(), StatusCode::kUnsupported, "key 'k' is an array of arrays");
}

TEST(HostileGguf, ArrayCountsThatWrap) {
  for (const uint32_t type : {uint32_t{kIdU8}, uint32_t{kIdU64}, uint32_t{kIdF32}, uint32_t{kIdString}}) {
    for (const uint64_t count : {uint64_t{1} << 61, (uint64_t{1} << 61) + 1, k2To63, kMax, uint64_t{5000}}) {
      ExpectCorrupt(Good().Value("k", kIdArray, ByteString().U32(type).U64(count)).Build(),
                    "key 'k' is an array of " + std::to_string(count) + " elements");
    }
  }
}

TEST(HostileGguf, ArrayOverTheElementLimit) {
  constexpr uint64_t kCount = (uint64_t{1} << 24) + 1;
  ExpectCorrupt(Good().Value("k", kIdArray, ByteString().U32(kIdU8).U64(kCount).Zeros(kCount)).Build(),
                "16777216 elements are the limit");
}

TEST(HostileGguf, StringsLongerThanTheFile) {
  for (const uint64_t length : {uint64_t{1} << 40, k2To63, kMax, uint64_t{5000}}) {
    const std::string text = "a string of " + std::to_string(length) + " bytes";
    ExpectCorrupt(Good().Value("k", kIdString, ByteString().U64(length).Raw("abc")).Build(), text);
    ExpectCorrupt(Good().Value("k", kIdArray, ByteString().U32(kIdString).U64(2).Text("a").U64(length)).Build(), text);
  }
}

TEST(HostileGguf, StringOfAnyBytesLoads) {
  const std::string text("\xff\0\n\xc0", 4);
  const auto image = Good().String("k", text).Build();
  const auto file = GgufFile::Parse(image, kImageName);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ(**file->GetString("k"), text);
}

TEST(HostileGguf, BooleanOfTwo) {
  const auto image = Good().Value("k", kIdBool, ByteString().U8(2)).Build();
  ExpectWarning(image, "key 'k': 2 stored for a boolean; read as true");
  const auto file = GgufFile::Parse(image, kImageName);
  EXPECT_EQ(**file->GetBool("k"), true);
  EXPECT_EQ(std::get<uint64_t>(file->Find("k")->value), 1u);
}

TEST(HostileGguf, ManyOddBooleansKeepTheWarningListShort) {
  auto builder = Good();
  for (int i = 0; i < 500; ++i) builder.Value(std::to_string(i), kIdBool, ByteString().U8(2));
  const auto image = builder.Build();
  const auto file = GgufFile::Parse(image, kImageName);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_LE(file->warnings().size(), 51u);
  EXPECT_EQ(file->warnings().back(), "further warnings are left out");
}

TEST(HostileGguf, AlignmentsThatAreNone) {
  for (const uint32_t alignment : {0u, 1u, 3u, 4u, 24u, 0xffffffffu}) {
    ExpectCorrupt(Good().U32("general.alignment", alignment).Build(),
                  "'general.alignment' is " + std::to_string(alignment));
  }
}

TEST(HostileGguf, AlignmentLargerThanTheFile) {
  ExpectCorrupt(Good().U32("general.alignment", 1u << 31).Build(), "tensor 'blk.0.attn_q.weight' starts 0 bytes");
}

TEST(HostileGguf, AlignmentOfAnotherType) {
  const std::string text = "'general.alignment' has type ";
  ExpectCorrupt(Good().String("general.alignment", "32").Build(), text + "string");
  ExpectCorrupt(Good().Value("general.alignment", kIdI32, ByteString().I32(-1)).Build(), text + "i32");
  ExpectCorrupt(Good().Value("general.alignment", kIdU64, ByteString().U64(k2To63)).Build(), text + "u64");
}

TEST(HostileGguf, KnownKeyOfAnotherTypeIsRefusedWhereItIsRead) {
  const auto image = GgufBuilder().U32("general.architecture", 7).Build();
  const auto file = GgufFile::Parse(image, kImageName);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const Status status = file->GetString("general.architecture").status();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_EQ(status.message(), "file 'm.gguf': key 'general.architecture' has type u32; expected string");
}

// What a converter wrote that took the GGUF header for one with an alignment and a data offset after the counts.
TEST(HostileGguf, HeaderWithFieldsThatGgufDoesNotHave) {
  ByteString image;
  image.Raw("GGUF").U32(3).U64(0).U64(1).U32(32).U64(4096);
  image.Text("general.architecture").U32(kIdString).Text("bitnet");
  ExpectCorrupt(image.bytes(), "key 0 is 17592186044448 bytes long");
}

}  // namespace
}  // namespace sterna::format
