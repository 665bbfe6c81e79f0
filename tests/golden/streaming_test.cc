// SPDX-License-Identifier: Apache-2.0
//
// Weights that flow through a window give the bits of weights that are held, and a file that goes bad while they do is
// an error of the request.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "convert/sterna_file.h"
#include "golden/golden_case.h"
#include "support/temporary_folder.h"

namespace sterna::golden {
namespace {

using engine::EngineOptions;
using engine::WeightPlacement;
using memory::EvictionPolicy;
using memory::PreloadStrategy;

class Streaming : public ::testing::TestWithParam<std::string> {
 protected:
  const GoldenCase golden_ = LoadGolden(GetParam());
  const std::string& file() const { return golden_.models.front(); }
  // Through two slots, the fewest.
  EngineOptions Streamed() const {
    EngineOptions options = OptionsFor(golden_);
    options.weights = WeightPlacement::kStreamed;
    options.tensor_cache_bytes = 0;
    return options;
  }
  Outcome RunWith(const EngineOptions& options) const { return RunPrompt(*LoadOrThrow(file(), options), golden_.ids); }
};

TEST_P(Streaming, ChangesNoBit) {
  const Outcome held = RunWith(OptionsFor(golden_));
  const auto engine = LoadOrThrow(file(), Streamed());
  EXPECT_TRUE(engine->report().streamed);
  EXPECT_TRUE(RunPrompt(*engine, golden_.ids) == held);
  const memory::StreamCounters counters = engine->Counters().stream;
  EXPECT_GT(counters.loads, 0u);
  EXPECT_GT(counters.bytes_read, 0u);
}

TEST_P(Streaming, ChangesNoBitWithThreadsChunksPoliciesAndPreloads) {
  const Outcome held = RunWith(OptionsFor(golden_));
  EngineOptions options = Streamed();
  options.threads = 2;
  options.prefill_chunk_tokens = 7;
  for (const auto policy :
       {EvictionPolicy::kFarthestNext, EvictionPolicy::kLru, EvictionPolicy::kLfu, EvictionPolicy::kFifo}) {
    for (const auto preload : {PreloadStrategy::kNone, PreloadStrategy::kSequential, PreloadStrategy::kPredictive}) {
      options.eviction_policy = policy;
      options.preload_strategy = preload;
      options.tensor_cache_bytes = preload == PreloadStrategy::kNone ? 0 : 1 << 20;
      EXPECT_TRUE(RunWith(options) == held) << "policy " << int(policy) << ", preload " << int(preload);
    }
  }
}

// One tensor at least by every rule; the bits do not depend on which.
TEST_P(Streaming, SoDoesEveryOtherWayOfLoading) {
  const Outcome held = RunWith(OptionsFor(golden_));
  EngineOptions options = OptionsFor(golden_);
  options.model.loading.chunk_bytes = 1000;
  const auto by_threshold = [&](uint64_t map_bytes, uint64_t chunked_bytes) {
    options.model.loading.map_bytes = map_bytes;
    options.model.loading.chunked_bytes = chunked_bytes;
    const auto engine = LoadOrThrow(file(), options);
    EXPECT_TRUE(RunPrompt(*engine, golden_.ids) == held);
    return engine->report().placements;
  };
  for (const auto& placement : by_threshold(0, 0)) EXPECT_EQ(placement.rule, model::LoadRule::kMap);
  for (const auto& placement : by_threshold(UINT64_MAX, 0)) EXPECT_EQ(placement.rule, model::LoadRule::kChunkedRead);
  for (const auto& placement : by_threshold(UINT64_MAX, UINT64_MAX)) {
    EXPECT_EQ(placement.rule, model::LoadRule::kOneRead);
  }
  const auto streamed = LoadOrThrow(file(), Streamed());
  for (const auto& placement : streamed->report().placements) {
    EXPECT_EQ(placement.rule, model::LoadRule::kWindow);
  }
}

TEST_P(Streaming, KeepsTheHeadInPlaceWhereItsPlanesAreAskedFor) {
  EngineOptions options = Streamed();
  options.head = engine::HeadChoice::kCertified;
  EXPECT_TRUE(RunWith(options) == RunWith(OptionsFor(golden_)));
}

std::string TestName(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Golden, Streaming, ::testing::ValuesIn(GoldenNames()), TestName);

// A copy of a model that a test may damage.
class StreamedFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::copy_file(ModelPath("b158-tiny.i2_s.gguf"), path_);
    EngineOptions options = OptionsFor(golden_);
    options.weights = WeightPlacement::kStreamed;
    options.tensor_cache_bytes = 0;
    engine_ = engine::Engine::Load(path_, options).value();
    session_ = engine_->NewSession().value();
  }

  Status Run() {
    engine::GenerateRequest request;
    request.prompt = golden_.ids;
    request.max_tokens = 1;
    return session_->Generate(request).status();
  }

  const GoldenCase golden_ = LoadGolden("b158-tiny");
  const testing::TemporaryFolder folder_;
  const std::string path_ = folder_.File("model.gguf");
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<engine::Session> session_;
};

TEST_F(StreamedFile, ThatShrinksEndsTheRequestWithAnError) {
  ASSERT_TRUE(Run().ok());
  const uint64_t whole_bytes = std::filesystem::file_size(path_);
  std::filesystem::resize_file(path_, 4096);
  const Status status = Run();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt) << status.ToString();
  EXPECT_THAT(status.message(), ::testing::HasSubstr("shrank while it was in use; it had " +
                                                     std::to_string(whole_bytes) + " B when opened"));
  EXPECT_EQ(Run().code(), StatusCode::kCorrupt);
}

TEST_F(StreamedFile, MayBeRemovedMeanwhile) {
  std::filesystem::remove(path_);
  EXPECT_TRUE(Run().ok());
}

}  // namespace
}  // namespace sterna::golden
