// SPDX-License-Identifier: Apache-2.0
#include "measure_generation.h"

#include <vector>

#include "base/status_macros.h"

namespace sterna::cli {
namespace {

// Ids spread over the vocabulary; which ones does not matter to the speed.
std::vector<text::TokenId> SomePrompt(size_t count, size_t vocabulary_size) {
  std::vector<text::TokenId> ids;
  for (size_t i = 0; i < count; ++i) {
    ids.push_back(static_cast<text::TokenId>((i * size_t{7919} + 13) % vocabulary_size));
  }
  return ids;
}

}  // namespace

Result<engine::Timings> TimeGeneration(const LoadedModel& model, size_t held_tokens, size_t prompt_tokens,
                                       uint32_t generated_tokens, uint32_t speculate_tokens) {
  model.session->Truncate(held_tokens);
  engine::GenerateRequest request;
  request.prompt = SomePrompt(prompt_tokens, model.engine->config().vocabulary_size);
  request.sampling.temperature = 0;
  request.max_tokens = generated_tokens;
  request.ignore_end_of_generation = true;
  request.speculate_tokens = speculate_tokens;
  STERNA_ASSIGN_OR_RETURN(const engine::GenerateResult result, model.session->Generate(request));
  return result.timings;
}

}  // namespace sterna::cli
