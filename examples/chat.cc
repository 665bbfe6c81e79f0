// SPDX-License-Identifier: Apache-2.0
//
// A conversation on the terminal, text as it comes. The model remembers: each turn sends the turns before it, and what
// was computed for them is not computed again.
//   chat MODEL [SYSTEM PROMPT]
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "sterna/sterna.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "chat MODEL [SYSTEM PROMPT]\n");
    return 2;
  }
  auto engine = sterna::InferenceEngine::create();
  if (!engine.ok()) return std::fprintf(stderr, "%s\n", engine.status().message().c_str()), 1;
  auto model = engine->load_model(argv[1]);
  if (!model.ok()) return std::fprintf(stderr, "%s\n", model.status().message().c_str()), 1;
  sterna::TextGenerator generator(*engine, *model, {.temperature = 0, .max_length = 256});

  std::vector<sterna::ChatMessage> conversation;
  if (argc > 2) conversation.push_back({sterna::Role::System, argv[2]});
  for (std::string line; std::fputs("> ", stderr), std::getline(std::cin, line);) {
    conversation.push_back({sterna::Role::User, line});
    sterna::Generation answer = generator.chat(conversation);
    while (const auto piece = answer.next()) std::cout << *piece << std::flush;
    std::cout << "\n";
    const auto result = answer.get();
    if (!result.ok()) return std::fprintf(stderr, "%s\n", result.status().message().c_str()), 1;
    conversation.push_back({sterna::Role::Assistant, result->text});
  }
  return 0;
}
