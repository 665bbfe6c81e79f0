// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "server/reply_format.h"
#include "server/sse.h"

namespace sterna::server {
namespace {

class OpenAi : public ReplyFormat {
 public:
  OpenAi(const GenerationRequest& request, const text::Tokenizer& tokenizer, const std::string& id)
      : request_(request),
        tokenizer_(tokenizer),
        chat_(request.style == ReplyStyle::kChat),
        id_((chat_ ? "chatcmpl-" : "cmpl-") + id),
        created_(std::time(nullptr)) {}

  std::string Whole(const std::vector<Answer>& answers) const override {
    Json choices = Json::array();
    for (const Answer& answer : answers) choices.push_back(WholeChoice(answer));
    Json body = Frame(chat_ ? "chat.completion" : "text_completion", std::move(choices));
    body["usage"] = Usage(answers);
    return Dump(body);
  }

  std::string First(const Answer& answer) const override {
    if (chat_)
      return Event(
          {{"index", answer.index}, {"delta", {{"role", "assistant"}, {"content", ""}}}, {"finish_reason", nullptr}});
    if (!request_.echo) return {};
    return Event(TextChoice(answer.index, answer.prompt->text, nullptr, nullptr));
  }

  std::string Next(const Answer& answer, const Gain& gain) const override {
    Json logprobs = Logprobs(gain.logprobs, answer.text.size() - gain.text.size());
    if (!chat_) return Event(TextChoice(answer.index, gain.text, std::move(logprobs), nullptr));
    Json delta = Json::object();
    if (!gain.text.empty() || gain.calls.empty()) delta["content"] = gain.text;
    for (const ToolCall& part : gain.calls) {
      Json call = part.name.empty() ? Json{{"function", {{"arguments", part.arguments}}}} : Call(answer, part);
      call["index"] = part.index;
      delta["tool_calls"].push_back(std::move(call));
    }
    return Event({{"index", answer.index},
                  {"delta", std::move(delta)},
                  {"logprobs", std::move(logprobs)},
                  {"finish_reason", nullptr}});
  }

  std::string Last(const Answer& answer) const override {
    if (!chat_) return Event(TextChoice(answer.index, "", nullptr, FinishWord(answer)));
    return Event({{"index", answer.index}, {"delta", Json::object()}, {"finish_reason", FinishWord(answer)}});
  }

  std::string End(const std::vector<Answer>& answers) const override {
    std::string events;
    if (request_.include_usage) {
      Json chunk = Frame(Chunk(), Json::array());
      chunk["usage"] = Usage(answers);
      events = SseEvent(Dump(chunk));
    }
    return events.append(kSseDone);
  }

 private:
  const char* Chunk() const { return chat_ ? "chat.completion.chunk" : "text_completion"; }

  Json Frame(const char* object, Json choices) const {
    return {{"id", id_},
            {"object", object},
            {"created", created_},
            {"model", request_.model},
            {"choices", std::move(choices)}};
  }

  std::string Event(Json choice) const {
    Json chunk = Frame(Chunk(), Json::array({std::move(choice)}));
    if (request_.include_usage) chunk["usage"] = nullptr;
    return SseEvent(Dump(chunk));
  }

  static Json TextChoice(uint32_t index, const std::string& text, Json logprobs, Json finish_reason) {
    return {{"index", index},
            {"text", text},
            {"logprobs", std::move(logprobs)},
            {"finish_reason", std::move(finish_reason)}};
  }

  Json WholeChoice(const Answer& answer) const {
    Json logprobs = Logprobs(answer.logprobs, 0);
    if (!chat_) {
      return TextChoice(answer.index, (request_.echo ? answer.prompt->text : "") + answer.text, std::move(logprobs),
                        FinishWord(answer));
    }
    Json message = {{"role", "assistant"}, {"content", answer.text}, {"refusal", nullptr}};
    for (const ToolCall& call : answer.calls) message["tool_calls"].push_back(Call(answer, call));
    if (answer.text.empty() && !answer.calls.empty()) message["content"] = nullptr;
    return {{"index", answer.index},
            {"message", std::move(message)},
            {"logprobs", std::move(logprobs)},
            {"finish_reason", FinishWord(answer)}};
  }

