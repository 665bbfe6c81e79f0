// SPDX-License-Identifier: Apache-2.0
//
// Loads a model again and again and, each time, lets several threads ask it at once: random prompts, lengths, sampling,
// cancellations and truncations. Every answer must equal the one a lone session of the first engine gave, and resident
// memory must not grow from round to round. Prints one line a round; exit code 1 at the first fault.
#include <malloc.h>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/engine.h"
#include "platform/memory_usage.h"

namespace sterna {
namespace {

constexpr uint32_t kThreads = 4;
constexpr size_t kScripts = 24;
constexpr uint32_t kContextTokens = 192;
constexpr uint32_t kRequestsPerThread = 12;
constexpr uint32_t kWarmUpRounds = 3;
// What may differ from round to round without being a leak: stacks, arenas of threads that just ended.
constexpr uint64_t kSlackBytes = 8u << 20;

// A request whose answer is known: all that an answer may depend on.
struct Script {
  std::vector<text::TokenId> prompt;
  sample::SamplingParams sampling;
  uint32_t max_tokens = 0;
  std::vector<text::TokenId> answer;
};

engine::GenerateRequest RequestOf(const Script& script) {
  engine::GenerateRequest request;
  request.prompt = script.prompt;
  request.sampling = script.sampling;
  request.max_tokens = script.max_tokens;
  return request;
}

std::vector<Script> MakeScripts(size_t vocabulary_size) {
  std::mt19937 random(20);
  std::vector<Script> scripts(kScripts);
  for (Script& script : scripts) {
    script.prompt.resize(1 + random() % 100);
    for (text::TokenId& id : script.prompt) id = text::TokenId(random() % vocabulary_size);
    script.sampling.temperature = random() % 3 == 0 ? 0.0f : 1.0f;
    script.sampling.seed = random();
    script.max_tokens = uint32_t(random() % 60);
  }
  return scripts;
}

Result<std::unique_ptr<engine::Engine>> LoadEngine(const std::string& path, uint32_t round) {
  engine::EngineOptions options;
  options.context_tokens = kContextTokens;
  options.max_sessions = kThreads;
  options.threads = 1 + round % 3;
  options.prefill_chunk_tokens = 1 + round * 7 % 64;
  return engine::Engine::Load(path, options);
}

Status RecordAnswers(const std::string& path, std::vector<Script>& scripts) {
  Result<std::unique_ptr<engine::Engine>> engine = LoadEngine(path, 0);
  if (!engine.ok()) return engine.status();
  scripts = MakeScripts((*engine)->tokenizer().vocabulary_size());
  for (Script& script : scripts) {
    Result<std::unique_ptr<engine::Session>> session = (*engine)->NewSession();
    if (!session.ok()) return session.status();
    Result<engine::GenerateResult> result = (*session)->Generate(RequestOf(script));
    if (!result.ok()) return result.status();
    script.answer = std::move(result->tokens);
  }
  return {};
}

// One request: plain (the answer is compared), or cancelled on its way (only the tokens up to then are).
Status Ask(engine::Session& session, const Script& script, std::mt19937& random) {
  session.Truncate(0);
  engine::GenerateRequest request = RequestOf(script);
  if (random() % 4 == 0) {
    request.cancelled = [polls = int(random() % 20)]() mutable { return polls-- == 0; };
  }
  const Result<engine::GenerateResult> result = session.Generate(request);
  if (!result.ok()) return result.status();
  const std::vector<text::TokenId>& tokens = result->tokens;
  const bool whole = result->finish_reason != engine::FinishReason::kCancelled;
  const bool equal = tokens.size() <= script.answer.size() &&
                     std::equal(tokens.begin(), tokens.end(), script.answer.begin()) &&
                     (!whole || tokens.size() == script.answer.size());
  return equal ? Status() : Status::Internal("an answer differs from the one of a lone session");
}

Status RunRound(const std::string& path, const std::vector<Script>& scripts, uint32_t round) {
  Result<std::unique_ptr<engine::Engine>> engine = LoadEngine(path, round);
  if (!engine.ok()) return engine.status();
  std::vector<Status> outcomes(kThreads);
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(round * kThreads + t);
      Result<std::unique_ptr<engine::Session>> session = (*engine)->NewSession();
      outcomes[t] = session.status();
      for (uint32_t i = 0; i < kRequestsPerThread && outcomes[t].ok(); ++i) {
        outcomes[t] = Ask(**session, scripts[random() % scripts.size()], random);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Status& outcome : outcomes) {
    if (!outcome.ok()) return outcome;
  }
  return {};
}

Status Soak(const std::string& path, double seconds) {
  std::vector<Script> scripts;
  if (Status status = RecordAnswers(path, scripts); !status.ok()) return status;
  const auto start = std::chrono::steady_clock::now();
  uint64_t settled_bytes = 0;
  double elapsed = 0;
  for (uint32_t round = 0; elapsed < seconds || round <= kWarmUpRounds; ++round) {
    if (Status status = RunRound(path, scripts, round); !status.ok()) return status;
    malloc_trim(0);  // what the allocator keeps of memory given back is no leak, and differs from run to run
    const uint64_t bytes = platform::ReadMemoryUsage().anonymous_bytes;
    elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    fmt::print("round {:5}  {:7.1f} s  anonymous memory {:.1f} MB\n", round, elapsed, double(bytes) / 1e6);
    std::fflush(stdout);  // a line a round, also into a file
    if (round == kWarmUpRounds) settled_bytes = bytes;
    if (round > kWarmUpRounds && bytes > settled_bytes + kSlackBytes) {
      return Status::Internal(fmt::format("memory grew from {} B to {} B", settled_bytes, bytes));
    }
  }
  return {};
}

}  // namespace
}  // namespace sterna

int main(int argc, char** argv) {
  CLI::App app("Asks an engine from several threads for a while; every answer must be exact, and memory flat.");
  std::string model;
  double seconds = 600;
  app.add_option("--model", model, "GGUF file")->required();
  app.add_option("--seconds", seconds, "How long")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const sterna::Status status = sterna::Soak(model, seconds);
  if (!status.ok()) fmt::print(stderr, "engine_soak: error: {}\n", status.ToString());
  return status.ok() ? 0 : 1;
}
