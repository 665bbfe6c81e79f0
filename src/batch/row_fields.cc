// SPDX-License-Identifier: Apache-2.0
#include "batch/row_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"

namespace sterna::batch {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxCount = std::numeric_limits<int32_t>::max();
constexpr char kEnvelopeBody[] = "body";
constexpr uint64_t kMaxU64 = std::numeric_limits<uint64_t>::max();

Status Wanted(const std::string& what) { return Status::InvalidArgument("must be " + what); }

Status SetText(const json& value, std::string& target) {
  if (!value.is_string()) return Wanted("a text");
  target = value.get<std::string>();
  return {};
}

Status SetBool(const json& value, bool& target) {
  if (!value.is_boolean()) return Wanted("true or false");
  target = value.get<bool>();
  return {};
}

template <class T>
Status SetWhole(const json& value, T& target, uint64_t high) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() > high) {
    return Wanted(fmt::format("a whole number in 0..{}", high));
  }
  target = T(value.get<uint64_t>());
  return {};
}

Status SetReal(const json& value, float& target) {
  if (!value.is_number() || !std::isfinite(value.get<float>())) return Wanted("a number");
  target = value.get<float>();
  return {};
}

Status SetPrompt(const json& value, Row& row) {
  if (row.prompt) return Status::InvalidArgument("gives a second prompt");
  return SetText(value, row.prompt.emplace());
}

Status SetId(const json& value, Row& row) {
  if (value.is_string()) {
    row.id = RowId{value.get<std::string>(), false};
  } else if (value.is_number_integer()) {
    row.id = RowId{value.dump(), true};
  } else {
    return Wanted("a text or a whole number");
  }
  return {};
}

// Values are looked at where they lie: a copy of a deeply nested one would exhaust the stack.
const json& At(const json& object, const char* name) {
  static const json kNothing;
  const auto found = object.find(name);
  return found == object.end() ? kNothing : *found;
}

Status SetRole(const json& message, text::Role& role) {
  const json& value = At(message, "role");
  const std::string name = value.is_string() ? value.get<std::string>() : "";
  if (name == "system" || name == "developer") {
    role = text::Role::kSystem;
  } else if (name == "user") {
    role = text::Role::kUser;
  } else if (name == "assistant") {
    role = text::Role::kAssistant;
  } else {
    return Wanted("a list of messages whose role is system, user or assistant");
  }
  return {};
}

// A text, or a list of parts of which each is a text.
Status SetContent(const json& message, std::string& content) {
  const json& value = At(message, "content");
  if (value.is_string()) return SetText(value, content);
  const Status wanted = Wanted("a list of messages whose content is a text");
  if (!value.is_array()) return wanted;
  for (const json& part : value) {
    if (!part.is_object() || !At(part, "text").is_string()) return wanted;
    content += At(part, "text").get<std::string>();
  }
  return {};
}

Status SetMessages(const json& value, Row& row) {
  if (!value.is_array() || value.empty()) return Wanted("a list with at least one message");
  for (const json& message : value) {
    if (!message.is_object()) return Wanted("a list of objects with role and content");
    text::ChatMessage read;
    STERNA_RETURN_IF_ERROR(SetRole(message, read.role));
    STERNA_RETURN_IF_ERROR(SetContent(message, read.content));
    row.messages.push_back(std::move(read));
  }
  return {};
}

Status SetStop(const json& value, Row& row) {
  row.request.stop_strings.clear();
  if (value.is_string()) {
    row.request.stop_strings.push_back(value.get<std::string>());
    return {};
  }
  if (!value.is_array()) return Wanted("a text or a list of texts");
  for (const json& text : value) {
    STERNA_RETURN_IF_ERROR(SetText(text, row.request.stop_strings.emplace_back()));
  }
  return {};
}

// {"ID": NUMBER}, and the text -inf for a ban, which JSON has no number for.
Status SetLogitBias(const json& value, Row& row) {
  const Status wanted = Wanted("an object of token ids with numbers or \"-inf\"");
  if (!value.is_object()) return wanted;
  row.request.sampling.logit_bias.clear();
  for (const auto& [name, bias] : value.items()) {
    int32_t id = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error != std::errc() || end != name.data() + name.size()) return wanted;
    float number = -std::numeric_limits<float>::infinity();
    if (bias != "-inf" && !SetReal(bias, number).ok()) return wanted;
    row.request.sampling.logit_bias.emplace_back(id, number);
  }
  return {};
}

struct Field {
  std::string_view name;
  FieldKind kind;
  Status (*set)(const json& value, Row& row);
};

constexpr auto kText = FieldKind::kText;
constexpr auto kJson = FieldKind::kJson;

constexpr Status (*kSetMaxTokens)(const json&, Row&) = [](const json& v, Row& row) {
  return SetWhole(v, row.request.max_tokens, kMaxCount);
};
constexpr Status (*kSetTemperature)(const json&, Row&) = [](const json& v, Row& row) {
  return SetReal(v, row.request.sampling.temperature);
};
constexpr Status (*kSetRepeatPenalty)(const json&, Row&) = [](const json& v, Row& row) {
  return SetReal(v, row.request.sampling.repetition_penalty);
};

