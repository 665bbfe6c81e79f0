// SPDX-License-Identifier: Apache-2.0
#include "base/status_macros.h"
#include "engine/conversation.h"
#include "engine/text_output.h"

namespace sterna::engine {

Result<TextResult> CompleteTokens(Session& session, const text::Tokenizer& tokenizer, std::vector<text::TokenId> prompt,
                                  const TextRequest& request) {
  TextOutput output(tokenizer, request.stop_strings, request.on_text);
  GenerateRequest generate;
  generate.prompt = std::move(prompt);
  generate.sampling = request.sampling;
  generate.max_tokens = request.max_tokens;
  generate.ignore_end_of_generation = request.ignore_end_of_generation;
  generate.speculate_tokens = request.speculate_tokens;
  generate.constraint = request.constraint;
  generate.cancelled = request.cancelled;
  generate.on_token = [&](text::TokenId token) { return output.Push(token); };
  STERNA_ASSIGN_OR_RETURN(GenerateResult result, session.Generate(generate));
  output.Finish();

  TextResult text;
  text.text = output.text();
  text.tokens = std::move(result.tokens);
  text.finish_reason = output.stopped() ? FinishReason::kStop : result.finish_reason;
  text.timings = result.timings;
  return text;
}

}  // namespace sterna::engine
