// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "text/chat_template.h"

namespace sterna::engine {

// Everything about one answer as text: template, tokens, stop strings, whole UTF-8 out.
struct TextRequest {
  sample::SamplingParams sampling;
  uint32_t max_tokens = 512;
  bool ignore_end_of_generation = false;
  uint32_t speculate_tokens = 0;
  std::shared_ptr<const grammar::Constraint> constraint;  // as GenerateRequest::constraint
  std::vector<std::string> stop_strings;
  std::function<void(std::string_view)> on_text;  // whole UTF-8, stop strings already cut; step loop's thread
  std::function<bool()> cancelled;
};

struct TextResult {
  std::string text;
  std::vector<text::TokenId> tokens;
  FinishReason finish_reason = FinishReason::kStop;
  Timings timings;
};

// Completes tokens that the caller already made (raw prompts, --ids).
Result<TextResult> CompleteTokens(Session& session, const text::Tokenizer& tokenizer, std::vector<text::TokenId> prompt,
                                  const TextRequest& request);

// A chat over one session: turns keep the KV, so that a turn prefills only its new tokens, and answers stay the very
// tokens that were drawn. When the context would overflow, the oldest turns are dropped (the system prompt stays) and
// the rest is rendered again; what it has in common with the tokens held is not prefilled again. Not thread-safe.
class Conversation {
 public:
  Conversation(Session& session, const text::Tokenizer& tokenizer,
               std::shared_ptr<const text::ChatTemplate> chat_template);

  void SetSystem(std::string text);  // takes effect with the next turn; empty = none
  void Clear();                      // forgets all turns, keeps the system prompt
  const std::vector<text::ChatMessage>& messages() const { return messages_; }  // without the system prompt
  void SetMessages(std::vector<text::ChatMessage> messages);                    // /load
  const std::string& system() const { return system_; }

  struct Turn {
    TextResult result;
    uint32_t context_used_tokens = 0;
    uint32_t dropped_turns = 0;  // user turns forgotten to make room for this one
  };
  // One user message and its answer. A cancelled answer stays in the history as far as it came. On an error the history
  // is as before. ResourceExhausted when the message alone (with the system prompt) exceeds the context.
  Result<Turn> Say(std::string message, const TextRequest& request);

 private:
  // The tokens to append for the last message of messages_, which is the user's. May drop messages and truncate the
  // session.
  Result<std::vector<text::TokenId>> PreparePrompt(uint32_t answer_tokens, uint32_t& dropped_turns);
  Result<std::vector<text::TokenId>> EncodeContinuation() const;
  Result<std::vector<text::TokenId>> EncodeAll() const;
  bool DropOldestTurn();
  // What is left of `all` behind the tokens that the session may keep; cuts the session to those.
  std::vector<text::TokenId> KeepCommonPrefix(std::vector<text::TokenId> all);

  Session& session_;
  const text::Tokenizer& tokenizer_;
  std::shared_ptr<const text::ChatTemplate> template_;
  std::string system_;
  std::vector<text::ChatMessage> messages_;
  // Whether the session holds exactly the system prompt and messages_, up to the end of the last answer's content.
  bool in_step_ = false;
};

}  // namespace sterna::engine
