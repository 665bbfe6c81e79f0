// SPDX-License-Identifier: Apache-2.0
//
// English text to token ids, one thread, with small vocabularies of each kind, and with those that the environment
// names: STERNA_LLAMA3_VOCAB, STERNA_GEMMA3_270M. The text is the project's documents, some 4 MB of them in a row.
// Ids are decoded before they are timed: they must give the text back.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "format/gguf_file.h"
#include "require.h"
#include "text/tokenizer.h"
#include "text/vocabulary.h"

namespace sterna::bench {
namespace {

constexpr size_t kTextBytes = size_t{4} << 20;

std::string EnglishText() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(STERNA_DOCS)) {
    if (entry.path().extension() == ".md") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::string pages;
  for (const auto& path : files) {
    std::ifstream in(path, std::ios::binary);
    pages.append(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  Require(!pages.empty(), "there are documents to encode");
  std::string text;
  while (text.size() < kTextBytes) text += pages;
  return text;
}

void Encode(benchmark::State& state, const std::string& path) {
  const auto file = Must(format::GgufFile::Open(path));
  const auto tokenizer = Must(text::Tokenizer::Create(Must(text::ReadVocabulary(file))));
  const std::string text = EnglishText();
  const auto encode = [&] { return Must(tokenizer->Encode(text, /*trusted=*/false, /*add_special=*/false)); };
  const auto ids = encode();
  // Vocabularies that take runs of spaces for one, or have no token for some character, do not give all of it back.
  const auto& vocabulary = tokenizer->vocabulary();
  const bool whole = !vocabulary.remove_extra_spaces && std::count(ids.begin(), ids.end(), vocabulary.unknown) == 0;
  if (whole) Require(Must(tokenizer->Decode(ids)) == text, "the ids give the text back");
  for (auto _ : state) benchmark::DoNotOptimize(encode());
  state.SetBytesProcessed(int64_t(state.iterations()) * int64_t(text.size()));
  state.counters["bytes_a_token"] = double(text.size()) / double(ids.size());
}

void RegisterAll() {
  const std::string folder = STERNA_TEST_DATA "/tokenizer/";
  for (const char* name : {"bpe-llama3", "bpe-qwen2", "sp-bpe", "sp-unigram", "sp-unigram-open"}) {
    benchmark::RegisterBenchmark(name, Encode, folder + name + ".gguf")->Unit(benchmark::kMillisecond);
  }
  for (const char* variable : {"STERNA_LLAMA3_VOCAB", "STERNA_GEMMA3_270M"}) {
    const char* const path = std::getenv(variable);
    if (path != nullptr && std::filesystem::exists(path)) {
      benchmark::RegisterBenchmark(variable, Encode, std::string(path))->Unit(benchmark::kMillisecond);
    }
  }
}

}  // namespace
}  // namespace sterna::bench

int main(int argc, char** argv) {
  sterna::bench::RegisterAll();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
