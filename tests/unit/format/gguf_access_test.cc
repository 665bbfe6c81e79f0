// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>

#include "support/gguf_builder.h"
#include "support/gguf_expect.h"

namespace sterna::format {
namespace {

using namespace sterna::testing;  // NOLINT(google-build-using-namespace): the whole file speaks this vocabulary

constexpr uint64_t k2To63 = uint64_t{1} << 63;

class GgufAccess : public ::testing::Test {
 protected:
  GgufAccess()
      : image_(GgufBuilder()
                   .Value("u8", kIdU8, ByteString().U8(200))
                   .Value("i8", kIdI8, ByteString().U8(0xff))
                   .Value("u16", kIdU16, ByteString().Put(uint16_t{65535}))
                   .Value("i16", kIdI16, ByteString().Put(int16_t{-2}))
                   .U32("u32", 7)
                   .Value("i32", kIdI32, ByteString().I32(-5))
                   .Value("u64", kIdU64, ByteString().U64(k2To63))
                   .Value("i64", kIdI64, ByteString().Put(int64_t{9}))
                   .Value("f32", kIdF32, ByteString().F32(1e-5f))
                   .Value("f64", kIdF64, ByteString().Put(0.1))
                   .Value("nan", kIdF32, ByteString().F32(std::numeric_limits<float>::quiet_NaN()))
                   .Value("bool", kIdBool, ByteString().U8(1))
                   .String("string", "text")
                   .Value("i32s", kIdArray, ByteString().U32(kIdI32).U64(2).I32(3).I32(-1))
                   .Value("u64s", kIdArray, ByteString().U32(kIdU64).U64(1).U64(k2To63))
                   .Value("f64s", kIdArray, ByteString().U32(kIdF64).U64(1).Put(0.5))
                   .Value("strings", kIdArray, ByteString().U32(kIdString).U64(2).Text("").Text("b"))
                   .Value("nothing", kIdArray, ByteString().U32(kIdF32).U64(0))
                   .Build()),
        file_(*GgufFile::Parse(image_, kImageName)) {}

  template <class R>
  static void ExpectWrongType(const R& result, const std::string& text) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.status().code(), StatusCode::kCorrupt);
    EXPECT_EQ(result.status().message(), "file 'm.gguf': " + text);
  }

  std::vector<std::byte> image_;
  GgufFile file_;
};

TEST_F(GgufAccess, AbsentKeysAreNoError) {
  EXPECT_FALSE(file_.GetUnsigned("absent")->has_value());
  EXPECT_FALSE(file_.GetSigned("absent")->has_value());
  EXPECT_FALSE(file_.GetFloat("absent")->has_value());
  EXPECT_FALSE(file_.GetBool("absent")->has_value());
  EXPECT_FALSE(file_.GetString("absent")->has_value());
  EXPECT_FALSE(file_.GetStrings("absent")->has_value());
  EXPECT_FALSE(file_.GetFloats("absent")->has_value());
  EXPECT_FALSE(file_.GetIntegers("absent")->has_value());
  EXPECT_EQ(file_.Find("absent"), nullptr);
  EXPECT_EQ(file_.FindTensor("absent"), nullptr);
}

TEST_F(GgufAccess, AnyIntegerTypeIsAnInteger) {
  EXPECT_EQ(**file_.GetUnsigned("u8"), 200u);
  EXPECT_EQ(**file_.GetUnsigned("u16"), 65535u);
  EXPECT_EQ(**file_.GetUnsigned("u32"), 7u);
  EXPECT_EQ(**file_.GetUnsigned("u64"), k2To63);
  EXPECT_EQ(**file_.GetUnsigned("i64"), 9u);
  EXPECT_EQ(**file_.GetSigned("i8"), -1);
  EXPECT_EQ(**file_.GetSigned("i16"), -2);
  EXPECT_EQ(**file_.GetSigned("i32"), -5);
  EXPECT_EQ(**file_.GetSigned("u32"), 7);
}

TEST_F(GgufAccess, IntegersThatDoNotFitAreRefused) {
  ExpectWrongType(file_.GetUnsigned("i32"), "key 'i32' is -5; it must not be negative");
  ExpectWrongType(file_.GetSigned("u64"), "key 'u64' is 9223372036854775808; it must be below 2^63");
  ExpectWrongType(file_.GetIntegers("u64s"), "key 'u64s' is an array with 9223372036854775808; it must be below 2^63");
}

TEST_F(GgufAccess, FloatsKeepTheirBits) {
  EXPECT_EQ(**file_.GetFloat("f32"), double(1e-5f));
  EXPECT_EQ(**file_.GetFloat("f64"), 0.1);
  EXPECT_NE(**file_.GetFloat("nan"), **file_.GetFloat("nan"));
}

TEST_F(GgufAccess, ArraysAreConverted) {
  EXPECT_EQ(**file_.GetIntegers("i32s"), (std::vector<int64_t>{3, -1}));
  EXPECT_EQ(**file_.GetFloats("f64s"), (std::vector<float>{0.5f}));
  EXPECT_TRUE((**file_.GetFloats("nothing")).empty());
  EXPECT_EQ((**file_.GetStrings("strings"))[1], "b");
}

TEST_F(GgufAccess, OtherKindsAreRefusedWithTheirType) {
  ExpectWrongType(file_.GetUnsigned("f32"), "key 'f32' has type f32; expected an integer");
  ExpectWrongType(file_.GetUnsigned("bool"), "key 'bool' has type bool; expected an integer");
  ExpectWrongType(file_.GetSigned("i32s"), "key 'i32s' has type array of i32; expected an integer");
  ExpectWrongType(file_.GetFloat("u32"), "key 'u32' has type u32; expected f32 or f64");
  ExpectWrongType(file_.GetBool("u8"), "key 'u8' has type u8; expected bool");
  ExpectWrongType(file_.GetString("strings"), "key 'strings' has type array of string; expected string");
  ExpectWrongType(file_.GetStrings("i32s"), "key 'i32s' has type array of i32; expected array of string");
  ExpectWrongType(file_.GetFloats("i32s"), "key 'i32s' has type array of i32; expected array of f32 or f64");
  ExpectWrongType(file_.GetIntegers("f64s"), "key 'f64s' has type array of f64; expected array of integers");
  ExpectWrongType(file_.GetIntegers("u8"), "key 'u8' has type u8; expected array of integers");
}

TEST_F(GgufAccess, ValuesAreListedInFileOrder) {
  ASSERT_EQ(file_.values().size(), 18u);
  EXPECT_EQ(file_.values()[0].first, "u8");
  EXPECT_EQ(file_.values()[17].first, "nothing");
}

TEST_F(GgufAccess, AMissingTensorIsRefusedByName) {
  ExpectWrongType(file_.RequireTensor("output_norm.weight"), "tensor 'output_norm.weight' is missing");
}

TEST_F(GgufAccess, ParsedBytesHaveNoMapping) {
  EXPECT_EQ(file_.mapping(), nullptr);
  EXPECT_TRUE(file_.CheckStillWhole().ok());
}

}  // namespace
}  // namespace sterna::format
