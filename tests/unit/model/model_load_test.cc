// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/half.h"
#include "model/model.h"
#include "support/tiny_model.h"
#include "unit/model/fake_backend.h"

namespace sterna::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TinyModel;

// A model loaded from an image that stays alive with it.
struct Loaded {
  explicit Loaded(const TinyModel& source, const ModelOptions& options = {})
      : image(source.Build()), file(format::GgufFile::Parse(image, "m.gguf").value()) {
    Result<std::unique_ptr<Model>> result = Model::Load(file, options, backend);
    status = result.status();
    if (result.ok()) model = *std::move(result);
  }
  std::vector<std::byte> image;
  format::GgufFile file;
  FakeBackend backend;
  std::unique_ptr<Model> model;
  Status status;
};

TEST(ModelLoad, HandsEveryTensorToTheBackend) {
  const Loaded loaded{TinyModel()};
  ASSERT_TRUE(loaded.status.ok()) << loaded.status.ToString();
  EXPECT_EQ(loaded.backend.ternaries.size(), 14u);
  EXPECT_EQ(loaded.backend.denses.size(), 1u);
  EXPECT_EQ(loaded.backend.vectors.size(), 9u);
  EXPECT_TRUE(loaded.model->tied_head());
  EXPECT_EQ(loaded.model->weight_type(), "I2_S");
  EXPECT_EQ(loaded.model->head_type(), "F32");
  EXPECT_THAT(loaded.model->warnings(), ElementsAre());
}

TEST(ModelLoad, CountsTheBytesAndProductsOfAToken) {
  const Loaded loaded{TinyModel()};
  const uint64_t weights = TinyModel::kLayers * (128 * 128 + 2 * 64 * 128 + 128 * 128 + 3 * 128 * 256);
  EXPECT_EQ(loaded.model->TernaryMacsPerToken(), weights);
  EXPECT_EQ(loaded.model->BytesPerToken(), weights / 4 + 32 * 128 * 4);
}

TEST(ModelLoad, TakesOutputWeightAsTheHeadWhereThereIsOne) {
  TinyModel source;
  TinyModel::Tensor head = source.At("token_embd.weight");
  head.name = "output.weight";
  source.AddTensor(head);
  Loaded loaded{source};
  ASSERT_TRUE(loaded.status.ok()) << loaded.status.ToString();
  EXPECT_FALSE(loaded.model->tied_head());
  EXPECT_EQ(loaded.backend.denses.size(), 2u);
  ASSERT_TRUE(loaded.model->Forward({}).ok());
  EXPECT_THAT(loaded.backend.operations, ::testing::Contains("head1"));
}

TEST(ModelLoad, MultipliesByScaleTensors) {
  TinyModel source;
  source.SetF32s("blk.1.ffn_down.scale", {0.75f});
  const Loaded loaded{source};
  ASSERT_TRUE(loaded.status.ok()) << loaded.status.ToString();
  EXPECT_EQ(loaded.backend.ternaries.back().scale_factor, 0.75f);
  EXPECT_EQ(loaded.backend.ternaries.front().scale_factor, 1.0f);
}

TEST(ModelLoad, CallsOnlyTheDownMatricesOfSquaredReluSparse) {
  const Loaded relu2{TinyModel()};
  EXPECT_THAT(relu2.backend.sparse_ternaries, ElementsAre(6u, 13u));  // the last of the seven of each layer
  ModelOptions options;
  options.ffn_activation = ModelOptions::FfnActivation::kSilu;
  const Loaded silu{TinyModel(), options};
  EXPECT_THAT(silu.backend.sparse_ternaries, ElementsAre());
}

TEST(ModelLoad, ReadsNormsStoredAsHalfPrecision) {
  TinyModel source;
  TinyModel::Tensor& norm = source.At("output_norm.weight");
  norm.type_id = TinyModel::kTypeF16;
  norm.bytes.assign(TinyModel::kHidden * 2, std::byte{0});
  const uint16_t half = F32ToF16(1.5f);
  for (size_t i = 0; i < TinyModel::kHidden; ++i) std::memcpy(norm.bytes.data() + 2 * i, &half, 2);
  const Loaded loaded{source};
  ASSERT_TRUE(loaded.status.ok()) << loaded.status.ToString();
  EXPECT_EQ(loaded.backend.vectors.front(), std::vector<float>(TinyModel::kHidden, 1.5f));
}

TEST(ModelLoad, KeepsTinyGains) {
  TinyModel source;
  source.SetF32s("blk.0.ffn_sub_norm.weight", std::vector<float>(TinyModel::kFfn, 1e-32f));
  const Loaded loaded{source};
  ASSERT_TRUE(loaded.status.ok()) << loaded.status.ToString();
  EXPECT_THAT(loaded.backend.vectors, ::testing::Contains(std::vector<float>(TinyModel::kFfn, 1e-32f)));
}

