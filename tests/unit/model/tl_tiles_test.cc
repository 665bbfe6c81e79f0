// SPDX-License-Identifier: Apache-2.0
#include "model/tl_tiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sterna::model {
namespace {

using quant::TensorType;
using quant::TlTiles;
using ::testing::HasSubstr;

TlTiles Chosen(TensorType type, uint64_t rows, uint64_t columns, const TlTileOptions& options = {}) {
  const auto tiles = ChooseTlTiles(type, rows, columns, options);
  EXPECT_TRUE(tiles.ok()) << tiles.status().ToString();
  return tiles.ok() ? *tiles : TlTiles{};
}

TEST(TlTiles, OfPublishedShapesAreKnown) {
  EXPECT_EQ(Chosen(TensorType::kTL1, 1536, 1536), (TlTiles{128, 64, 64}));
  EXPECT_EQ(Chosen(TensorType::kTL1, 3200, 8640), (TlTiles{160, 64, 32}));
  EXPECT_EQ(Chosen(TensorType::kTL2, 1536, 1536), (TlTiles{128, 192, 32}));
  EXPECT_EQ(Chosen(TensorType::kTL2, 4096, 14336), (TlTiles{128, 96, 32}));
}

TEST(TlTiles, OfEveryPublishedShapeCanBe) {
  constexpr uint64_t kShapes[][2] = {{1536, 4096}, {1536, 1536},  {4096, 1536},  {3200, 8640}, {3200, 3200},
                                     {8640, 3200}, {14336, 4096}, {4096, 14336}, {1024, 4096}, {4096, 4096}};
  for (const auto& [rows, columns] : kShapes) {
    for (const TensorType type : {TensorType::kTL1, TensorType::kTL2}) {
      for (const std::string_view set : {"setup", "preset"}) {
        const TlTiles tiles = Chosen(type, rows, columns, *ParseTlTiles(set));
        const Status status = quant::CheckTlTiles(type, rows, columns, tiles);
        EXPECT_TRUE(status.ok()) << rows << "x" << columns << ": " << status.ToString();
      }
    }
  }
}

TEST(TlTiles, OfWhichTwoSetsArePublishedHaveToBeChosen) {
  const Status status = ChooseTlTiles(TensorType::kTL1, 4096, 4096, {}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("128,64,64 (setup) and 128,64,32 (preset)"));
  EXPECT_THAT(status.message(), HasSubstr("give --tl-tiles setup"));
  EXPECT_EQ(Chosen(TensorType::kTL1, 4096, 4096, *ParseTlTiles("setup")), (TlTiles{128, 64, 64}));
  EXPECT_EQ(Chosen(TensorType::kTL1, 4096, 4096, *ParseTlTiles("preset")), (TlTiles{128, 64, 32}));
}

TEST(TlTiles, OfOtherShapesHaveToBeGiven) {
  const Status status = ChooseTlTiles(TensorType::kTL2, 2560, 6912, {}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("publishes no kernels for 2560 x 6912"));
  EXPECT_THAT(status.message(), HasSubstr("give --tl-tiles the kernel_config.ini"));
  EXPECT_THAT(ChooseTlTiles(TensorType::kTL1, 2560, 2560, *ParseTlTiles("preset")).status().message(),
              HasSubstr("publishes no kernels"));
}

TEST(TlTiles, GivenForAShapeGoBeforeThoseForAllAndThePublishedOnes) {
  const TlTileOptions options = *ParseTlTiles("256,128,32/1536x1536=256,32,64");
  EXPECT_EQ(Chosen(TensorType::kTL1, 1536, 1536, options), (TlTiles{256, 32, 64}));
  EXPECT_EQ(Chosen(TensorType::kTL1, 512, 256, options), (TlTiles{256, 128, 32}));
  EXPECT_EQ(Chosen(TensorType::kTL1, 3200, 3200, *ParseTlTiles("1536x1536=256,32,64")), (TlTiles{320, 128, 64}));
}

TEST(TlTiles, GivenThatCannotBeAreRefusedByName) {
  const Status status = ChooseTlTiles(TensorType::kTL1, 96, 64, *ParseTlTiles("64,32,32")).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(
      status.message(),
      "--tl-tiles 64,32,32 cannot be those of 96 x 64 in TL1: 96 rows are no multiple of 64, the height of a tile");
}

TEST(TlTiles, TextThatIsNoneIsRefused) {
  for (const char* text :
       {"", "x", "256,128", "256,128,32,1", "0,128,32", "-1,128,32", "256,128,32x", "256, 128,32", "1536=256,128,32",
        "1536x=256,128,32", "1536x1536=", "256,128,32//256,128,32", "4294967296,1,1", "Setup"}) {
    const Status status = ParseTlTiles(text).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(status.message(), HasSubstr("is none of auto, setup, preset")) << text;
  }
  EXPECT_TRUE(ParseTlTiles("auto")->given.empty());
}

TEST(TlTiles, AreReadFromAKernelConfig) {
  const auto options = ParseKernelConfig(
      "; of a build\n[Kernels_0]\nm = 3200\nk = 8640\nbm = 160\nbk = 64\nbmm = 32\n\n[Kernels_1]\r\nM=128\r\nK=256\r\n"
      "BM=64\r\nBK=128\r\nbmm=64\r\nother = words");
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  ASSERT_EQ(options->given.size(), 2u);
  EXPECT_EQ(Chosen(TensorType::kTL1, 3200, 8640, *options), (TlTiles{160, 64, 32}));
  EXPECT_EQ(Chosen(TensorType::kTL1, 128, 256, *options), (TlTiles{64, 128, 64}));
}

TEST(TlTiles, TextThatIsNoKernelConfigIsRefused) {
  EXPECT_THAT(ParseKernelConfig("").status().message(), HasSubstr("this is no kernel_config.ini"));
  EXPECT_THAT(ParseKernelConfig("m = 3200").status().message(), HasSubstr("there is no section"));
  EXPECT_THAT(ParseKernelConfig("[a]\nm = 1\nk = 1\nbm = 1\nbk = 1\n[b]").status().message(),
              HasSubstr("a section lacks one of"));
  EXPECT_THAT(ParseKernelConfig("[a]\nm = many\n").status().message(), HasSubstr("line 2: m is 'many'"));
  EXPECT_THAT(ParseKernelConfig("[a]\nm = 0\n").status().message(), HasSubstr("it must be a number from 1"));
}

}  // namespace
}  // namespace sterna::model
