// SPDX-License-Identifier: Apache-2.0
//
// Hostile tensor entries, each a named case; docs/hostile-files.md tells the same as a table.
#include <gtest/gtest.h>

#include <limits>

#include "quant/ternary.h"
#include "support/gguf_builder.h"
#include "support/gguf_expect.h"

namespace sterna::format {
namespace {

using namespace sterna::testing;  // NOLINT(google-build-using-namespace): the whole file speaks this vocabulary

constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();
constexpr int64_t kInt64Min = std::numeric_limits<int64_t>::min();
constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
constexpr uint32_t kF32 = 0, kQ8_0 = 8, kF64 = 28, kTq1 = 34, kTq2 = 35, kI2s = 36;

std::vector<std::byte> WithDimensions(std::vector<int64_t> dimensions, uint32_t type_id = kF32) {
  return GgufBuilder().Tensor("t", dimensions, type_id, 4096).Build();
}

TEST(HostileTensors, DimensionCounts) {
  for (const uint32_t count : {0u, 5u, 1000000u, 0xffffffffu}) {
    ExpectCorrupt(GgufBuilder().TensorAt("t", {8}, kF32, 0, count).DataBytes(64).Build(),
                  "tensor 't' has " + std::to_string(count) + " dimensions; a tensor has 1 to 4");
  }
}

TEST(HostileTensors, DimensionsBelowOne) {
  for (const int64_t dimension : {int64_t{0}, int64_t{-1}, kInt64Min}) {
    ExpectCorrupt(WithDimensions({8, dimension}),
                  "dimension 1 of tensor 't' is " + std::to_string(dimension) + "; it must be 1 or more");
  }
}

TEST(HostileTensors, DimensionsWhoseProductWraps) {
  const std::string text = "tensor 't' has 2^63 elements or more";
  ExpectCorrupt(WithDimensions({kInt64Max, 2}), text);
  ExpectCorrupt(WithDimensions({int64_t{1} << 32, int64_t{1} << 32}), text);
  ExpectCorrupt(WithDimensions({(int64_t{1} << 42) + 1, int64_t{1} << 22}), text);
  ExpectCorrupt(WithDimensions({3, int64_t{1} << 31, int64_t{1} << 31, int64_t{1} << 31}), text);
}

TEST(HostileTensors, DimensionsWhoseBytesWrap) {
  ExpectCorrupt(WithDimensions({kInt64Max}), "tensor 't'");
  ExpectCorrupt(WithDimensions({int64_t{1} << 61, 2}, kF64), "tensor 't'");
  ExpectCorrupt(WithDimensions({int64_t{1} << 62}, kI2s), "tensor 't'");
  ExpectCorrupt(WithDimensions({int64_t{1} << 62}, 39), "tensor 't'");
}

TEST(HostileTensors, DimensionsLargerThanTheFile) {
  ExpectCorrupt(WithDimensions({(int64_t{1} << 42) + 1}),
                "tensor 't' takes 17592186044420 bytes in F32, but the file ends 4096 bytes after its start");
}

TEST(HostileTensors, ColumnsThatAreNoMultipleOfABlock) {
  ExpectCorrupt(WithDimensions({255, 4}, kTq1), "rows of 255 values, which TQ1_0 cannot hold (blocks of 256 values)");
  ExpectCorrupt(WithDimensions({128, 4}, kTq2), "blocks of 256");
  ExpectCorrupt(WithDimensions({33, 4}, kQ8_0), "blocks of 32");
  ExpectCorrupt(WithDimensions({63, 4}, 42), "fit no Q2_0");
  ExpectCorrupt(WithDimensions({2, 3}, kI2s), "fit no I2_S");
}

TEST(HostileTensors, ColumnsThatSplitAnI2sBlockAreRefusedAtTheNumberFormat) {
  const auto image = GgufBuilder().Tensor("t", {64, 3}, kI2s, 80).Build();
  const auto file = GgufFile::Parse(image, kImageName);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const GgufTensor& tensor = **file->RequireTensor("t");
  const Status status = quant::InspectTernary({.rows = 3, .columns = 64, .bytes = tensor.bytes}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
}

// Listed, so that the file can be inspected; refused when something wants the tensor.
void ExpectListedOnly(uint32_t type_id, int64_t columns, size_t size_bytes, const std::string& name,
                      const std::string& reason) {
  const auto image = GgufBuilder().Tensor("t", {columns, 4}, type_id, size_bytes).Build();
  const auto file = GgufFile::Parse(image, kImageName);
  ASSERT_TRUE(file.ok()) << type_id << ": " << file.status().ToString();
  const GgufTensor& tensor = file->tensors()[0];
  EXPECT_FALSE(tensor.type.has_value()) << type_id;
  EXPECT_EQ(tensor.type_name, name);
  EXPECT_TRUE(tensor.bytes.empty());
  EXPECT_THAT(file->warnings(), ::testing::IsEmpty()) << name;  // a known size leaves no slack
  const Status status = file->RequireTensor("t").status();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported) << type_id;
  EXPECT_THAT(status.message(), ::testing::StartsWith("file 'm.gguf': tensor 't': "));
  EXPECT_THAT(status.message(), ::testing::HasSubstr(reason));
}

TEST(HostileTensors, TypesThatGgmlRemoved) {
  for (const uint32_t id : {4u, 5u}) ExpectListedOnly(id, 256, 576, id == 4 ? "Q4_2" : "Q4_3", "removed");
  ExpectListedOnly(31, 256, 576, "Q4_0_4_4", "removed");
  ExpectListedOnly(32, 256, 576, "Q4_0_4_8", "removed");
  ExpectListedOnly(33, 256, 576, "Q4_0_8_8", "removed");
}

TEST(HostileTensors, TypesOfOtherEngines) {
  ExpectListedOnly(37, 256, 1024, "I8_S", "never in a file");
  ExpectListedOnly(13, 256, 4 * 176, "Q5_K", "does not read");
}

TEST(HostileTensors, RowScaledTensorsThatAreCutOffOrDoNotFit) {
  ExpectCorrupt(GgufBuilder().Tensor("t", {256, 4}, 134, 215).Build(), "tensor 't' takes 216 bytes in IQ1_BN");
  ExpectCorrupt(GgufBuilder().Tensor("t", {256, 4}, 135, 271).Build(), "tensor 't' takes 272 bytes in IQ2_BN");
  ExpectCorrupt(GgufBuilder().Tensor("t", {256, 4}, 335, 271).Build(), "tensor 't' takes 272 bytes in IQ2_BN_R4");
  ExpectCorrupt(GgufBuilder().Tensor("t", {96, 4}, 135, 272).Build(), "rows of 96 values, which IQ2_BN cannot hold");
}

TEST(HostileTensors, GroupScaledTensorsThatAreCutOff) {
  ExpectCorrupt(GgufBuilder().Tensor("t", {256, 4}, 42, 271).Build(), "has 271 bytes before the file ends");
  ExpectListedOnly(142, 256, 271, "undecided", "PQ2_0 or IQ2_TN");
  ExpectListedOnly(143, 256, 223, "undecided", "PTQ1_0 or IQ1_TN");
}

TEST(HostileTensors, TypeIdsNobodyKnows) {
  for (const uint32_t id : {43u, 97u, 336u, 0x80000000u, 0xffffffffu}) {
    ExpectListedOnly(id, 256, 64, "unknown", "type id " + std::to_string(id) + " is not known");
  }
}

TEST(HostileTensors, OffsetPastTheEnd) {
  for (const uint64_t offset : {uint64_t{64}, uint64_t{1} << 40, kMax - 31, (kMax >> 1) / 32 * 32}) {
    ExpectCorrupt(GgufBuilder().TensorAt("t", {8}, kF32, offset).DataBytes(64).Build(),
                  "tensor 't' starts " + std::to_string(offset) + " bytes into the data");
  }
}

TEST(HostileTensors, OffsetNotAligned) {
  for (const uint64_t offset : {uint64_t{1}, uint64_t{16}, uint64_t{33}}) {
    ExpectCorrupt(GgufBuilder().TensorAt("t", {8}, kF32, offset).DataBytes(128).Build(),
                  "tensor 't' has offset " + std::to_string(offset) + "; offsets are multiples of");
  }
}

TEST(HostileTensors, EndOneBytePastTheFile) {
  ExpectCorrupt(GgufBuilder().Tensor("t", {8}, kF32, 31).Build(), "tensor 't' takes 32 bytes in F32");
  ExpectCorrupt(GgufBuilder().Tensor("t", {256, 4}, kTq2, 263).Build(), "tensor 't' takes 264 bytes in TQ2_0");
}

TEST(HostileTensors, I2sWithoutItsTail) {
  for (const size_t size : {256, 260, 287}) {
    ExpectCorrupt(GgufBuilder().Tensor("t", {256, 4}, kI2s, size).Build(), "I2_S takes 288");
  }
}

TEST(HostileTensors, Overlap) {
  ExpectCorrupt(GgufBuilder().TensorAt("a", {16}, kF32, 0).TensorAt("b", {8}, kF32, 32).DataBytes(64).Build(),
                "tensor 'a' takes 64 bytes in F32, but tensor 'b' starts 32 bytes after its start");
  ExpectCorrupt(GgufBuilder().TensorAt("b", {8}, kF32, 32).TensorAt("a", {16}, kF32, 0).DataBytes(64).Build(),
                "tensor 'a' takes 64 bytes");
  ExpectCorrupt(GgufBuilder().TensorAt("a", {8}, kF32, 32).TensorAt("b", {8}, kF32, 32).DataBytes(64).Build(),
                "tensors 'a' and 'b' overlap");
}

TEST(HostileTensors, NameTwice) {
  ExpectCorrupt(GgufBuilder().Tensor("t", {8}, kF32, 32).Tensor("s", {8}, kF32, 32).Tensor("t", {8}, kF32, 32).Build(),
                "tensor 't' is there twice");
}

TEST(HostileTensors, NameLengths) {
  ExpectCorrupt(GgufBuilder().Tensor("", {8}, kF32, 32).Build(), "the name of tensor 0 is 0 bytes long");
  ExpectCorrupt(GgufBuilder().Tensor(std::string(64, 'n'), {8}, kF32, 32).Build(),
                "is 64 bytes long; a name has 1 to 63 bytes");
  ExpectLoads(GgufBuilder().Tensor(std::string(63, 'n'), {8}, kF32, 32).Build());
}

TEST(HostileTensors, NamesWithControlCharacters) {
  for (const std::string& name : {std::string("a\0b", 3), std::string("a\nb"), std::string("\x1b[31m")}) {
    ExpectCorrupt(GgufBuilder().Tensor(name, {8}, kF32, 32).Build(), "control characters");
  }
}

TEST(HostileTensors, NamesWithPercentSignsAndBraces) {
  const auto image = GgufBuilder().Tensor("%s%n{}", {8}, 43, 32).Build();
  const auto file = GgufFile::Parse(image, kImageName);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->RequireTensor("%s%n{}").status().message(),
            "file 'm.gguf': tensor '%s%n{}': type id 43 is not known");
}

TEST(HostileTensors, BytesThatBelongToNoTensor) {
  ExpectWarning(GgufBuilder().TensorAt("a", {8}, kF32, 0).TensorAt("b", {8}, kF32, 96).DataBytes(128).Build(),
                "64 bytes lie unused after tensor 'a'");
  ExpectWarning(GgufBuilder().TensorAt("a", {8}, kF32, 64).DataBytes(96).Build(),
                "64 bytes lie unused before the first tensor");
  ExpectWarning(GgufBuilder().Tensor("a", {8}, kF32, 37).Build(), "5 bytes follow the last tensor 'a'");
}

TEST(HostileTensors, FileThatEndsWithoutPadding) { ExpectLoads(GgufBuilder().Tensor("a", {9}, kF32, 36).Build()); }

TEST(HostileTensors, NoTensorsAtAll) { ExpectLoads(GgufBuilder().U32("k", 1).Build()); }

}  // namespace
}  // namespace sterna::format
