// SPDX-License-Identifier: Apache-2.0
#include "model/model_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "support/tiny_model.h"

namespace sterna::model {
namespace {

using testing::ByteString;
using ::testing::HasSubstr;
using testing::TinyModel;

Result<ModelConfig> Read(const TinyModel& model, const ModelOptions& options = {}) {
  const std::vector<std::byte> image = model.Build();
  Result<format::GgufFile> file = format::GgufFile::Parse(image, "m.gguf");
  if (!file.ok()) return file.status();
  return ReadModelConfig(*file, options);
}

TEST(ModelConfig, ReadsEveryField) {
  const Result<ModelConfig> config = Read(TinyModel());
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->architecture, "bitnet-b1.58");
  EXPECT_EQ(config->name, "tiny");
  EXPECT_EQ(config->vocabulary_size, TinyModel::kVocabulary);
  EXPECT_EQ(config->context_length, 256u);
  EXPECT_EQ(config->layers, TinyModel::kLayers);
  EXPECT_EQ(config->hidden, TinyModel::kHidden);
  EXPECT_EQ(config->ffn, TinyModel::kFfn);
  EXPECT_EQ(config->heads, 2u);
  EXPECT_EQ(config->kv_heads, 1u);
  EXPECT_EQ(config->head_dim, TinyModel::kHeadDim);
  EXPECT_EQ(config->rotary_dim, TinyModel::kHeadDim);
  EXPECT_EQ(config->rope_theta, 10000.0f);
  EXPECT_EQ(config->norm_eps, 1e-5f);
}

TEST(ModelConfig, TakesTheCustomaryValuesForOptionalKeys) {
  TinyModel model;
  for (const char* key : {"attention.head_count_kv", "rope.dimension_count", "rope.freq_base"}) model.RemoveValue(key);
  const Result<ModelConfig> config = Read(model);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->kv_heads, config->heads);
  EXPECT_EQ(config->rotary_dim, config->head_dim);
  EXPECT_EQ(config->rope_theta, 10000.0f);
}

TEST(ModelConfig, TakesTheHeadSizeFromTheKeyLengthWhereGiven) {
  TinyModel model;
  model.SetU32("attention.key_length", 96);
  const Result<ModelConfig> config = Read(model);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->head_dim, 96u);
}

TEST(ModelConfig, TakesTheVocabularySizeFromTheTokensWhereTheKeyIsMissing) {
  TinyModel model;
  model.RemoveValue("vocab_size");
  ByteString tokens;
  tokens.U32(testing::kIdString).U64(3).Text("a").Text("b").Text("c");
  model.Set("tokenizer.ggml.tokens", testing::kIdArray, tokens);
  const Result<ModelConfig> config = Read(model);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->vocabulary_size, 3u);
}

// One wrong thing each: what is changed, what the answer is, and what its line must hold.
struct WrongCase {
  const char* name;
  std::function<void(TinyModel&)> change;
  StatusCode code;
  const char* text;
};
void PrintTo(const WrongCase& wrong, std::ostream* out) { *out << wrong.name; }

std::function<void(TinyModel&)> U32(const char* key, uint32_t value) {
  return [=](TinyModel& model) { model.SetU32(key, value); };
}
std::function<void(TinyModel&)> F32(const char* key, float value) {
  return [=](TinyModel& model) { model.SetF32(key, value); };
}
std::function<void(TinyModel&)> Text(const char* key, const char* value) {
  return [=](TinyModel& model) { model.SetString(key, value); };
}
std::function<void(TinyModel&)> Gone(const char* key) {
  return [=](TinyModel& model) { model.RemoveValue(key); };
}

class ModelConfigRefuses : public ::testing::TestWithParam<WrongCase> {};

TEST_P(ModelConfigRefuses, WithOneLineThatNamesTheKey) {
  TinyModel model;
  GetParam().change(model);
  const Result<ModelConfig> config = Read(model);
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.status().code(), GetParam().code) << config.status().ToString();
  EXPECT_THAT(config.status().message(), HasSubstr(GetParam().text));
  EXPECT_THAT(config.status().message(), ::testing::Not(HasSubstr("\n")));
}

constexpr StatusCode kCorrupt = StatusCode::kCorrupt, kUnsupported = StatusCode::kUnsupported;
constexpr uint32_t kMost = UINT32_MAX;
constexpr float kNan = NAN, kInfinity = INFINITY;

