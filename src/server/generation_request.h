// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "grammar/constraint.h"
#include "sample/sampler.h"
#include "server/api_context.h"
#include "server/json_fields.h"
#include "text/tokenizer.h"

namespace sterna::server {

// Whose protocol a reply speaks: OpenAI's two, or llama-server's own.
enum class ReplyStyle : uint8_t { kChat, kText, kNative };

// What a client asks to be generated, whichever way it asked.
struct GenerationRequest {
  struct Prompt {
    std::vector<text::TokenId> tokens;
    std::string text;  // for echo
  };

  ReplyStyle style = ReplyStyle::kChat;
  std::vector<Prompt> prompts;
  uint32_t choices = 1;  // answers to each prompt
  sample::SamplingParams sampling;
  uint32_t max_tokens = 512;
  std::vector<std::string> stop_strings;
  bool ignore_end_of_generation = false;
  std::shared_ptr<const grammar::Constraint> constraint;  // null: any text
  bool may_call_tools = false;                            // the answer may hold calls, which the constraint sees to
  std::optional<uint32_t>
      top_logprobs;  // log probabilities of the tokens, and of so many of the likeliest at each place
  bool stream = false;
  bool include_usage = false;
  bool echo = false;           // the answer begins with the prompt
  bool return_tokens = false;  // ids beside the text
  std::string model;           // as the reply names it
};

// Read a body. InvalidArgument names the field that is wrong; Unsupported what Sterna does not do.
Result<GenerationRequest> ReadChatRequest(const Json& body, const ApiContext& context);
Result<GenerationRequest> ReadCompletionRequest(const Json& body, const ApiContext& context);
Result<GenerationRequest> ReadNativeRequest(const Json& body, const ApiContext& context);

}  // namespace sterna::server
