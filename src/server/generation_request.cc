// SPDX-License-Identifier: Apache-2.0
#include "server/generation_request.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "base/status_macros.h"
#include "server/chat_messages.h"
#include "server/chat_prompt.h"
#include "server/output_constraint.h"
#include "server/tools.h"
#include "text/chat_tokens.h"

namespace sterna::server {
namespace {

constexpr size_t kMaxStopStrings = 64;
constexpr size_t kMaxStopBytes = size_t{16} << 10;  // of all together
constexpr size_t kMaxBiases = 1024;
constexpr int64_t kMaxTopLogprobs = 20;
constexpr int64_t kMaxCount = std::numeric_limits<int32_t>::max();

template <class Value, class Target>
void Take(const std::optional<Value>& value, Target& target) {
  if (value) target = Target(*value);
}

// Reads the fields that the protocols have in common into a request.
class Reader {
 public:
  Reader(const Json& body, const ApiContext& context, ReplyStyle style) : body_(body), context_(context) {
    request_.style = style;
    request_.model = context.settings.model_name;
    request_.sampling = context.settings.sampling;
    request_.max_tokens = context.settings.max_tokens;
  }

  Status RefuseUnsupported();
  Status ReadSampling();
  Status ReadStop();
  Status ReadCommon();
  Status ReadMaxTokens(std::initializer_list<std::string_view> names);
  Status ReadChoices();
  Status ReadPrompts();
  Status ReadChat();

  const Json& body() const { return body_; }
  GenerationRequest& request() { return request_; }

 private:
  Status ReadSeed();
  Status ReadBiases();
  Status AddBias(std::string_view token, const Json& value);
  Result<GenerationRequest::Prompt> PromptOfText(const std::string& text) const;
  Result<GenerationRequest::Prompt> PromptOfIds(const Json& ids) const;

  const Json& body_;
  const ApiContext& context_;
  GenerationRequest request_;
};

// What changes the meaning of an answer must not be passed over in silence.
Status Reader::RefuseUnsupported() {
  for (const char* name : {"suffix", "audio"}) {
    if (FindField(body_, name) != nullptr) return Status::Unsupported(fmt::format("'{}' is not supported", name));
  }
  for (const std::string_view name : {"tools", "functions", "modalities"}) {
    if (name == "tools" && request_.style == ReplyStyle::kChat) continue;
    const Json* list = FindField(body_, name);
    if (list != nullptr && !list->empty() && *list != Json::array({"text"})) {
      return Status::Unsupported(fmt::format("'{}' is not supported", name));
    }
  }
  return {};
}

Status Reader::ReadSampling() {
  sample::SamplingParams& sampling = request_.sampling;
  STERNA_ASSIGN_OR_RETURN(const auto temperature, NumberField(body_, "temperature", 0, 2));
  STERNA_ASSIGN_OR_RETURN(const auto top_p, NumberField(body_, "top_p", 0, 1));
  STERNA_ASSIGN_OR_RETURN(const auto min_p, NumberField(body_, "min_p", 0, 1));
  STERNA_ASSIGN_OR_RETURN(const auto top_k, IntegerField(body_, "top_k", -1, kMaxCount));
  STERNA_ASSIGN_OR_RETURN(const auto frequency, NumberField(body_, "frequency_penalty", -2, 2));
  STERNA_ASSIGN_OR_RETURN(const auto presence, NumberField(body_, "presence_penalty", -2, 2));
  STERNA_ASSIGN_OR_RETURN(const auto window, IntegerField(body_, "repeat_last_n", -1, kMaxCount));
  for (const char* name : {"repeat_penalty", "repetition_penalty"}) {
    STERNA_ASSIGN_OR_RETURN(const auto penalty, NumberField(body_, name, 0.01, 100));
    Take(penalty, sampling.repetition_penalty);
  }
  Take(temperature, sampling.temperature);
  Take(top_p, sampling.top_p);
  Take(min_p, sampling.min_p);
  if (top_k) sampling.top_k = uint32_t(std::max<int64_t>(*top_k, 0));
  Take(frequency, sampling.frequency_penalty);
  Take(presence, sampling.presence_penalty);
  if (window) sampling.penalty_window_tokens = uint32_t(std::max<int64_t>(*window, 0));  // -1: all
  STERNA_RETURN_IF_ERROR(ReadSeed());
  return ReadBiases();
}

// A seed of -1 asks for another one each time.
Status Reader::ReadSeed() {
  const Json* seed = FindField(body_, "seed");
  if (seed != nullptr && seed->is_number_unsigned()) {
    request_.sampling.seed = seed->get<uint64_t>();
    return {};
  }
  STERNA_ASSIGN_OR_RETURN(const auto value, IntegerField(body_, "seed", -1, std::numeric_limits<int64_t>::max()));
  if (value) {
    std::random_device random;
    request_.sampling.seed = uint64_t(random()) << 32 | random();
  }
  return {};
}

// {"15": -100, "20": false}, or [[15, -100], [20, false]]; false bans the token.
Status Reader::ReadBiases() {
  const Json* biases = FindField(body_, "logit_bias");
  if (biases == nullptr) return {};
  if (biases->size() > kMaxBiases) return WrongField("logit_bias", fmt::format("at most {} tokens", kMaxBiases));
  if (biases->is_object()) {
    for (const auto& [token, value] : biases->items()) STERNA_RETURN_IF_ERROR(AddBias(token, value));
    return {};
  }
  if (!biases->is_array()) return WrongField("logit_bias", "an object from token ids to numbers");
  for (const Json& pair : *biases) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_unsigned()) {
      return WrongField("logit_bias", "made of pairs of a token id and a number");
    }
    STERNA_RETURN_IF_ERROR(AddBias(pair[0].dump(), pair[1]));
  }
  return {};
}

