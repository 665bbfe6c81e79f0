// SPDX-License-Identifier: Apache-2.0
#include "server/text_endpoints.h"

#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "server/chat_messages.h"
#include "server/chat_prompt.h"

namespace sterna::server {
namespace {

// A token as text, or as bytes where it holds a part of a character only.
Json Piece(std::string_view bytes) {
  try {
    Json text = std::string(bytes);
    (void)text.dump();  // throws for what is no UTF-8
    return text;
  } catch (const Json::exception&) {
    Json numbers = Json::array();
    for (const char byte : bytes) numbers.push_back(uint8_t(byte));
    return numbers;
  }
}

}  // namespace

Result<Json> Tokenize(const Json& body, const ApiContext& context) {
  STERNA_ASSIGN_OR_RETURN(const auto content, TextField(body, "content"));
  STERNA_ASSIGN_OR_RETURN(const auto add_special, BoolField(body, "add_special"));
  STERNA_ASSIGN_OR_RETURN(const auto parse_special, BoolField(body, "parse_special"));
  STERNA_ASSIGN_OR_RETURN(const auto with_pieces, BoolField(body, "with_pieces"));
  if (!content) return WrongField("content", "given");
  const text::Tokenizer& tokenizer = context.engine.tokenizer();
  STERNA_ASSIGN_OR_RETURN(const auto ids,
                          tokenizer.Encode(*content, parse_special.value_or(true), add_special.value_or(false)));
  if (!with_pieces.value_or(false)) return Json{{"tokens", ids}};
  Json tokens = Json::array();
  for (const text::TokenId id : ids) {
    tokens.push_back({{"id", id}, {"piece", Piece(tokenizer.TokenBytes(id, /*control=*/true))}});
  }
  return Json{{"tokens", std::move(tokens)}};
}

Result<Json> Detokenize(const Json& body, const ApiContext& context) {
  const Json* field = FindField(body, "tokens");
  if (field == nullptr || !field->is_array()) return WrongField("tokens", "a list of token ids");
  std::vector<text::TokenId> ids;
  for (const Json& id : *field) {
    STERNA_ASSIGN_OR_RETURN(const int32_t token, TokenIdOf(id, "tokens"));
    ids.push_back(token);
  }
  STERNA_ASSIGN_OR_RETURN(std::string text, context.engine.tokenizer().Decode(ids));
  return Json{{"content", std::move(text)}};
}

Result<Json> ApplyTemplate(const Json& body, const ApiContext& context) {
  STERNA_ASSIGN_OR_RETURN(const ToolUse tools, ReadTools(body));
  STERNA_ASSIGN_OR_RETURN(const text::ChatTemplate* chat_template, TemplateOf(context));
  STERNA_ASSIGN_OR_RETURN(const auto pieces, RenderChat(body, tools, *chat_template));
  std::string prompt;
  for (const text::TextPiece& piece : pieces) prompt += piece.text;
  return Json{{"prompt", std::move(prompt)}};
}

}  // namespace sterna::server
