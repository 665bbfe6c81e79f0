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

text::Role ToTextRole(Role role) {
  switch (role) {
    case Role::System: return text::Role::kSystem;
    case Role::User: return text::Role::kUser;
    case Role::Assistant: return text::Role::kAssistant;
  }
  return text::Role::kUser;
}

Status CheckGeneration(const GenerationConfig& generation) {
  Config config;
  config.generation = generation;
  return config::Validate(config);
}

}  // namespace

Result<std::vector<text::TokenId>> Model::State::PromptTokens(const Prompt& prompt) const {
  const auto* const alone = std::get_if<std::string>(&prompt);
  if (chat_template == nullptr) {
    if (alone != nullptr) return engine->tokenizer().Encode(*alone, false, true);
    return Status::Unsupported(fmt::format("'{}' has no chat template; use generate", path));
  }
  std::vector<text::ChatMessage> messages;
  if (alone != nullptr) {
    messages.push_back({text::Role::kUser, *alone});
  } else {
    const auto& conversation = std::get<std::vector<ChatMessage>>(prompt);
    messages.reserve(conversation.size());
    for (const ChatMessage& message : conversation) messages.push_back({ToTextRole(message.role), message.content});
  }
  return text::EncodeChat(engine->tokenizer(), *chat_template, messages);
}

Result<GenerationResult> Model::State::Answer(const Prompt& prompt, const GenerationConfig& config,
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
  return state_->Answer(std::string(prompt), config, {}, {});
}

Result<GenerationResult> Model::chat(const std::vector<ChatMessage>& conversation,
                                     const GenerationConfig& config) const {
  return state_->Answer(conversation, config, {}, {});
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
