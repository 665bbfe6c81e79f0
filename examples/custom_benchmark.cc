// SPDX-License-Identifier: Apache-2.0
//
// A benchmark of one's own: how long the same prompt takes, again and again.
//   custom_benchmark MODEL [RUNS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "sterna/sterna.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "custom_benchmark MODEL [RUNS]\n");
    return 2;
  }
  const int runs = argc > 2 ? std::max(1, std::atoi(argv[2])) : 5;
  auto engine = sterna::InferenceEngine::create();
  if (!engine.ok()) return std::fprintf(stderr, "%s\n", engine.status().message().c_str()), 1;
  auto model = engine->load_model(argv[1]);
  if (!model.ok()) return std::fprintf(stderr, "%s\n", model.status().message().c_str()), 1;

  std::vector<double> tokens_per_second;
  for (int run = 0; run < runs; ++run) {
    if (!engine->clear_cache().ok()) return 1;  // so that each run computes its prompt
    const auto result = model->generate("What is a sparrow?", {.temperature = 0, .max_length = 64});
    if (!result.ok()) return std::fprintf(stderr, "%s\n", result.status().message().c_str()), 1;
    tokens_per_second.push_back(double(result->token_count) * 1000 / result->generation_time_ms);
  }
  std::sort(tokens_per_second.begin(), tokens_per_second.end());
  std::printf("%zu runs: %.1f tokens/s at least, %.1f in the middle, %.1f at most\n", tokens_per_second.size(),
              tokens_per_second.front(), tokens_per_second[tokens_per_second.size() / 2], tokens_per_second.back());
  return 0;
}