Status Reader::AddBias(std::string_view token, const Json& value) {
  constexpr double kMaxBias = 1000;
  int32_t id = -1;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), id);
  if (error != std::errc() || end != token.data() + token.size()) {
    return WrongField("logit_bias", "an object from token ids to numbers");
  }
  const bool banned = value.is_boolean() && !value.get<bool>();
  const double bias = banned              ? -std::numeric_limits<double>::infinity()
                      : value.is_number() ? value.get<double>()
                                          : std::numeric_limits<double>::quiet_NaN();
  if (!banned && !(bias >= -kMaxBias && bias <= kMaxBias)) {
    return WrongField("logit_bias", fmt::format("numbers from {} to {}, or false", -kMaxBias, kMaxBias));
  }
  request_.sampling.logit_bias.emplace_back(id, float(bias));
  return {};
}

Status Reader::ReadStop() {
  const Json* stop = FindField(body_, "stop");
  if (stop == nullptr) {
    request_.stop_strings = context_.settings.stop_strings;
    return {};
  }
  const Json list = stop->is_string() ? Json::array({*stop}) : *stop;
  if (!list.is_array() || list.size() > kMaxStopStrings) {
    return WrongField("stop", fmt::format("a string, or a list of at most {}", kMaxStopStrings));
  }
  size_t bytes = 0;
  for (const Json& text : list) {
    if (!text.is_string()) return WrongField("stop", "made of strings");
    request_.stop_strings.push_back(text.get<std::string>());
    bytes += request_.stop_strings.back().size();
  }
  return bytes <= kMaxStopBytes ? Status() : WrongField("stop", fmt::format("at most {} bytes", kMaxStopBytes));
}