TEST(ModelLoad, WarnsOfTensorsItDoesNotUse) {
  TinyModel source;
  source.SetF32s("rope_freqs.weight", {1, 2});
  const Loaded loaded{source};
  ASSERT_TRUE(loaded.status.ok()) << loaded.status.ToString();
  EXPECT_THAT(loaded.model->warnings(), ElementsAre(HasSubstr("'rope_freqs.weight'")));
}

TEST(ModelLoad, PassesTheByteOrderOfI2sOn) {
  ModelOptions options;
  options.i2s_layout = quant::I2sLayout::kNeon;
  const Loaded loaded{TinyModel(), options};
  EXPECT_EQ(loaded.backend.ternaries.front().source.layout, quant::I2sLayout::kNeon);
}

TEST(ModelLoad, ReportsProgressUpToOne) {
  std::vector<double> seen;
  ModelOptions options;
  options.on_progress = [&](double fraction) { seen.push_back(fraction); };
  const Loaded loaded{TinyModel(), options};
  EXPECT_THAT(seen, ElementsAre(0.5, 1.0));
}

TEST(ModelLoad, NamesTheTensorThatTheBackendRefuses) {
  const std::vector<std::byte> image = TinyModel().Build();
  const format::GgufFile file = format::GgufFile::Parse(image, "m.gguf").value();
  FakeBackend backend;
  backend.ternary_status = Status::Corrupt("code 3 at row 1");
  const Status status = Model::Load(file, {}, backend).status();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_EQ(status.message(), "file 'm.gguf': tensor 'blk.0.attn_q.weight': code 3 at row 1");
}

TEST(ModelLoad, BlamesTheFileForAShapeThatItsTypeCannotHold) {
  const std::vector<std::byte> image = TinyModel().Build();
  const format::GgufFile file = format::GgufFile::Parse(image, "m.gguf").value();
  FakeBackend backend;
  backend.ternary_status = Status::InvalidArgument("I2_S needs whole blocks");
  EXPECT_EQ(Model::Load(file, {}, backend).status().code(), StatusCode::kUnsupported);
}

// The order is the paper's; sizes show that each result goes into a slot of its own width.
TEST(ModelForward, RunsTheOperationsInThePapersOrder) {
  TinyModel source;
  source.SetU32("block_count", 1);
  source.RemoveTensors("blk.1.");
  Loaded loaded{source};
  ASSERT_TRUE(loaded.status.ok()) << loaded.status.ToString();
  ASSERT_TRUE(loaded.model->Forward({}).ok());
  EXPECT_THAT(loaded.backend.operations,
              ElementsAre("begin", "embed", "layer0",                                                              //
                          "norm128", "quantize", "linear 128>128 128>64 128>64", "rope2", "rope1",                 //
                          "store0", "attend0 heads2", "norm128", "quantize", "linear 128>128", "add",              //
                          "norm128", "quantize", "relu2 128>256", "norm256", "quantize", "linear 256>128", "add",  //
                          "head0", "end"));
}

