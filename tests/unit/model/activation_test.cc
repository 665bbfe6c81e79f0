// SPDX-License-Identifier: Apache-2.0
#include "model/activation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/tiny_model.h"

namespace sterna::model {
namespace {

using backend::Activation;
using testing::TinyModel;

Result<ModelConfig> Read(const TinyModel& model, ModelOptions::FfnActivation flag = {}) {
  const std::vector<std::byte> image = model.Build();
  Result<format::GgufFile> file = format::GgufFile::Parse(image, "m.gguf");
  if (!file.ok()) return file.status();
  ModelOptions options;
  options.ffn_activation = flag;
  return ReadModelConfig(*file, options);
}

// A model whose file does not name the activation.
TinyModel Silent(const char* architecture) {
  TinyModel model(architecture);
  model.RemoveValue("hidden_activation");
  return model;
}

TEST(Activation, FlagWinsOverTheFile) {
  const Result<ModelConfig> config = Read(TinyModel(), ModelOptions::FfnActivation::kSilu);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->activation, Activation::kSilu);
  EXPECT_EQ(config->activation_reason, "silu: --ffn-act");
}

TEST(Activation, KeyWinsOverTheArchitecture) {
  TinyModel model("bitnet");
  for (const char* name : {"relu2", "relu_squared"}) {
    model.SetString("hidden_activation", name);
    const Result<ModelConfig> config = Read(model);
    ASSERT_TRUE(config.ok()) << config.status().ToString();
    EXPECT_EQ(config->activation, Activation::kRelu2) << name;
    EXPECT_EQ(config->activation_reason, "relu2: key bitnet.hidden_activation");
  }
}

TEST(Activation, Bitnet25IsSquaredRelu) {
  const Result<ModelConfig> config = Read(Silent("bitnet-25"));
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->activation, Activation::kRelu2);
}

TEST(Activation, BitnetIsSilu) {
  const Result<ModelConfig> config = Read(Silent("bitnet"));
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->activation, Activation::kSilu);
}

TEST(Activation, TheShapeOf2B4TIsSquaredRelu) {
  TinyModel model = Silent("bitnet-b1.58");
  model.SetU32("vocab_size", 128256);
  model.SetU32("embedding_length", 2560);
  model.SetU32("feed_forward_length", 6912);
  model.SetU32("attention.head_count", 20);
  model.SetU32("attention.head_count_kv", 5);
  const Result<ModelConfig> config = Read(model);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->activation, Activation::kRelu2);
}

TEST(Activation, TheVocabularyOfTheReproductionsIsSilu) {
  TinyModel model = Silent("bitnet-b1.58");
  model.SetU32("vocab_size", 32002);
  const Result<ModelConfig> config = Read(model);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->activation, Activation::kSilu);
}

TEST(Activation, ASentencePieceTokenizerMeansSilu) {
  TinyModel model = Silent("bitnet-b1.58");
  model.SetString("tokenizer.ggml.model", "llama");
  const Result<ModelConfig> config = Read(model);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->activation, Activation::kSilu);
}

TEST(Activation, AnUndecidedModelAsksForTheFlag) {
  const Result<ModelConfig> config = Read(Silent("bitnet-b1.58"));
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(config.status().message(), ::testing::HasSubstr("--ffn-act"));
}

}  // namespace
}  // namespace sterna::model
