// SPDX-License-Identifier: Apache-2.0
//
// llama-server's own protocol.
#include <nlohmann/json.hpp>

#include "server/metrics.h"
#include "server/reply_format.h"
#include "server/sse.h"

namespace sterna::server {
namespace {

class Native : public ReplyFormat {
 public:
  Native(const GenerationRequest& request, const text::Tokenizer& tokenizer)
      : request_(request), tokenizer_(tokenizer) {}

  std::string Whole(const std::vector<Answer>& answers) const override {
    const Answer& answer = answers.front();
    Json body = End(answer);
    body["content"] = answer.text;
    body["tokens"] = request_.return_tokens ? Json(answer.tokens) : Json::array();
    if (request_.top_logprobs) body["completion_probabilities"] = Probabilities(answer.logprobs);
    return Dump(body);
  }

  std::string First(const Answer&) const override { return {}; }

  std::string Next(const Answer& answer, const Gain& gain) const override {
    Json event = {{"index", answer.index},
                  {"content", gain.text},
                  {"tokens", gain.tokens},
                  {"stop", false},
                  {"tokens_predicted", answer.tokens.size()},
                  {"tokens_evaluated", answer.prompt->tokens.size()}};
    if (request_.top_logprobs) event["completion_probabilities"] = Probabilities(gain.logprobs);
    return SseEvent(Dump(event));
  }

  std::string Last(const Answer& answer) const override {
    Json event = End(answer);
    event["content"] = "";
    event["tokens"] = Json::array();
    return SseEvent(Dump(event));
  }

  std::string End(const std::vector<Answer>&) const override { return {}; }

 private:
  static const char* StopType(const Answer& answer) {
    if (answer.stop_string_found) return "word";
    return answer.finish_reason == engine::FinishReason::kLength ? "limit" : "eos";
  }

  Json End(const Answer& answer) const {
    const engine::Timings& t = answer.timings;
    return {{"index", answer.index},
            {"model", request_.model},
            {"stop", true},
            {"stop_type", StopType(answer)},
            {"truncated", false},
            {"tokens_predicted", answer.tokens.size()},
            {"tokens_evaluated", answer.prompt->tokens.size()},
            {"tokens_cached", answer.prompt->tokens.size() - t.prompt_tokens},
            {"generation_settings", Settings()},
            {"timings",
             {{"prompt_n", t.prompt_tokens},
              {"prompt_ms", t.prefill_ms},
              {"prompt_per_second", t.PrefillTokensPerSecond()},
              {"predicted_n", t.generated_tokens},
              {"predicted_ms", t.decode_ms},
              {"predicted_per_second", PerSecond(t.generated_tokens, t.decode_ms)}}}};
  }

  Json Settings() const {
    const sample::SamplingParams& s = request_.sampling;
    return {{"n_predict", request_.max_tokens},
            {"temperature", s.temperature},
            {"top_k", s.top_k},
            {"top_p", s.top_p},
            {"min_p", s.min_p},
            {"repeat_penalty", s.repetition_penalty},
            {"repeat_last_n", s.penalty_window_tokens},
            {"frequency_penalty", s.frequency_penalty},
            {"presence_penalty", s.presence_penalty},
            {"seed", s.seed},
            {"stop", request_.stop_strings},
            {"stream", request_.stream},
            {"ignore_eos", request_.ignore_end_of_generation}};
  }

  Json Token(text::TokenId id, double logprob) const {
    return {{"id", id}, {"token", std::string(tokenizer_.TokenBytes(id, /*control=*/true))}, {"logprob", logprob}};
  }

  Json Probabilities(const std::vector<TokenLogprobs>& all) const {
    Json list = Json::array();
    for (const TokenLogprobs& one : all) {
      Json token = Token(one.token, one.logprob);
      token["top_logprobs"] = Json::array();
      for (const auto& [other, logprob] : one.top) token["top_logprobs"].push_back(Token(other, logprob));
      list.push_back(std::move(token));
    }
    return list;
  }

  const GenerationRequest& request_;
  const text::Tokenizer& tokenizer_;
};

}  // namespace

std::unique_ptr<ReplyFormat> NativeFormat(const GenerationRequest& request, const text::Tokenizer& tokenizer) {
  return std::make_unique<Native>(request, tokenizer);
}

}  // namespace sterna::server
