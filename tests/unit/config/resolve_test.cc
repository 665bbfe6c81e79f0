// SPDX-License-Identifier: Apache-2.0
#include "config/resolve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/keys.h"

namespace sterna::config {
namespace {

using ::testing::HasSubstr;

class Resolving : public testing::Test {
 protected:
  Resolving() { std::filesystem::create_directories(folder_); }
  ~Resolving() override { std::filesystem::remove_all(folder_); }

  std::string File(const std::string& text) {
    const std::string path = folder_ / "sterna.toml";
    std::ofstream(path) << text;
    return path;
  }

  Sources sources_;
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("sterna-resolving-" + std::to_string(getpid()));
};

TEST_F(Resolving, GivesDefaultsWhereNobodySaysAnything) {
  const Result<Resolved> resolved = Resolve(sources_);
  ASSERT_TRUE(resolved.ok());
  for (const Key& key : AllKeys()) {
    EXPECT_EQ(key.default_text, key.get(resolved->config)) << key.name;
    EXPECT_EQ("default", resolved->OriginOf(key.name));
  }
}

TEST_F(Resolving, LetsFlagsWinOverVariablesOverFileOverPreset) {
  const char* const key = "batch.chunk_size";
  sources_.variables = {{"STERNA_PRESET", "server"}};
  EXPECT_EQ(16u, Resolve(sources_)->config.batch.chunk_size);
  EXPECT_EQ("preset server", Resolve(sources_)->OriginOf(key));
  sources_.file = File("# mine\n[batch]\nchunk_size = 7\n");
  EXPECT_EQ(7u, Resolve(sources_)->config.batch.chunk_size);
  EXPECT_EQ(*sources_.file + " line 3", Resolve(sources_)->OriginOf(key));
  EXPECT_EQ(64u, Resolve(sources_)->config.batch.max_batch_size);  // the preset's still
  sources_.variables["STERNA_BATCH__CHUNK_SIZE"] = "8";
  EXPECT_EQ(8u, Resolve(sources_)->config.batch.chunk_size);
  EXPECT_EQ("variable STERNA_BATCH__CHUNK_SIZE", Resolve(sources_)->OriginOf(key));
  sources_.flags = {{key, "9", "flag --x"}, {key, "10", "flag --y"}};
  EXPECT_EQ(10u, Resolve(sources_)->config.batch.chunk_size);
  EXPECT_EQ("flag --y", Resolve(sources_)->OriginOf(key));
}

TEST_F(Resolving, PutsWhatWasTunedBetweenFileAndPreset) {
  const char* const key = "batch.chunk_size";
  sources_.variables = {{"STERNA_PRESET", "server"}};
  sources_.tuned = {{key, "5", "tuned"}, {"inference.kernels", "scalar", "tuned"}};
  EXPECT_EQ(5u, Resolve(sources_)->config.batch.chunk_size);
  EXPECT_EQ("tuned", Resolve(sources_)->OriginOf(key));
  sources_.file = File("[batch]\nchunk_size = 7\n");
  EXPECT_EQ(7u, Resolve(sources_)->config.batch.chunk_size);
  EXPECT_EQ("scalar", Resolve(sources_)->config.inference.kernels);
  sources_.variables["STERNA_ISA"] = "avx2";
  EXPECT_EQ("avx2", Resolve(sources_)->config.inference.kernels);
}

TEST_F(Resolving, PutsAVerbsDefaultBelowEverything) {
  sources_.own_defaults = {{"inference.kv_storage", "f32", "default of this verb"}};
  EXPECT_EQ(KvStorage::F32, Resolve(sources_)->config.inference.kv_storage);
  sources_.variables = {{"STERNA_INFERENCE__KV_STORAGE", "q8"}};
  EXPECT_EQ(KvStorage::Q8, Resolve(sources_)->config.inference.kv_storage);
}

TEST_F(Resolving, TakesThePresetFromTheFileUnlessAFlagNamesOne) {
  sources_.file = File("preset = \"mobile\"\n");
  EXPECT_EQ(4u, Resolve(sources_)->config.batch.max_batch_size);
  sources_.flags = {{"preset", "server", "flag --set"}};
  EXPECT_EQ(64u, Resolve(sources_)->config.batch.max_batch_size);
}

TEST_F(Resolving, KnowsTheShortNameOfThreads) {
  sources_.variables = {{"STERNA_THREADS", "3"}};
  EXPECT_EQ(3u, *Resolve(sources_)->config.engine.thread_count);
  sources_.variables = {{"STERNA_THREADS", ""}};
  EXPECT_FALSE(Resolve(sources_)->config.engine.thread_count.has_value());
}

TEST_F(Resolving, NamesSourceAndKeyOfWhatIsWrong) {
  sources_.file = File("[engine]\nthread_count = \"many\"\n");
  EXPECT_EQ(StatusCode::kInvalidArgument, Resolve(sources_).status().code());
  EXPECT_THAT(Resolve(sources_).status().message(), HasSubstr("sterna.toml line 2: engine.thread_count is 'many'"));
  sources_.file = File("[engine]\nthreads = 2\n");
  EXPECT_THAT(Resolve(sources_).status().message(), HasSubstr("unknown setting 'engine.threads'; the nearest is"));
  sources_.file = File("[engine\n");
  EXPECT_THAT(Resolve(sources_).status().message(), HasSubstr("line 1"));
  sources_.file = File("[generation]\nseed = 1979-05-27\n");
  EXPECT_THAT(Resolve(sources_).status().message(), HasSubstr("'seed' is no text, number"));
  sources_.file = (folder_ / "none.toml").string();
  EXPECT_EQ(StatusCode::kNotFound, Resolve(sources_).status().code());
  sources_.file.reset();
  sources_.user_file = (folder_ / "none.toml").string();
  EXPECT_TRUE(Resolve(sources_).ok());
}

TEST_F(Resolving, SaysOfGpuSettingsThatTheyChangeNothing) {
  sources_.variables = {{"STERNA_ENGINE__CUDA_STREAMS", "2"}};
  const Result<Resolved> resolved = Resolve(sources_);
  ASSERT_TRUE(resolved.ok());
  ASSERT_EQ(1u, resolved->warnings.size());
  EXPECT_THAT(resolved->warnings[0], HasSubstr("engine.cuda_streams (variable STERNA_ENGINE__CUDA_STREAMS)"));
}

TEST(VariableNames, GoBothWays) {
  EXPECT_EQ("STERNA_MODEL_LOADING__USE_MEMORY_MAPPING", VariableOf("model_loading.use_memory_mapping"));
  EXPECT_EQ("model_loading.use_memory_mapping", KeyOfVariable("STERNA_MODEL_LOADING__USE_MEMORY_MAPPING"));
  EXPECT_EQ(std::nullopt, KeyOfVariable("STERNA_MODEL"));
}

}  // namespace
}  // namespace sterna::config