Status Reader::ReadCommon() {
  STERNA_RETURN_IF_ERROR(RefuseUnsupported());
  STERNA_RETURN_IF_ERROR(ReadSampling());
  STERNA_RETURN_IF_ERROR(ReadStop());
  STERNA_ASSIGN_OR_RETURN(const auto stream, BoolField(body_, "stream"));
  STERNA_ASSIGN_OR_RETURN(const auto ignore, BoolField(body_, "ignore_eos"));
  STERNA_ASSIGN_OR_RETURN(auto model, TextField(body_, "model"));
  STERNA_ASSIGN_OR_RETURN(request_.constraint, ReadConstraint(body_, context_));
  Take(stream, request_.stream);
  Take(ignore, request_.ignore_end_of_generation);
  if (model && !model->empty()) request_.model = *std::move(model);
  if (const Json* options = FindField(body_, "stream_options")) {
    if (!options->is_object()) return WrongField("stream_options", "an object");
    STERNA_ASSIGN_OR_RETURN(const auto usage, BoolField(*options, "include_usage"));
    Take(usage, request_.include_usage);
  }
  return {};
}

// -1: as many as the context holds.
Status Reader::ReadMaxTokens(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    STERNA_ASSIGN_OR_RETURN(const auto value, IntegerField(body_, name, -1, kMaxCount));
    if (value) request_.max_tokens = *value < 0 ? context_.engine.context_tokens() : uint32_t(*value);
  }
  return {};
}

Status Reader::ReadChoices() {
  const int64_t limit = context_.settings.max_choices;
  STERNA_ASSIGN_OR_RETURN(const auto choices, IntegerField(body_, "n", 1, limit));
  Take(choices, request_.choices);
  STERNA_ASSIGN_OR_RETURN(const auto best_of, IntegerField(body_, "best_of", 1, limit));
  if (best_of && *best_of != request_.choices) return WrongField("best_of", "the same as n");
  if (request_.choices * request_.prompts.size() <= size_t(limit)) return {};
  return WrongField("n", fmt::format("so small that the request asks for at most {} answers", limit));
}

Result<GenerationRequest::Prompt> Reader::PromptOfText(const std::string& text) const {
  STERNA_ASSIGN_OR_RETURN(auto tokens,
                          context_.engine.tokenizer().Encode(text, /*trusted=*/true, /*add_special=*/true));
  if (tokens.empty()) return WrongField("prompt", "a text that is not empty");
  return GenerationRequest::Prompt{std::move(tokens), text};
}

Result<GenerationRequest::Prompt> Reader::PromptOfIds(const Json& ids) const {
  GenerationRequest::Prompt prompt;
  for (const Json& id : ids) {
    STERNA_ASSIGN_OR_RETURN(const int32_t token, TokenIdOf(id, "prompt"));
    prompt.tokens.push_back(token);
  }
  if (prompt.tokens.empty()) return WrongField("prompt", "a list that is not empty");
  if (request_.echo) {
    STERNA_ASSIGN_OR_RETURN(prompt.text, context_.engine.tokenizer().Decode(prompt.tokens));
  }
  return prompt;
}

// A text, token ids, or a list of texts or of lists of token ids.
Status Reader::ReadPrompts() {
  const Json* field = FindField(body_, "prompt");
  if (field == nullptr) return WrongField("prompt", "given");
  const bool one = field->is_string() || (field->is_array() && !field->empty() && field->front().is_number());
  const Json list = one ? Json::array({*field}) : *field;
  if (!list.is_array() || list.empty()) return WrongField("prompt", "a text, token ids, or a list of these");
  if (list.size() > context_.settings.max_choices) {
    return WrongField("prompt", fmt::format("a list of at most {}", context_.settings.max_choices));
  }
  for (const Json& item : list) {
    if (!item.is_string() && !item.is_array()) return WrongField("prompt", "a text, token ids, or a list of these");
    STERNA_ASSIGN_OR_RETURN(auto prompt, item.is_string() ? PromptOfText(item.get<std::string>()) : PromptOfIds(item));
    request_.prompts.push_back(std::move(prompt));
  }
  return {};
}

