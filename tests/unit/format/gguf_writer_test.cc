// SPDX-License-Identifier: Apache-2.0
#include "format/gguf_writer.h"

#include <gtest/gtest.h>

#include <fstream>

#include "format/gguf_file.h"
#include "support/gguf_builder.h"
#include "support/temporary_folder.h"
#include "support/test_sequences.h"

namespace sterna::format {
namespace {

using quant::TensorType;
using sterna::testing::LcgBytes;
using sterna::testing::TemporaryFolder;

GgufWriter FullWriter(std::span<const std::byte> ternary, std::span<const std::byte> norm) {
  GgufWriter writer;
  writer.AddString("general.architecture", "bitnet-b1.58");
  writer.AddU32("a.u32", 4294967295u);
  writer.AddU64("a.u64", uint64_t{1} << 63);
  writer.AddF32("a.f32", 0.5f);
  writer.AddBool("a.bool", true);
  writer.AddStrings("a.strings", std::vector<std::string>{"one", "", "drei\xc3\xa4"});
  writer.AddF32s("a.f32s", std::vector<float>{0, -1000});
  writer.AddI32s("a.i32s", std::vector<int32_t>{1, -3});
  writer.AddTensor("w", {256, 3}, TensorType::kI2_S, ternary);
  writer.AddTensor("norm", {5}, TensorType::kF32, norm);
  return writer;
}

TEST(GgufWriter, WritesWhatTheReaderReadsBack) {
  const auto ternary = LcgBytes(224, 3), norm = LcgBytes(20, 4);
  const auto image = FullWriter(ternary, norm).Serialize();
  ASSERT_TRUE(image.ok()) << image.status().ToString();
  const auto file = GgufFile::Parse(*image, "x");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ(file->version(), 3u);
  EXPECT_TRUE(file->warnings().empty());
  EXPECT_EQ(**file->GetString("general.architecture"), "bitnet-b1.58");
  EXPECT_EQ(**file->GetUnsigned("a.u32"), 4294967295u);
  EXPECT_EQ(**file->GetUnsigned("a.u64"), uint64_t{1} << 63);
  EXPECT_EQ(**file->GetFloat("a.f32"), 0.5);
  EXPECT_EQ(**file->GetBool("a.bool"), true);
  const auto strings = **file->GetStrings("a.strings");
  EXPECT_EQ(std::vector<std::string>(strings.begin(), strings.end()),
            (std::vector<std::string>{"one", "", "drei\xc3\xa4"}));
  EXPECT_EQ(**file->GetFloats("a.f32s"), (std::vector<float>{0, -1000}));
  EXPECT_EQ(**file->GetIntegers("a.i32s"), (std::vector<int64_t>{1, -3}));
  const GgufTensor& w = **file->RequireTensor("w");
  EXPECT_EQ(w.type, TensorType::kI2_S);
  EXPECT_EQ(w.rows(), 3u);
  EXPECT_EQ(w.columns(), 256u);
  EXPECT_TRUE(std::equal(w.bytes.begin(), w.bytes.end(), ternary.begin(), ternary.end()));
  const GgufTensor& n = **file->RequireTensor("norm");
  EXPECT_TRUE(std::equal(n.bytes.begin(), n.bytes.end(), norm.begin(), norm.end()));
}

TEST(GgufWriter, CopiesEveryValueOfAFileToTheByte) {
  using namespace sterna::testing;  // NOLINT(google-build-using-namespace)
  const auto image = GgufBuilder()
                         .Value("u8", kIdU8, ByteString().U8(200))
                         .Value("i8", kIdI8, ByteString().U8(0xfe))
                         .Value("i16", kIdI16, ByteString().Put(int16_t{-2}))
                         .Value("i64", kIdI64, ByteString().Put(int64_t{-9}))
                         .Value("f32", kIdF32, ByteString().F32(1e-5f))
                         .Value("f64", kIdF64, ByteString().Put(0.1))
                         .Value("bool", kIdBool, ByteString().U8(1))
                         .String("string", "text")
                         .Value("i16s", kIdArray, ByteString().U32(kIdI16).U64(2).Put(int16_t{3}).Put(int16_t{-1}))
                         .Value("strings", kIdArray, ByteString().U32(kIdString).U64(2).Text("").Text("b"))
                         .Value("nothing", kIdArray, ByteString().U32(kIdF32).U64(0))
                         .Build();
  const auto file = GgufFile::Parse(image, "x");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  GgufWriter writer;
  for (const auto& [key, value] : file->values()) writer.AddValue(key, value);
  const auto copy = *writer.Serialize();
  // The builder does not pad behind the metadata of a file without tensors.
  ASSERT_GE(copy.size(), image.size());
  EXPECT_TRUE(std::equal(image.begin(), image.end(), copy.begin()));
}

TEST(GgufWriter, AlignsTensorsAsAsked) {
  const auto first = LcgBytes(20, 4), second = LcgBytes(20, 5);
  GgufWriter writer;
  writer.SetAlignment(4096);
  writer.AddTensor("first", {5}, TensorType::kF32, first);
  writer.AddTensor("second", {5}, TensorType::kF32, second);
  const auto image = *writer.Serialize();
  const auto file = GgufFile::Parse(image, "x");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  for (const GgufTensor& tensor : file->tensors()) EXPECT_EQ(0u, tensor.offset_bytes % 4096);
  const GgufTensor& tensor = **file->RequireTensor("second");
  EXPECT_TRUE(std::equal(tensor.bytes.begin(), tensor.bytes.end(), second.begin(), second.end()));
}

TEST(GgufWriter, WritesTheSameBytesToAFile) {
  const TemporaryFolder folder;
  const auto ternary = LcgBytes(224, 3), norm = LcgBytes(20, 4);
  const GgufWriter writer = FullWriter(ternary, norm);
  const Status written = writer.Write(folder.File("m.gguf"));
  ASSERT_TRUE(written.ok()) << written.ToString();
  std::ifstream in(folder.File("m.gguf"), std::ios::binary);
  const std::string stored((std::istreambuf_iterator<char>(in)), {});
  const auto image = *writer.Serialize();
  EXPECT_EQ(stored, std::string(reinterpret_cast<const char*>(image.data()), image.size()));
  const auto file = GgufFile::Open(folder.File("m.gguf"));
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ(file->file_bytes(), image.size());
  EXPECT_TRUE(file->CheckStillWhole().ok());
}

TEST(GgufWriter, LeavesNoFileWhenATensorIsMadeTooShort) {
  const TemporaryFolder folder;
  GgufWriter writer;
  writer.AddTensor("w", {8}, TensorType::kF32, 32, [](const GgufWriter::Sink& sink) { return sink(LcgBytes(31, 1)); });
  EXPECT_EQ(writer.Write(folder.File("m.gguf")).code(), StatusCode::kInternal);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(GgufWriter, NamesTheFileThatCannotBeCreated) {
  const TemporaryFolder folder;
  const Status status = GgufWriter().Write(folder.File("no/such/m.gguf"));
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_NE(status.message().find("m.gguf"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace sterna::format
