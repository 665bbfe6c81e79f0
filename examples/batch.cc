// SPDX-License-Identifier: Apache-2.0
//
// Many questions at once: each line of stdin is one, answers come in the order of the questions. Requests that run
// together share each read of the weights.
//   batch MODEL < questions.txt
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "sterna/sterna.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "batch MODEL < questions.txt\n");
    return 2;
  }
  auto engine = sterna::InferenceEngine::create();
  if (!engine.ok()) return std::fprintf(stderr, "%s\n", engine.status().message().c_str()), 1;
  auto model = engine->load_model(argv[1]);
  if (!model.ok()) return std::fprintf(stderr, "%s\n", model.status().message().c_str()), 1;
  sterna::TextGenerator generator(*engine, *model, {.temperature = 0, .max_length = 64});

  std::vector<sterna::Generation> answers;
  for (std::string line; std::getline(std::cin, line);) answers.push_back(generator.generate(line));
  int failed = 0;
  for (sterna::Generation& answer : answers) {
    const auto result = answer.get();
    if (!result.ok()) ++failed;
    std::cout << (result.ok() ? result->text : "failed: " + result.status().message()) << "\n";
  }
  return failed == 0 ? 0 : 1;
}
