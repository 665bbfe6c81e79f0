// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>

#include "grammar_fuzz_body.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string problem = sterna::fuzz::CheckGrammarInput({data, size});
  if (!problem.empty()) {
    std::fprintf(stderr, "grammar: %s\n", problem.c_str());
    std::abort();
  }
  return 0;
}
