// SPDX-License-Identifier: Apache-2.0
//
// Answers as clients read them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "server/generation_request.h"
#include "server/token_logprobs.h"
#include "server/tool_call_reader.h"

namespace sterna::server {

// One answer as far as it came.
struct Answer {
  uint32_t index = 0;  // prompt times choices plus choice
  const GenerationRequest::Prompt* prompt = nullptr;
  std::string text;
  std::vector<ToolCall> calls;  // what is no call is text
  std::vector<text::TokenId> tokens;
  std::vector<TokenLogprobs> logprobs;  // one a token, where asked for
  engine::FinishReason finish_reason = engine::FinishReason::kStop;
  bool stop_string_found = false;
  engine::Timings timings;
};

// Why the answer ended, as OpenAI's clients read it: "stop", "length", "tool_calls".
std::string_view FinishWord(const Answer& answer);

// What the answer gained since the last event.
struct Gain {
  std::string text;
  std::vector<ToolCall> calls;
  std::vector<text::TokenId> tokens;
  std::vector<TokenLogprobs> logprobs;
};

// Bodies and events of one request in one protocol. The strings are whole: SSE framing included.
class ReplyFormat {
 public:
  virtual ~ReplyFormat() = default;
  virtual std::string Whole(const std::vector<Answer>& answers) const = 0;
  virtual std::string First(const Answer& answer) const = 0;  // before anything of the answer; may be empty
  virtual std::string Next(const Answer& answer, const Gain& gain) const = 0;
  virtual std::string Last(const Answer& answer) const = 0;               // it is whole
  virtual std::string End(const std::vector<Answer>& answers) const = 0;  // all are
};

// `id` is the request's. `request` and `tokenizer` outlive it.
std::unique_ptr<ReplyFormat> OpenAiFormat(const GenerationRequest& request, const text::Tokenizer& tokenizer,
                                          const std::string& id);
std::unique_ptr<ReplyFormat> NativeFormat(const GenerationRequest& request, const text::Tokenizer& tokenizer);

}  // namespace sterna::server
