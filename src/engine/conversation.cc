// SPDX-License-Identifier: Apache-2.0
#include "engine/conversation.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/status_macros.h"

namespace sterna::engine {
namespace {

using text::ChatMessage;
using text::Role;
using text::TextPiece;
using text::TokenId;

// The smallest part of the context that old turns must leave for an answer, unless the answer may not be that long.
constexpr uint32_t kAnswerShare = 4;

// The pieces that follow the last answer's content: the end of that turn, the user's turn, and the head of the next
// answer. Found by rendering a stand-in exchange before the user's message and cutting behind its answer, because a
// template writes turns one after the other. Empty when the template does not keep the contents apart and in order.
Result<std::vector<TextPiece>> ContinuationPieces(const text::ChatTemplate& chat_template, const std::string& system,
                                                  const std::string& message) {
  std::vector<ChatMessage> turns = {{Role::kUser, "q"}, {Role::kAssistant, "a"}, {Role::kUser, message}};
  if (!system.empty()) turns.insert(turns.begin(), {Role::kSystem, system});
  STERNA_ASSIGN_OR_RETURN(std::vector<TextPiece> pieces, chat_template.Render(turns, /*add_generation_prompt=*/true));
  std::vector<size_t> contents;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (!pieces[i].trusted) contents.push_back(i);
  }
  if (contents.size() != turns.size()) return std::vector<TextPiece>{};
  const size_t answer = contents[contents.size() - 2];
  if (pieces[contents[contents.size() - 3]].text != "q" || pieces[answer].text != "a") return std::vector<TextPiece>{};
  pieces.erase(pieces.begin(), pieces.begin() + std::ptrdiff_t(answer) + 1);
  return pieces;
}

}  // namespace

Conversation::Conversation(Session& session, const text::Tokenizer& tokenizer,
                           std::shared_ptr<const text::ChatTemplate> chat_template)
    : session_(session), tokenizer_(tokenizer), template_(std::move(chat_template)) {}

void Conversation::SetSystem(std::string text) {
  system_ = std::move(text);
  in_step_ = false;
}

void Conversation::Clear() { SetMessages({}); }

void Conversation::SetMessages(std::vector<ChatMessage> messages) {
  messages_ = std::move(messages);
  in_step_ = false;
}

Result<Conversation::Turn> Conversation::Say(std::string message, const TextRequest& request) {
  const std::vector<ChatMessage> before = messages_;
  messages_.push_back({Role::kUser, std::move(message)});
  Turn turn;
  Result<std::vector<TokenId>> prompt = PreparePrompt(request.max_tokens, turn.dropped_turns);
  Result<TextResult> answer =
      prompt.ok() ? CompleteTokens(session_, tokenizer_, *std::move(prompt), request) : prompt.status();
  if (!answer.ok()) {
    SetMessages(before);
    return answer.status();
  }
  turn.result = *std::move(answer);
  turn.context_used_tokens = uint32_t(session_.tokens().size());
  messages_.push_back({Role::kAssistant, turn.result.text});
  // A cancelled prefill leaves a part of the prompt: the next turn renders everything again and keeps that part.
  in_step_ = turn.result.finish_reason != FinishReason::kCancelled || !turn.result.tokens.empty();
  return turn;
}

Result<std::vector<TokenId>> Conversation::PreparePrompt(uint32_t answer_tokens, uint32_t& dropped_turns) {
  const uint32_t context = session_.context_tokens();
  const size_t room = std::clamp<size_t>(context / kAnswerShare, 1, std::max(1u, answer_tokens));
  if (in_step_) {
    STERNA_ASSIGN_OR_RETURN(std::vector<TokenId> next, EncodeContinuation());
    if (!next.empty() && session_.tokens().size() + next.size() + room <= context) return next;
  }
  STERNA_ASSIGN_OR_RETURN(std::vector<TokenId> all, EncodeAll());
  while (all.size() + room > context && DropOldestTurn()) {
    ++dropped_turns;
    STERNA_ASSIGN_OR_RETURN(all, EncodeAll());
  }
  if (all.empty()) return Status::InvalidArgument("the message and the chat template give no tokens");
  if (all.size() >= context) {
    return Status::ResourceExhausted(
        fmt::format("the message takes {} tokens with the system prompt and the template; the context holds {}",
                    all.size(), context));
  }
  return KeepCommonPrefix(std::move(all));
}

// The session ends with the last answer, and with the token that ended it where the model drew one. That token stands
// for the first token of what the template puts there, if it is one that ends turns, too.
Result<std::vector<TokenId>> Conversation::EncodeContinuation() const {
  STERNA_ASSIGN_OR_RETURN(const std::vector<TextPiece> pieces,
                          ContinuationPieces(*template_, system_, messages_.back().content));
  if (pieces.empty() || session_.tokens().empty()) return std::vector<TokenId>{};
  STERNA_ASSIGN_OR_RETURN(std::vector<TokenId> tokens, tokenizer_.Encode(pieces));
  const bool ended = tokenizer_.IsEndOfGeneration(session_.tokens().back());
  if (ended && !tokens.empty() && tokenizer_.IsEndOfGeneration(tokens.front())) tokens.erase(tokens.begin());
  return tokens;
}

Result<std::vector<TokenId>> Conversation::EncodeAll() const {
  std::vector<ChatMessage> turns;
  if (!system_.empty()) turns.push_back({Role::kSystem, system_});
  turns.insert(turns.end(), messages_.begin(), messages_.end());
  return text::EncodeChat(tokenizer_, *template_, turns);
}

// A turn is a user's message and what follows it up to the next. The last one stays.
bool Conversation::DropOldestTurn() {
  const auto is_user = [](const ChatMessage& message) { return message.role == Role::kUser; };
  const auto first = std::find_if(messages_.begin(), messages_.end(), is_user);
  if (first == messages_.end()) return false;
  const auto next = std::find_if(std::next(first), messages_.end(), is_user);
  if (next == messages_.end()) return false;
  messages_.erase(messages_.begin(), next);
  return true;
}

std::vector<TokenId> Conversation::KeepCommonPrefix(std::vector<TokenId> all) {
  const std::span<const TokenId> held = session_.tokens();
  const auto apart = std::mismatch(held.begin(), held.end(), all.begin(), all.end() - 1);  // one token is left to run
  const std::ptrdiff_t common = apart.first - held.begin();
  session_.Truncate(size_t(common));
  all.erase(all.begin(), all.begin() + common);
  return all;
}

}  // namespace sterna::engine