// Messages and tools.
Status Reader::ReadChat() {
  STERNA_ASSIGN_OR_RETURN(const ToolUse tools, ReadTools(body_));
  if (tools.choice != ToolUse::Choice::kNone) {
    if (request_.constraint != nullptr) {
      return Status::InvalidArgument(
          "'tools' and one of 'response_format', 'json_schema' and 'grammar' are given; give one, or tool_choice none");
    }
    request_.may_call_tools = true;
    STERNA_ASSIGN_OR_RETURN(request_.constraint, ToolConstraint(tools, context_));
  }
  STERNA_ASSIGN_OR_RETURN(const text::ChatTemplate* chat_template, TemplateOf(context_));
  STERNA_ASSIGN_OR_RETURN(const auto pieces, RenderChat(body_, tools, *chat_template));
  STERNA_ASSIGN_OR_RETURN(auto tokens, text::EncodeRenderedChat(context_.engine.tokenizer(), pieces));
  if (tokens.empty()) return WrongField("messages", "of contents that give tokens");
  request_.prompts.push_back({std::move(tokens), {}});
  return {};
}

}  // namespace

Result<GenerationRequest> ReadChatRequest(const Json& body, const ApiContext& context) {
  Reader reader(body, context, ReplyStyle::kChat);
  STERNA_RETURN_IF_ERROR(reader.ReadCommon());
  STERNA_RETURN_IF_ERROR(reader.ReadMaxTokens({"max_tokens", "max_completion_tokens"}));
  STERNA_RETURN_IF_ERROR(reader.ReadChat());
  STERNA_RETURN_IF_ERROR(reader.ReadChoices());
  STERNA_ASSIGN_OR_RETURN(const auto logprobs, BoolField(body, "logprobs"));
  STERNA_ASSIGN_OR_RETURN(const auto top, IntegerField(body, "top_logprobs", 0, kMaxTopLogprobs));
  if (top && !logprobs.value_or(false)) return WrongField("logprobs", "true where top_logprobs is given");
  if (logprobs.value_or(false)) reader.request().top_logprobs = uint32_t(top.value_or(0));
  return std::move(reader.request());
}

Result<GenerationRequest> ReadCompletionRequest(const Json& body, const ApiContext& context) {
  Reader reader(body, context, ReplyStyle::kText);
  STERNA_RETURN_IF_ERROR(reader.ReadCommon());
  STERNA_RETURN_IF_ERROR(reader.ReadMaxTokens({"max_tokens"}));
  STERNA_ASSIGN_OR_RETURN(const auto echo, BoolField(body, "echo"));
  Take(echo, reader.request().echo);
  STERNA_RETURN_IF_ERROR(reader.ReadPrompts());
  STERNA_RETURN_IF_ERROR(reader.ReadChoices());
  STERNA_ASSIGN_OR_RETURN(const auto logprobs, IntegerField(body, "logprobs", 0, kMaxTopLogprobs));
  if (logprobs) reader.request().top_logprobs = uint32_t(*logprobs);
  return std::move(reader.request());
}

Result<GenerationRequest> ReadNativeRequest(const Json& body, const ApiContext& context) {
  Reader reader(body, context, ReplyStyle::kNative);
  STERNA_RETURN_IF_ERROR(reader.ReadCommon());
  STERNA_RETURN_IF_ERROR(reader.ReadMaxTokens({"max_tokens", "n_predict"}));
  STERNA_RETURN_IF_ERROR(reader.ReadPrompts());
  if (reader.request().prompts.size() != 1) return WrongField("prompt", "one text, or one list of token ids");
  STERNA_ASSIGN_OR_RETURN(const auto probabilities, IntegerField(body, "n_probs", 0, kMaxTopLogprobs));
  if (probabilities && *probabilities > 0) reader.request().top_logprobs = uint32_t(*probabilities);
  STERNA_ASSIGN_OR_RETURN(const auto tokens, BoolField(body, "return_tokens"));
  Take(tokens, reader.request().return_tokens);
  return std::move(reader.request());
}

}  // namespace sterna::server