// Whether a number is in its range is for the sampler to say, as for the flags of other verbs.
constexpr Field kFields[] = {
    {"prompt", kText, SetPrompt},
    {"input", kText, SetPrompt},
    {"text", kText, SetPrompt},
    {"messages", kJson, SetMessages},
    {"id", kText, SetId},
    {"custom_id", kText, SetId},
    {"system", kText, [](const json& v, Row& row) { return SetText(v, row.system); }},
    {"raw", kJson, [](const json& v, Row& row) { return SetBool(v, row.raw); }},
    {"max_tokens", kJson, kSetMaxTokens},
    {"max_completion_tokens", kJson, kSetMaxTokens},
    {"max_length", kJson, kSetMaxTokens},
    {"temperature", kJson, kSetTemperature},
    {"temp", kJson, kSetTemperature},
    {"top_k", kJson, [](const json& v, Row& row) { return SetWhole(v, row.request.sampling.top_k, kMaxCount); }},
    {"top_p", kJson, [](const json& v, Row& row) { return SetReal(v, row.request.sampling.top_p); }},
    {"min_p", kJson, [](const json& v, Row& row) { return SetReal(v, row.request.sampling.min_p); }},
    {"repeat_penalty", kJson, kSetRepeatPenalty},
    {"repetition_penalty", kJson, kSetRepeatPenalty},
    {"frequency_penalty", kJson,
     [](const json& v, Row& row) { return SetReal(v, row.request.sampling.frequency_penalty); }},
    {"presence_penalty", kJson,
     [](const json& v, Row& row) { return SetReal(v, row.request.sampling.presence_penalty); }},
    {"penalty_window", kJson,
     [](const json& v, Row& row) { return SetWhole(v, row.request.sampling.penalty_window_tokens, kMaxCount); }},
    {"seed", kJson, [](const json& v, Row& row) { return SetWhole(v, row.request.sampling.seed, kMaxU64); }},
    {"stop", FieldKind::kTextOrJson, SetStop},
    {"ignore_eos", kJson, [](const json& v, Row& row) { return SetBool(v, row.request.ignore_end_of_generation); }},
    {"logit_bias", kJson, SetLogitBias},
};

constexpr std::string_view kIgnored[] = {"index",
                                         "output",
                                         "finish_reason",
                                         "prompt_tokens",
                                         "tokens_generated",
                                         "time_ms",
                                         "tokens_per_second",
                                         "error",
                                         "model",
                                         "method",
                                         "url",
                                         "user",
                                         "stream"};

const Field* FindField(std::string_view name) {
  const auto* field =
      std::find_if(std::begin(kFields), std::end(kFields), [&](const Field& f) { return f.name == name; });
  return field == std::end(kFields) ? nullptr : field;
}

Status SetFields(const json& object, Row& row, std::set<std::string>& unknown) {
  for (const auto& [name, value] : object.items()) {
    const Field* field = FindField(name);
    if (field == nullptr && !IsIgnoredField(name) && name != kEnvelopeBody) unknown.insert(name);
    if (field == nullptr || value.is_null()) continue;
    if (const Status status = field->set(value, row); !status.ok()) {
      return Status::InvalidArgument(fmt::format("'{}' {}", name, status.message()));
    }
  }
  return {};
}

// The request inside a line of the batch files of OpenAI's API; the completions there are raw prompts.
Status SetEnvelope(const json& line, Row& row, std::set<std::string>& unknown) {
  STERNA_RETURN_IF_ERROR(SetFields(line, row, unknown));
  const json& url = At(line, "url");
  if (url == "/v1/completions") {
    row.raw = true;
  } else if (!url.is_null() && url != "/v1/chat/completions") {
    return Status::InvalidArgument("'url' must be /v1/chat/completions or /v1/completions");
  }
  return SetFields(At(line, kEnvelopeBody), row, unknown);
}

Status CheckRow(const Row& row) {
  if (row.prompt && !row.messages.empty()) {
    return Status::InvalidArgument("there are both 'prompt' and 'messages'; give one");
  }
  if (!row.prompt && row.messages.empty()) {
    return Status::InvalidArgument("there is no 'prompt' and there are no 'messages'; give one");
  }
  if (row.raw && !row.messages.empty()) {
    return Status::InvalidArgument("'messages' need the chat template; give a 'prompt' or leave out 'raw'");
  }
  return {};
}

}  // namespace

std::optional<FieldKind> KindOfField(std::string_view name) {
  const Field* field = FindField(name);
  return field == nullptr ? std::nullopt : std::optional(field->kind);
}

bool IsIgnoredField(std::string_view name) {
  return std::find(std::begin(kIgnored), std::end(kIgnored), name) != std::end(kIgnored);
}

Row RowFromJson(const json& value, const Row& defaults, std::set<std::string>& unknown) {
  Row row = defaults;
  if (value.is_string()) {
    row.prompt = value.get<std::string>();
    return row;
  }
  if (!value.is_object()) {
    row.status = Status::InvalidArgument("a row must be a text or an object");
    return row;
  }
  const bool envelope = value.contains(kEnvelopeBody) && At(value, kEnvelopeBody).is_object();
  row.status = envelope ? SetEnvelope(value, row, unknown) : SetFields(value, row, unknown);
  if (row.status.ok()) row.status = CheckRow(row);
  return row;
}

}  // namespace sterna::batch
