// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>

#include "api/engine_options.h"
#include "api/states.h"
#include "base/status_macros.h"
#include "config/keys.h"
#include "engine/conversation.h"

namespace sterna {
namespace {

FinishReason ToFinishReason(engine::FinishReason reason) {
  switch (reason) {
    case engine::FinishReason::kStop: return FinishReason::Stop;
    case engine::FinishReason::kLength: return FinishReason::Length;
    case engine::FinishReason::kCancelled: return FinishReason::Cancelled;
    case engine::FinishReason::kError: return FinishReason::Error;
  }
  return FinishReason::Error;
}

Status CheckGeneration(const GenerationConfig& generation) {
  Config config;
  config.generation = generation;
  return config::Validate(config);
}

}  // namespace

Result<std::vector<text::TokenId>> Model::State::PromptTokens(std::string_view prompt) const {
  const text::Tokenizer& tokenizer = engine->tokenizer();
  if (chat_template == nullptr) return tokenizer.Encode(prompt, false, true);
  const text::ChatMessage message{text::Role::kUser, std::string(prompt)};
  return text::EncodeChat(tokenizer, *chat_template, {&message, 1});
}

Result<GenerationResult> Model::State::Answer(std::string_view prompt, const GenerationConfig& config,
                                              const std::function<void(std::string_view)>& on_text,
                                              const std::function<bool()>& cancelled) const {
  const auto start = std::chrono::steady_clock::now();
  STERNA_RETURN_IF_ERROR(CheckGeneration(config));
  STERNA_ASSIGN_OR_RETURN(const std::vector<text::TokenId> tokens, PromptTokens(prompt));
  STERNA_ASSIGN_OR_RETURN(api::SessionPool::Lease lease, sessions->Take(tokens));
  engine::TextRequest request;
  request.sampling = api::ToSamplingParams(config);
  request.max_tokens = config.max_length;
  request.speculate_tokens = config.speculate;
  request.stop_strings = config.stop_tokens;
  request.on_text = on_text;
  request.cancelled = cancelled;
  const auto held = ptrdiff_t(lease.session().tokens().size());
  STERNA_ASSIGN_OR_RETURN(
      engine::TextResult text,
      engine::CompleteTokens(lease.session(), engine->tokenizer(), {tokens.begin() + held, tokens.end()}, request));
  GenerationResult result;
  result.text = std::move(text.text);
  result.tokens = std::move(text.tokens);
  result.token_count = result.tokens.size();
  result.finish_reason = ToFinishReason(text.finish_reason);
  result.generation_time_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return result;
}

Result<GenerationResult> Model::generate(std::string_view prompt, const GenerationConfig& config) const {
  return state_->Answer(prompt, config, {}, {});
}

const std::string& Model::path() const { return state_->path; }

uint32_t Model::max_sequence_length() const { return state_->engine->context_tokens(); }

uint32_t Model::vocabulary_size() const { return uint32_t(state_->engine->tokenizer().vocabulary_size()); }

Result<std::vector<int32_t>> Model::tokenize(std::string_view text) const {
  return state_->engine->tokenizer().Encode(text, true, false);
}

Result<std::string> Model::detokenize(const std::vector<int32_t>& tokens) const {
  return state_->engine->tokenizer().Decode(tokens);
}

}  // namespace sterna
