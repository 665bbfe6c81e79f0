// SPDX-License-Identifier: Apache-2.0
//
// Type ids with several meanings, decided by byte spans.
#include <gtest/gtest.h>

#include "support/gguf_builder.h"
#include "support/gguf_expect.h"

namespace sterna::format {
namespace {

using namespace sterna::testing;  // NOLINT(google-build-using-namespace): the whole file speaks this vocabulary
using quant::TensorType;

struct Listed {
  std::string_view name;
  size_t columns, rows, size_bytes;
};

// Names of the types that the tensors, all of one id, are read as.
std::vector<std::string> Decide(uint32_t id, const std::vector<Listed>& tensors, size_t trailing_bytes = 0) {
  GgufBuilder builder;
  for (const Listed& t : tensors) builder.Tensor(t.name, {int64_t(t.columns), int64_t(t.rows)}, id, t.size_bytes);
  auto image = builder.Build();
  image.resize(image.size() + trailing_bytes);
  const auto file = GgufFile::Parse(image, kImageName);
  if (!file.ok()) return {file.status().ToString()};
  std::vector<std::string> names;
  for (const GgufTensor& tensor : file->tensors()) names.emplace_back(tensor.type_name);
  return names;
}

using Names = std::vector<std::string>;

TEST(GgufTypes, Id36IsI2sWhenTheSpanIsCodesAndTail) {
  EXPECT_EQ(Decide(36, {{"a", 128, 5, 192}, {"b", 256, 4, 288}}), (Names{"I2_S", "I2_S"}));
  const auto image = GgufBuilder().Tensor("a", {128, 5}, 36, 192).Build();
  const auto file = GgufFile::Parse(image, kImageName);
  EXPECT_EQ(file->tensors()[0].type, TensorType::kI2_S);
  EXPECT_EQ(file->tensors()[0].bytes.size(), 192u);
}

TEST(GgufTypes, Id36IsTheRemovedRepackingWhenTheSpanSaysSo) {
  EXPECT_EQ(Decide(36, {{"a", 128, 8, 576}, {"b", 128, 4, 288}}), (Names{"IQ4_NL_4_4", "IQ4_NL_4_4"}));
}

TEST(GgufTypes, Id36IsI2sWithBytesAfterTheLastTensor) {
  EXPECT_EQ(Decide(36, {{"a", 128, 4, 160}, {"b", 128, 4, 160}}, 48), (Names{"I2_S", "I2_S"}));
  EXPECT_EQ(Decide(36, {{"a", 128, 4, 160}}, 48), (Names{"I2_S"}));
}

TEST(GgufTypes, Id36StaysUndecidedWhenBothMeaningsFitLoosely) {
  EXPECT_EQ(Decide(36, {{"a", 128, 4, 160}}, 4096), (Names{"undecided"}));
}

TEST(GgufTypes, Id36StaysUndecidedWhenTensorsDisagree) {
  EXPECT_EQ(Decide(36, {{"a", 128, 4, 288}, {"b", 128, 4, 160}, {"c", 128, 8, 288}}),
            (Names{"undecided", "undecided", "undecided"}));
}

TEST(GgufTypes, Id38IsTl1WithAndWithoutTheHiddenScale) {
  EXPECT_EQ(Decide(38, {{"a", 256, 4, 288}, {"b", 256, 4, 288}}), (Names{"TL1", "TL1"}));
  EXPECT_EQ(Decide(38, {{"a", 256, 4, 320}, {"b", 256, 4, 320}}), (Names{"TL1", "TL1"}));
}

TEST(GgufTypes, Id39IsMxfp4OrTl2) {
  EXPECT_EQ(Decide(39, {{"a", 512, 96, 26112}}), (Names{"MXFP4"}));
  // 256 * 96 / 3 * 5 / 8 = 5120 bytes of triples, 256 * 96 / 2 * 4 / 8 = 6144 of pairs, 32 of scale.
  EXPECT_EQ(Decide(39, {{"a", 512, 96, 11296}}), (Names{"TL2"}));
  EXPECT_EQ(Decide(39, {{"a", 512, 96, 11328}, {"b", 512, 96, 11328}}), (Names{"TL2", "TL2"}));
}

TEST(GgufTypes, Id40IsNvfp4OrAnEarlyQ1) {
  EXPECT_EQ(Decide(40, {{"a", 256, 4, 576}}), (Names{"NVFP4"}));
  EXPECT_EQ(Decide(40, {{"a", 256, 4, 192}}), (Names{"Q1_0 in groups of 32"}));
}

TEST(GgufTypes, Id42IsQ2InGroupsOf64Or128) {
  EXPECT_EQ(Decide(42, {{"a", 256, 32, 2304}}), (Names{"Q2_0"}));
  for (const TensorType type : {TensorType::kQ2_0, TensorType::kQ2_0_G128}) {
    const auto image = GgufBuilder().Tensor("a", {256, 32}, 42, *quant::TensorBytes(type, 32, 256)).Build();
    const auto file = GgufFile::Parse(image, kImageName);
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    EXPECT_EQ(file->tensors()[0].type, type);
  }
  EXPECT_EQ(Decide(42, {{"a", 256, 32, 2176}}), (Names{"Q2_0 in groups of 128"}));
}

TEST(GgufTypes, Id42StaysUndecidedWherePaddingHidesTheDifference) {
  EXPECT_EQ(Decide(42, {{"a", 256, 4, 288}}), (Names{"undecided"}));  // 272 bytes are padded to 288, too
  EXPECT_EQ(Decide(42, {{"a", 256, 4, 288}, {"b", 256, 32, 2304}}), (Names{"Q2_0", "Q2_0"}));
}

TEST(GgufTypes, Ids142And143AreThePrismFormatsOnlyWhenTheSpanFits) {
  EXPECT_EQ(Decide(142, {{"a", 256, 4, 272}}), (Names{"PQ2_0"}));
  EXPECT_EQ(Decide(142, {{"a", 256, 4, 256}}), (Names{"undecided"}));
  EXPECT_EQ(Decide(143, {{"a", 256, 4, 224}}), (Names{"PTQ1_0"}));
  EXPECT_EQ(Decide(143, {{"a", 256, 4, 192}}), (Names{"undecided"}));
}

TEST(GgufTypes, AgreementIsRequiredAmongTensorsOfOneIdOnly) {
  const auto image = GgufBuilder().Tensor("a", {256, 32}, 42, 2176).Tensor("b", {256, 4}, 36, 288).Build();
  const auto file = GgufFile::Parse(image, kImageName);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->tensors()[0].type_name, "Q2_0 in groups of 128");
  EXPECT_EQ(file->tensors()[1].type_name, "I2_S");
}

TEST(GgufTypes, SpansArePaddedToTheFilesAlignment) {
  GgufBuilder builder;
  builder.alignment = 256;
  builder.U32("general.alignment", 256).Tensor("a", {128, 4}, 36, 160).Tensor("b", {128, 4}, 36, 160);
  const auto image = builder.Build();
  const auto file = GgufFile::Parse(image, kImageName);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ(file->alignment(), 256u);
  EXPECT_EQ(file->tensors()[0].type_name, "I2_S");
  EXPECT_TRUE(file->warnings().empty());
}

struct ReadType {
  uint32_t id;
  TensorType type;
};

TEST(GgufTypes, EveryReadableTypeIsReadUnderItsId) {
  constexpr ReadType kTypes[] = {
      {0, TensorType::kF32},         {1, TensorType::kF16},     {2, TensorType::kQ4_0},     {8, TensorType::kQ8_0},
      {14, TensorType::kQ6_K},       {24, TensorType::kI8},     {25, TensorType::kI16},     {26, TensorType::kI32},
      {27, TensorType::kI64},        {28, TensorType::kF64},    {30, TensorType::kBF16},    {34, TensorType::kTQ1_0},
      {35, TensorType::kTQ2_0},      {36, TensorType::kI2_S},   {134, TensorType::kIQ1_BN}, {135, TensorType::kIQ2_BN},
      {335, TensorType::kIQ2_BN_R4}, {142, TensorType::kPQ2_0}, {143, TensorType::kPTQ1_0}, {38, TensorType::kTL1},
      {39, TensorType::kTL2},
  };
  for (const auto& [id, type] : kTypes) {
    const size_t size = *quant::TensorBytes(type, 4, 256);
    const auto image = GgufBuilder().Tensor("a", {256, 4}, id, size).Build();
    const auto file = GgufFile::Parse(image, kImageName);
    ASSERT_TRUE(file.ok()) << id;
    EXPECT_EQ(file->tensors()[0].type, type) << id;
    EXPECT_EQ(file->tensors()[0].type_name, quant::Info(type).name) << id;
    EXPECT_EQ(file->tensors()[0].bytes.size(), size) << id;
  }
}

}  // namespace
}  // namespace sterna::format