const WrongCase kWrongCases[] = {
    {"ArchitectureMissing", Gone("general.architecture"), kCorrupt, "general.architecture"},
    {"ArchitectureANumber", U32("general.architecture", 7), kCorrupt, "general.architecture"},
    {"ArchitectureUnknown", Text("general.architecture", "mamba"), kUnsupported, "known are bitnet-b1.58"},
    {"ArchitectureWithControlCharacters", Text("general.architecture", "a\nb\x1b[2J"), kUnsupported,
     "architecture 'a\\x0ab\\x1b[2J' is not supported"},
    {"BlockCountMissing", Gone("block_count"), kCorrupt, "block_count"},
    {"BlockCountZero", U32("block_count", 0), kCorrupt, "block_count' is 0"},
    {"BlockCountOverTheTensors", U32("block_count", 513), kCorrupt, "block_count' is 513"},
    {"BlockCountABillion", U32("block_count", 1000000000), kCorrupt, "block_count"},
    {"BlockCountAString", Text("block_count", "two"), kCorrupt, "block_count"},
    {"EmbeddingLengthMissing", Gone("embedding_length"), kCorrupt, "embedding_length"},
    {"EmbeddingLengthZero", U32("embedding_length", 0), kCorrupt, "embedding_length' is 0"},
    {"EmbeddingLengthHuge", U32("embedding_length", kMost), kCorrupt, "embedding_length' is 4294967295"},
    {"EmbeddingLengthAFloat", F32("embedding_length", 128), kCorrupt, "embedding_length"},
    {"EmbeddingLengthNegative",
     [](TinyModel& m) { m.Set("embedding_length", testing::kIdI32, ByteString().I32(-128)); }, kCorrupt,
     "embedding_length"},
    {"EmbeddingLengthOver32Bits",
     [](TinyModel& m) { m.Set("embedding_length", testing::kIdU64, ByteString().U64((1ull << 32) + 128)); }, kCorrupt,
     "embedding_length"},
    {"FeedForwardLengthMissing", Gone("feed_forward_length"), kCorrupt, "feed_forward_length"},
    {"FeedForwardLengthZero", U32("feed_forward_length", 0), kCorrupt, "feed_forward_length' is 0"},
    {"FeedForwardLengthHuge", U32("feed_forward_length", 1u << 31), kCorrupt, "feed_forward_length"},
    {"HeadCountMissing", Gone("attention.head_count"), kCorrupt, "head_count"},
    {"HeadCountZero", U32("attention.head_count", 0), kCorrupt, "head_count' is 0"},
    {"HeadCountHuge", U32("attention.head_count", kMost), kCorrupt, "head_count"},
    {"HeadCountNotADivisorOfTheWidth", U32("attention.head_count", 3), kCorrupt, "embedding_length 128"},
    {"KvHeadCountZero", U32("attention.head_count_kv", 0), kCorrupt, "head_count_kv' is 0"},
    {"KvHeadCountOverHeadCount", U32("attention.head_count_kv", 4), kCorrupt, "does not divide head_count 2"},
    {"KvHeadCountABool", [](TinyModel& m) { m.Set("attention.head_count_kv", testing::kIdBool, ByteString().U8(1)); },
     kCorrupt, "head_count_kv"},
    {"KeyLengthHuge", U32("attention.key_length", kMost), kCorrupt, "key_length"},
    {"ValueLengthOtherThanKeyLength", U32("attention.value_length", 32), kCorrupt, "value_length' is 32"},
    {"RotaryZero", U32("rope.dimension_count", 0), kCorrupt, "dimension_count' is 0"},
    {"RotaryOdd", U32("rope.dimension_count", 33), kCorrupt, "must be even"},
    {"RotaryOverTheHead", U32("rope.dimension_count", 66), kCorrupt, "dimension_count' is 66"},
    {"ThetaZero", F32("rope.freq_base", 0), kCorrupt, "freq_base' is 0"},
    {"ThetaNegative", F32("rope.freq_base", -1), kCorrupt, "freq_base' is -1"},
    {"ThetaNan", F32("rope.freq_base", kNan), kCorrupt, "freq_base"},
    {"ThetaInfinite", F32("rope.freq_base", kInfinity), kCorrupt, "freq_base"},
    {"ThetaAString", Text("rope.freq_base", "1e4"), kCorrupt, "freq_base"},
    {"WeightsThatAreRotated", U32("prism.hadamard.block_size", 1024), kUnsupported,
     "key 'prism.hadamard.block_size' says that its weights are rotated"},
    {"RopeScalingLinear", Text("rope.scaling.type", "linear"), kUnsupported, "rope.scaling.type is 'linear'"},
    {"EpsMissing", Gone("attention.layer_norm_rms_epsilon"), kCorrupt, "layer_norm_rms_epsilon"},
    {"EpsZero", F32("attention.layer_norm_rms_epsilon", 0), kCorrupt, "layer_norm_rms_epsilon' is 0"},
    {"EpsNan", F32("attention.layer_norm_rms_epsilon", kNan), kCorrupt, "layer_norm_rms_epsilon"},
    {"EpsTooSmallForAFloat",
     [](TinyModel& m) { m.Set("attention.layer_norm_rms_epsilon", testing::kIdF64, ByteString().Put(1e-60)); },
     kCorrupt, "layer_norm_rms_epsilon"},
    {"ContextLengthMissing", Gone("context_length"), kCorrupt, "context_length"},
    {"ContextLengthZero", U32("context_length", 0), kCorrupt, "context_length' is 0"},
    {"ContextLengthNear2To63",
     [](TinyModel& m) { m.Set("context_length", testing::kIdU64, ByteString().U64(1ull << 63)); }, kCorrupt,
     "context_length"},
    {"VocabularySizeMissing", Gone("vocab_size"), kCorrupt, "vocab_size"},
    {"VocabularySizeZero", U32("vocab_size", 0), kCorrupt, "vocab_size' is 0"},
    {"VocabularySizeOtherThanTheTokens",
     [](TinyModel& m) {
       m.Set("tokenizer.ggml.tokens", testing::kIdArray, ByteString().U32(testing::kIdString).U64(1).Text("a"));
     },
     kCorrupt, "tokenizer.ggml.tokens has 1 entries"},
    {"ActivationUnknown", Text("hidden_activation", "gelu"), kUnsupported, "hidden_activation is 'gelu'"},
    {"ActivationWithANewline", Text("hidden_activation", "a\nb"), kUnsupported, "is 'a\\x0ab'"},
    {"ActivationANumber", U32("hidden_activation", 2), kCorrupt, "hidden_activation"},
};

INSTANTIATE_TEST_SUITE_P(Hostile, ModelConfigRefuses, ::testing::ValuesIn(kWrongCases),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace sterna::model
