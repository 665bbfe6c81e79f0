// SPDX-License-Identifier: Apache-2.0
//
// Hostile safetensors files, each a named case; docs/hostile-files.md tells the same as a table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "format/safetensors_file.h"
#include "support/temporary_folder.h"

namespace sterna::format {
namespace {

using ::testing::HasSubstr;

std::string WithLength(uint64_t length, const std::string& rest) {
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  return file + rest;
}

std::string File(const std::string& header, size_t data_bytes = 0) {
  return WithLength(header.size(), header + std::string(data_bytes, '\x01'));
}

// {"t": {dtype U8, `fields`}}
std::string OneTensor(const std::string& fields, size_t data_bytes) {
  return File(R"({"t":{)" + fields + "}}", data_bytes);
}

Result<SafetensorsFile> Parse(const std::string& file) {
  return SafetensorsFile::Parse(std::as_bytes(std::span(file)), "f.safetensors");
}

void ExpectRefused(const std::string& file, const std::string& part, StatusCode code = StatusCode::kCorrupt) {
  const auto parsed = Parse(file);
  ASSERT_FALSE(parsed.ok()) << part;
  EXPECT_EQ(parsed.status().code(), code);
  EXPECT_THAT(parsed.status().message(), HasSubstr("file 'f.safetensors': "));
  EXPECT_THAT(parsed.status().message(), HasSubstr(part));
  EXPECT_EQ(parsed.status().message().find('\n'), std::string::npos);
}

TEST(Safetensors, ReadsTensorsWhereTheyLie) {
  const std::string bytes = File(
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[2,3],"data_offsets":[1,13]},)"
      R"("a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"c":{"dtype":"F32","shape":[0,9],"data_offsets":[13,13]}}  )",
      13);
  const auto file = Parse(bytes);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  ASSERT_EQ(file->tensors().size(), 3u);
  const SafetensorsTensor* b = file->FindTensor("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->type, SafetensorsType::kBf16);
  EXPECT_EQ(b->shape, (std::vector<uint64_t>{2, 3}));
  EXPECT_EQ(b->elements, 6u);
  EXPECT_EQ(b->bytes.size(), 12u);
  EXPECT_EQ(b->offset_bytes, bytes.size() - 12);
  EXPECT_EQ(reinterpret_cast<const char*>(b->bytes.data()), bytes.data() + b->offset_bytes);
  EXPECT_EQ(file->FindTensor("a")->elements, 1u);
  EXPECT_EQ(file->FindTensor("c")->elements, 0u);
  EXPECT_EQ(file->FindTensor("d"), nullptr);
}

TEST(Safetensors, ReadsAMappedFile) {
  const sterna::testing::TemporaryFolder folder;
  const std::string path = folder.File("m.safetensors");
  std::ofstream(path, std::ios::binary) << OneTensor(R"("dtype":"U8","shape":[4],"data_offsets":[0,4])", 4);
  auto opened = SafetensorsFile::Open(path);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  const SafetensorsFile file = std::move(*opened);
  EXPECT_EQ(file.FindTensor("t")->bytes.back(), std::byte{1});
  EXPECT_TRUE(file.CheckStillWhole().ok());
  EXPECT_EQ(SafetensorsFile::Open(folder.File("absent")).status().code(), StatusCode::kNotFound);
}

TEST(HostileSafetensors, ShorterThanAHeaderLength) {
  for (size_t size = 0; size < 8; ++size) ExpectRefused(std::string(size, '{'), "shorter than the 8 bytes");
}

TEST(HostileSafetensors, HeaderLengths) {
  for (const uint64_t length : {uint64_t{100'000'001}, uint64_t{1} << 63, ~uint64_t{0}}) {
    ExpectRefused(WithLength(length, "{}"), "bytes long; the limit is 100000000");
  }
  ExpectRefused(WithLength(3, "{}"), "the header is 3 bytes long, and 2 bytes remain; the file is cut short");
  ExpectRefused(WithLength(0, "{}"), "the header does not begin with '{'");
}

TEST(HostileSafetensors, CutAtAnyByte) {
  const std::string whole = OneTensor(R"("dtype":"F16","shape":[2,2],"data_offsets":[0,8])", 8);
  ASSERT_TRUE(Parse(whole).ok());
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(Parse(whole.substr(0, size)).ok()) << size;
}

TEST(HostileSafetensors, HeadersThatAreNoJson) {
  ExpectRefused(File(R"({"t")"), "the header is no JSON at its byte");
  ExpectRefused(File("{} {}"), "the header is no JSON");
  ExpectRefused(File("{\"\xff\":{}}"), "the header is no JSON");
  ExpectRefused(File(R"({} // comment)"), "the header is no JSON");
  ExpectRefused(File(std::string("{}\0garbage", 10)), "the header holds a NUL byte");
  ExpectRefused(File("[]"), "the header does not begin with '{'");
  ExpectRefused(File("\xef\xbb\xbf{}"), "the header does not begin with '{'");
}

TEST(HostileSafetensors, DeepNestingEndsAtOnce) {
  std::string lists = R"({"t":{"shape":)" + std::string(1'000'000, '[');
  ExpectRefused(File(lists), "tensor 't': shape: a list is not what the format has here");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
  ExpectRefused(File(objects), "tensor 'a'");
}