// Two layers of Gemma 3, the second of which sees everything, with linear layers as F16.
TinyModel GemmaModel() {
  TinyModel source("gemma3");
  source.RemoveValue("hidden_activation");
  source.SetU32("attention.sliding_window", 12);
  source.SetU32("attention.sliding_window_pattern", 2);
  source.SetF32("rope.freq_base", 1e6f);
  for (uint32_t layer = 0; layer < TinyModel::kLayers; ++layer) {
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    for (const char* role : {"attn_sub_norm", "ffn_sub_norm"}) source.RemoveTensor(prefix + role + ".weight");
    for (const char* role : {"post_attention_norm", "post_ffw_norm"}) {
      source.SetF32s(prefix + role + ".weight", std::vector<float>(TinyModel::kHidden, 1));
    }
    for (const char* role : {"attn_q_norm", "attn_k_norm"}) {
      source.SetF32s(prefix + role + ".weight", std::vector<float>(TinyModel::kHeadDim, 1));
    }
    for (const char* role : {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"}) {
      TinyModel::Tensor& tensor = source.At(prefix + role + ".weight");
      tensor.type_id = TinyModel::kTypeF16;
      tensor.bytes.assign(size_t(tensor.dimensions[0] * tensor.dimensions[1]) * 2, std::byte{0});
    }
  }
  return source;
}

TEST(ModelForward, RunsGemmaWithItsNormsWindowsAndDenseLayers) {
  Loaded loaded{GemmaModel()};
  ASSERT_TRUE(loaded.status.ok()) << loaded.status.ToString();
  EXPECT_EQ(loaded.model->weight_type(), "F16");
  EXPECT_EQ(loaded.model->TernaryMacsPerToken(), 0u);
  ASSERT_TRUE(loaded.model->SetPositions(20).ok());
  EXPECT_THAT(loaded.backend.ropes, ElementsAre(1e6f, 1e4f));
  ASSERT_TRUE(loaded.model->Forward({}).ok());
  EXPECT_THAT(loaded.backend.operations,
              ElementsAre("begin", "embed times 11.313708",                                               //
                          "layer0", "norm128", "dense 128>128 128>64 128>64", "norm64 of 2", "norm64",    //
                          "rope2 by table 1", "rope1 by table 1", "store0", "attend0 heads2 window",      //
                          "dense 128>128", "norm128", "add",                                              //
                          "norm128", "dense 128>256 128>256", "gelu", "dense 256>128", "norm128", "add",  //
                          "layer1", "norm128", "dense 128>128 128>64 128>64", "norm64 of 2", "norm64",    //
                          "rope2", "rope1", "store1", "attend1 heads2",                                   //
                          "dense 128>128", "norm128", "add",                                              //
                          "norm128", "dense 128>256 128>256", "gelu", "dense 256>128", "norm128", "add",  //
                          "head0", "end"));
}

TEST(ModelForward, RunsGemmaWithTernaryLayers) {
  TinyModel source = GemmaModel();
  for (uint32_t layer = 0; layer < TinyModel::kLayers; ++layer) {
    for (const char* role : {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"}) {
      const std::string name = "blk." + std::to_string(layer) + "." + role + ".weight";
      source.At(name) = TinyModel().At(name);
    }
  }
  Loaded loaded{source};
  ASSERT_TRUE(loaded.status.ok()) << loaded.status.ToString();
  ASSERT_TRUE(loaded.model->Forward({}).ok());
  EXPECT_THAT(loaded.backend.operations, ::testing::Contains("gelu 128>256"));
  EXPECT_EQ(loaded.backend.ternaries.size(), 14u);
}

TEST(ModelLoad, RefusesAModelOfBothKindsOfLinearLayers) {
  TinyModel source = GemmaModel();
  source.At("blk.1.ffn_up.weight") = TinyModel().At("blk.1.ffn_up.weight");
  const Loaded loaded{source};
  EXPECT_EQ(loaded.status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(loaded.status.message(), HasSubstr("tensor 'blk.1.ffn_up.weight' is of type I2_S; the first linear"));
}

TEST(ModelForward, ReturnsTheStatusOfTheStep) {
  Loaded loaded{TinyModel()};
  loaded.backend.step_status = Status::Corrupt("gone");
  EXPECT_EQ(loaded.model->Forward({}).code(), StatusCode::kCorrupt);
}

struct WrongCase {
  const char* name;
  std::function<void(TinyModel&)> change;
  StatusCode code;
  const char* text;
};
void PrintTo(const WrongCase& wrong, std::ostream* out) { *out << wrong.name; }

class ModelLoadRefuses : public ::testing::TestWithParam<WrongCase> {};

TEST_P(ModelLoadRefuses, WithOneLineThatNamesTheTensor) {
  TinyModel source;
  GetParam().change(source);
  const Loaded loaded{source};
  ASSERT_FALSE(loaded.status.ok());
  EXPECT_EQ(loaded.status.code(), GetParam().code) << loaded.status.ToString();
  EXPECT_THAT(loaded.status.message(), HasSubstr(GetParam().text));
  EXPECT_THAT(loaded.status.message(), HasSubstr("m.gguf"));
  EXPECT_THAT(loaded.status.message(), ::testing::Not(HasSubstr("\n")));
}

void Transpose(TinyModel& model) {
  TinyModel::Tensor& tensor = model.At("token_embd.weight");
  std::swap(tensor.dimensions[0], tensor.dimensions[1]);
}

void CutARow(TinyModel& model) {
  TinyModel::Tensor& tensor = model.At("blk.1.attn_q.weight");
  tensor.dimensions = {TinyModel::kHidden, TinyModel::kHidden - 1};
  tensor.bytes = TinyModel::I2sBytes(TinyModel::kHidden - 1, TinyModel::kHidden, 0.125f);
}

void ThirdDimension(TinyModel& model) { model.At("token_embd.weight").dimensions = {TinyModel::kHidden, 16, 2}; }

void FloatLinear(TinyModel& model) {
  TinyModel::Tensor& tensor = model.At("blk.0.ffn_up.weight");
  tensor.type_id = TinyModel::kTypeF16;
  tensor.bytes.assign(size_t{TinyModel::kHidden} * TinyModel::kFfn * 2, std::byte{0});
}

void TernaryNorm(TinyModel& model) {
  TinyModel::Tensor& tensor = model.At("blk.0.attn_norm.weight");
  tensor.type_id = TinyModel::kTypeI2S;
  tensor.bytes = TinyModel::I2sBytes(1, TinyModel::kHidden, 1.0f);
}

void TernaryEmbedding(TinyModel& model) {
  TinyModel::Tensor& tensor = model.At("token_embd.weight");
  tensor.type_id = TinyModel::kTypeI2S;
  tensor.bytes = TinyModel::I2sBytes(TinyModel::kVocabulary, TinyModel::kHidden, 1.0f);
}

std::function<void(TinyModel&)> NormWith(float value) {
  return [=](TinyModel& model) {
    std::vector<float> gain(TinyModel::kHidden, 1);
    gain[5] = value;
    model.SetF32s("blk.1.ffn_norm.weight", gain);
  };
}

std::function<void(TinyModel&)> Without(const char* name) {
  return [=](TinyModel& model) { model.RemoveTensor(name); };
}

const WrongCase kWrongCases[] = {
    {"TransposedEmbedding", Transpose, StatusCode::kCorrupt,
     "'token_embd.weight' has shape [32, 128]; expected [128, 32]"},
    {"QueryOneRowShort", CutARow, StatusCode::kCorrupt,
     "'blk.1.attn_q.weight' has shape [128, 127]; expected [128, 128]"},
    {"NormOfLengthOne", [](TinyModel& m) { m.SetF32s("blk.0.attn_norm.weight", {1}); }, StatusCode::kCorrupt,
     "'blk.0.attn_norm.weight' has shape [1]; expected [128]"},
    {"MissingAttentionSubNorm", Without("blk.1.attn_sub_norm.weight"), StatusCode::kCorrupt,
     "'blk.1.attn_sub_norm.weight' is missing; expected shape [128]"},
    {"MissingFfnSubNorm", Without("blk.0.ffn_sub_norm.weight"), StatusCode::kCorrupt,
     "'blk.0.ffn_sub_norm.weight' is missing; expected shape [256]"},
    {"MissingOutputNorm", Without("output_norm.weight"), StatusCode::kCorrupt,
     "'output_norm.weight' is missing; expected shape [128]"},
    {"MissingEmbedding", Without("token_embd.weight"), StatusCode::kCorrupt, "'token_embd.weight' is missing"},
    {"MissingLinear", Without("blk.1.ffn_down.weight"), StatusCode::kCorrupt,
     "'blk.1.ffn_down.weight' is missing; expected shape [256, 128]"},
    {"MoreLayersThanTensors", [](TinyModel& m) { m.SetU32("block_count", 3); }, StatusCode::kCorrupt,
     "'blk.2.attn_norm.weight' is missing"},
    {"AnotherVocabularySize", [](TinyModel& m) { m.SetU32("vocab_size", 33); }, StatusCode::kCorrupt,
     "expected [128, 33]"},
    {"EmbeddingOfThreeDimensions", ThirdDimension, StatusCode::kCorrupt, "has shape [128, 16, 2]"},
    {"FloatLinear", FloatLinear, StatusCode::kUnsupported, "'blk.0.ffn_up.weight' is of type F16; linear layers must"},
    {"TernaryNorm", TernaryNorm, StatusCode::kUnsupported, "'blk.0.attn_norm.weight' is of type I2_S"},
    {"TernaryEmbeddingWithOneScale", TernaryEmbedding, StatusCode::kUnsupported, "'token_embd.weight' is of type I2_S"},
    {"NanGain", NormWith(NAN), StatusCode::kCorrupt, "'blk.1.ffn_norm.weight' holds nan at index 5"},
    {"InfiniteGain", NormWith(INFINITY), StatusCode::kCorrupt, "'blk.1.ffn_norm.weight' holds inf at index 5"},
    {"ScaleOfTwoElements",
     [](TinyModel& m) {
       m.SetF32s("blk.0.attn_q.scale", {1, 1});
     },
     StatusCode::kCorrupt, "'blk.0.attn_q.scale' has shape [2]; expected [1]"},
    {"NanScale", [](TinyModel& m) { m.SetF32s("blk.0.attn_q.scale", {NAN}); }, StatusCode::kCorrupt,
     "'blk.0.attn_q.scale' holds nan"},
};

INSTANTIATE_TEST_SUITE_P(Hostile, ModelLoadRefuses, ::testing::ValuesIn(kWrongCases),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace sterna::model