  Json Call(const Answer& answer, const ToolCall& call) const {
    return {{"id", fmt::format("call_{}_{}_{}", id_, answer.index, call.index)},
            {"type", "function"},
            {"function", {{"name", call.name}, {"arguments", call.arguments}}}};
  }

  static Json Usage(const std::vector<Answer>& answers) {
    size_t prompt = 0, cached = 0, generated = 0;
    const GenerationRequest::Prompt* counted = nullptr;
    for (const Answer& answer : answers) {
      if (answer.prompt != counted) {  // once for all its answers
        prompt += answer.prompt->tokens.size();
        cached += answer.timings.cached_tokens;
      }
      counted = answer.prompt;
      generated += answer.tokens.size();
    }
    return {{"prompt_tokens", prompt},
            {"completion_tokens", generated},
            {"total_tokens", prompt + generated},
            {"prompt_tokens_details", {{"cached_tokens", cached}}}};
  }

  Json TokenText(text::TokenId token) const { return std::string(tokenizer_.TokenBytes(token, /*control=*/true)); }

  Json ChatToken(text::TokenId token, double logprob) const {
    const std::string_view bytes = tokenizer_.TokenBytes(token, /*control=*/true);
    Json numbers = Json::array();
    for (const char byte : bytes) numbers.push_back(uint8_t(byte));
    return {{"token", std::string(bytes)}, {"logprob", logprob}, {"bytes", std::move(numbers)}};
  }

  Json Logprobs(const std::vector<TokenLogprobs>& all, size_t text_offset) const {
    if (!request_.top_logprobs) return nullptr;
    return chat_ ? ChatLogprobs(all) : TextLogprobs(all, text_offset);
  }

  Json ChatLogprobs(const std::vector<TokenLogprobs>& all) const {
    Json content = Json::array();
    for (const TokenLogprobs& one : all) {
      Json token = ChatToken(one.token, one.logprob);
      token["top_logprobs"] = Json::array();
      for (const auto& [other, logprob] : one.top) token["top_logprobs"].push_back(ChatToken(other, logprob));
      content.push_back(std::move(token));
    }
    return {{"content", std::move(content)}};
  }

  Json TextLogprobs(const std::vector<TokenLogprobs>& all, size_t text_offset) const {
    Json logprobs = {{"tokens", Json::array()},
                     {"token_logprobs", Json::array()},
                     {"top_logprobs", Json::array()},
                     {"text_offset", Json::array()}};
    for (const TokenLogprobs& one : all) {
      logprobs["tokens"].push_back(TokenText(one.token));
      logprobs["token_logprobs"].push_back(one.logprob);
      logprobs["text_offset"].push_back(text_offset);
      text_offset += tokenizer_.TokenBytes(one.token).size();
      Json top = Json::object();
      for (const auto& [other, logprob] : one.top) top[TokenText(other).get<std::string>()] = logprob;
      logprobs["top_logprobs"].push_back(std::move(top));
    }
    return logprobs;
  }

  const GenerationRequest& request_;
  const text::Tokenizer& tokenizer_;
  const bool chat_;
  const std::string id_;
  const std::time_t created_;
};

}  // namespace

std::string_view FinishWord(const Answer& answer) {
  if (answer.finish_reason == engine::FinishReason::kLength) return "length";
  return answer.calls.empty() ? "stop" : "tool_calls";
}

std::unique_ptr<ReplyFormat> OpenAiFormat(const GenerationRequest& request, const text::Tokenizer& tokenizer,
                                          const std::string& id) {
  return std::make_unique<OpenAi>(request, tokenizer, id);
}

}  // namespace sterna::server