TEST(HostileSafetensors, ValuesOfAnotherKind) {
  const std::string not_here = "is not what the format has here";
  for (const char* value : {"1", "null", "true", "\"x\"", "[1]", "-1", "1.5"}) {
    ExpectRefused(File(R"({"t":)" + std::string(value) + "}"), not_here);
    ExpectRefused(File(R"({"__metadata__":)" + std::string(value) + "}"), not_here);
    if (std::string(value) == "\"x\"") continue;
    ExpectRefused(OneTensor(R"("dtype":)" + std::string(value), 0), not_here);
    ExpectRefused(File(R"({"__metadata__":{"a":)" + std::string(value) + "}}"), not_here);
  }
  for (const char* number : {"-1", "1.0", "1e3", "18446744073709551616", "\"1\"", "null", "[1]", "{}"}) {
    ExpectRefused(OneTensor(R"("shape":[)" + std::string(number) + "]", 0), not_here);
    ExpectRefused(OneTensor(R"("data_offsets":[)" + std::string(number) + "]", 0), not_here);
  }
}

TEST(HostileSafetensors, FieldsMissingUnknownOrTwice) {
  ExpectRefused(OneTensor("", 0), "tensor 't': dtype, shape and data_offsets must all be there");
  ExpectRefused(OneTensor(R"("dtype":"U8","shape":[])", 0), "must all be there");
  ExpectRefused(OneTensor(R"("strides":[1])", 0), "tensor 't': unknown field 'strides'");
  ExpectRefused(OneTensor(R"("dtype":"U8","dtype":"U8")", 0), "tensor 't': dtype is there twice");
  ExpectRefused(File(R"({"__metadata__":{},"__metadata__":{}})"), "'__metadata__' is there twice");
}

TEST(HostileSafetensors, TypesThatAreNotRead) {
  for (const char* type : {"F8_E4M3", "F4", "u8", ""}) {
    ExpectRefused(OneTensor(R"("dtype":")" + std::string(type) + "\"", 0),
                  "tensor 't': dtype: the element type '" + std::string(type) + "' is not read",
                  StatusCode::kUnsupported);
  }
}

TEST(HostileSafetensors, Names) {
  ExpectRefused(File(R"({"":{}})"), "the name of tensor 0 is 0 bytes long; a name has 1 to 1024 bytes");
  ExpectRefused(File("{\"" + std::string(1025, 'n') + "\":{}}"), "is 1025 bytes long");
  ExpectRefused(File(R"({"a\nb":{}})"), R"(holds control characters: 'a\x0ab')");
  const std::string entry = R"("t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  ExpectRefused(File("{" + entry + "," + entry + "}"), "tensor 't' is there twice; a name may come once");
}

TEST(HostileSafetensors, Shapes) {
  ExpectRefused(OneTensor(R"("shape":[1,1,1,1,1,1,1,1,1])", 0), "tensor 't': shape: more than 8 numbers");
  for (const char* shape : {"4294967296,4294967296", "18446744073709551615,2", "0,4294967296,4294967296"}) {
    ExpectRefused(OneTensor(R"("dtype":"U8","data_offsets":[0,0],"shape":[)" + std::string(shape) + "]", 0),
                  "tensor 't' has 2^64 elements or more");
  }
  ExpectRefused(OneTensor(R"("dtype":"F64","data_offsets":[0,0],"shape":[2305843009213693952])", 0),
                "tensor 't' has 0 bytes; 2305843009213693952 elements of F64 do not take that");
}

TEST(HostileSafetensors, Offsets) {
  const std::string four = R"("dtype":"U8","shape":[4],"data_offsets":)";
  ExpectRefused(OneTensor(four + "[0]", 4), "tensor 't': data_offsets: it must hold two numbers");
  ExpectRefused(OneTensor(four + "[0,2,4]", 4), "tensor 't': data_offsets: more than 2 numbers");
  ExpectRefused(OneTensor(four + "[4,0]", 4), "tensor 't' begins at 4 and ends before, at 0");
  ExpectRefused(OneTensor(four + "[0,5]", 4), "tensor 't' ends at 5, and the data has 4 bytes; the file is cut short");
  ExpectRefused(OneTensor(four + "[18446744073709551612,18446744073709551615]", 4), "ends at 18446744073709551615");
  ExpectRefused(OneTensor(four + "[0,3]", 4), "tensor 't' has 3 bytes; 4 elements of U8 do not take that");
}

TEST(HostileSafetensors, HolesAndOverlaps) {
  const auto pair = [](const std::string& a, const std::string& b) {
    return File(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[)" + a +
                    R"(]},"b":{"dtype":"U8","shape":[4],"data_offsets":[)" + b + "]}}",
                12);
  };
  ExpectRefused(pair("0,4", "2,6"), "tensor 'b' overlaps the one before it by 2 bytes");
  ExpectRefused(pair("0,4", "0,4"), "overlaps the one before it by 4 bytes");
  ExpectRefused(pair("0,4", "8,12"), "4 bytes before tensor 'b' belong to no tensor");
  ExpectRefused(pair("4,8", "8,12"), "4 bytes before tensor 'a' belong to no tensor");
  ExpectRefused(pair("4,8", "0,4"), "4 bytes after the last tensor belong to no tensor");
}

}  // namespace
}  // namespace sterna::format
