// SPDX-License-Identifier: Apache-2.0
#include "server/tools.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "grammar/constraint.h"
#include "server/chat_messages.h"
#include "server/chat_prompt.h"
#include "server/generation_request.h"
#include "unit/server/tiny_api.h"

namespace sterna::server {
namespace {

Json Function(const std::string& name, const Json& parameters = nullptr) {
  return {{"type", "function"}, {"function", {{"name", name}, {"parameters", parameters}}}};
}
const Json kCity = {{"type", "object"},
                    {"properties", {{"city", {{"$ref", "#/$defs/city"}}}}},
                    {"required", {"city"}},
                    {"additionalProperties", false},
                    {"$defs", {{"city", {{"enum", {"Rome", "Oslo"}}}}}}};
const Json kMessages = {{{"role", "user"}, {"content", "hi"}}};

// Whether `answer` is one of those that `body` allows. One token a byte.
class Answers {
 public:
  explicit Answers(const Json& body) {
    for (int i = 0; i < 256; ++i) bytes_.push_back(char(i));
    std::vector<std::string_view> tokens;
    tokens.reserve(bytes_.size() + 1);
    for (size_t i = 0; i < bytes_.size(); ++i) tokens.push_back(std::string_view(bytes_).substr(i, 1));
    tokens.emplace_back();
    const auto tree = std::make_shared<grammar::TokenTree>(tokens, std::vector<text::TokenId>{256});
    const ToolUse tools = ReadTools(body).value();
    auto automaton = grammar::Automaton::Compile(ToolSyntax(tools).value());
    constraint_ = grammar::Constraint::Create(*std::move(automaton), tree).value();
  }
  bool Allow(std::string_view answer) const {
    grammar::Matcher matcher(constraint_);
    EXPECT_TRUE(matcher.Begin().ok());
    grammar::TokenSet allowed(257);
    for (const char byte : answer) {
      if (!matcher.Allowed(allowed).ok() || !allowed.Holds(uint8_t(byte))) return false;
      EXPECT_TRUE(matcher.Accept(uint8_t(byte)).ok());
    }
    return matcher.MayEnd();
  }

 private:
  std::string bytes_;
  std::shared_ptr<const grammar::Constraint> constraint_;
};

const std::string kRome = "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\":\"Rome\"}}\n</tool_call>";
const std::string kNow = "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>";
const std::string kWrong = "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\":\"Bonn\"}}\n</tool_call>";

TEST(Tools, AutoAllowsTextAndThenCalls) {
  const Json body = {{"tools", {Function("weather", kCity), Function("now")}}};
  const Answers answers(body);
  for (const std::string& text : {std::string(), std::string("1 << 2 <tool_cal\n\u00e9"), std::string("<<tool_call")}) {
    EXPECT_TRUE(answers.Allow(text));
    EXPECT_TRUE(answers.Allow(text + kRome)) << text;
    EXPECT_TRUE(answers.Allow(text + kNow + "\n" + kRome)) << text;
    EXPECT_FALSE(answers.Allow(text + kWrong)) << text;
    EXPECT_FALSE(answers.Allow(text + kRome + " and so on"));
    EXPECT_FALSE(answers.Allow(text + kRome.substr(0, 40)));
  }
}

TEST(Tools, RequiredAllowsCallsOnly) {
  Json body = {{"tools", {Function("weather", kCity), Function("now")}}, {"tool_choice", "required"}};
  EXPECT_TRUE(Answers(body).Allow(kRome + "\n" + kNow));
  EXPECT_FALSE(Answers(body).Allow(""));
  EXPECT_FALSE(Answers(body).Allow(std::string("a").append(kNow)));
  body["parallel_tool_calls"] = false;
  EXPECT_TRUE(Answers(body).Allow(kNow));
  EXPECT_FALSE(Answers(body).Allow(kRome + "\n" + kNow));
  body["tool_choice"] = Function("now");
  EXPECT_TRUE(Answers(body).Allow(kNow));
  EXPECT_FALSE(Answers(body).Allow(kRome));
}

TEST(Tools, AsManyAsMayBeFit) {
  Json body = {{"tools", Json::array()}};
  for (int i = 0; i < 128; ++i)
    body["tools"].push_back(Function(std::string("weather").append(std::to_string(i)), kCity));
  const Answers answers(body);
  EXPECT_TRUE(
      answers.Allow("<tool_call>\n{\"name\": \"weather12\", \"arguments\": {\"city\":\"Oslo\"}}\n</tool_call>"));
}

TEST(Tools, NoneLeavesThemOut) {
  const ToolUse tools = ReadTools({{"tools", {Function("now")}}, {"tool_choice", "none"}}).value();
  EXPECT_EQ(tools.choice, ToolUse::Choice::kNone);
  EXPECT_TRUE(tools.offered.empty());
  EXPECT_EQ(ReadTools(Json::object()).value().choice, ToolUse::Choice::kNone);
}

TEST(Tools, HostileOnesAreRefusedByName) {
  TinyApi api;
  const auto refusal = [&](Json body) {
    body["messages"] = kMessages;
    const auto read = ReadChatRequest(body, api.context);
    EXPECT_EQ(read.status().code(), StatusCode::kInvalidArgument) << body.dump().substr(0, 200);
    return std::string(read.status().message());
  };
  const auto one = [&](const Json& tool) { return refusal({{"tools", {tool}}}); };
  EXPECT_NE(refusal({{"tools", 1}}).find("'tools'"), std::string::npos);
  EXPECT_NE(refusal({{"tools", {1}}}).find("'tools[0]'"), std::string::npos);
  EXPECT_NE(one({{"type", "search"}}).find("'tools[0].type'"), std::string::npos);
  for (const std::string& name : {std::string(), std::string("a b"), std::string("a\"b"), std::string(65, 'a')}) {
    EXPECT_NE(one(Function(name)).find("'tools[0].function.name'"), std::string::npos);
  }
  EXPECT_NE(refusal({{"tools", {Function("a"), Function("a")}}}).find("'tools[1].function.name'"), std::string::npos);
  EXPECT_NE(refusal({{"tools", Json(129, Function("a"))}}).find("128"), std::string::npos);
  EXPECT_NE(one(Function("a", {{"type", "array"}})).find("parameters.type"), std::string::npos);
  EXPECT_NE(one(Function("a", 3)).find("parameters"), std::string::npos);
  EXPECT_NE(one(Function("a", {{"properties", {{"x", {{"not", 1}}}}}})).find("tool 'a'"), std::string::npos);
  EXPECT_NE(one(Function("a", {{"$ref", "#"}, {"type", "object"}})).size(), 0u);
  Json large = {{"properties", Json::object()}};
  for (int i = 0; i < 3000; ++i)
    large["properties"][std::string("p").append(std::to_string(i))] = {{"pattern", "^(a|b){9,900}$"}};
  one(Function("a", large));
  const Json tools = Json::array({Function("a")});  // braces alone would be a copy to Clang
  EXPECT_NE(refusal({{"tools", tools}, {"tool_choice", "must"}}).find("'tool_choice'"), std::string::npos);
  EXPECT_NE(refusal({{"tools", tools}, {"tool_choice", Function("b")}}).find("'tool_choice'"), std::string::npos);
  EXPECT_NE(refusal({{"tool_choice", "required"}}).find("'tool_choice'"), std::string::npos);
  EXPECT_NE(refusal({{"tools", tools}, {"parallel_tool_calls", 1}}).find("parallel"), std::string::npos);
  EXPECT_NE(refusal({{"tools", tools}, {"grammar", "root ::= \"a\""}}).find("give one"), std::string::npos);
}

std::string Text(const std::vector<text::TextPiece>& pieces) {
  std::string text;
  for (const text::TextPiece& piece : pieces) text += piece.text;
  return text;
}

TEST(Tools, TheModelIsToldInTheSystemMessage) {
  const TinyApi api;
  Json body = {{"tools", {Function("now")}}, {"messages", kMessages}};
  const std::string own = Text(RenderChat(body, ReadTools(body).value(), *api.chat_template).value());
  EXPECT_LT(own.find("system"), own.find("\"name\":\"now\""));
  EXPECT_LT(own.find("\"name\":\"now\""), own.find("hi"));
  body["messages"] = {{{"role", "system"}, {"content", "Be brief."}}, kMessages[0]};
  const std::string beside = Text(RenderChat(body, ReadTools(body).value(), *api.chat_template).value());
  EXPECT_LT(beside.find("Be brief."), beside.find("\"name\":\"now\""));
  EXPECT_EQ(beside.find("system", beside.find("system") + 1), std::string::npos);
}

TEST(Tools, ATemplateThatShowsToolsIsGivenThem) {
  const TinyApi api;
  const Json body = {{"tools", {Function("now")}}, {"messages", kMessages}};
  const auto taking =
      text::ChatTemplate::FromSource("t", "{{ tools[0].function.name }} <tool_call> {{ messages[0].content }}",
                                     api.engine->tokenizer().vocabulary())
          .value();
  const auto pieces = RenderChat(body, ReadTools(body).value(), *taking).value();
  EXPECT_EQ(Text(pieces), "now <tool_call> hi");
  for (const text::TextPiece& piece : pieces) {
    EXPECT_FALSE(piece.trusted && piece.text.find("now") != std::string::npos);
  }
}

TEST(Tools, EarlierCallsAndTheirResultsBecomeText) {
  const auto call = [](const char* id) {
    return Json{{"id", id}, {"type", "function"}, {"function", {{"name", "now"}, {"arguments", "{}"}}}};
  };
  Json messages = kMessages;
  messages.push_back({{"role", "assistant"}, {"content", nullptr}, {"tool_calls", {call("1"), call("2")}}});
  messages.push_back({{"role", "tool"}, {"tool_call_id", "1"}, {"content", "noon"}});
  messages.push_back({{"role", "tool"}, {"tool_call_id", "2"}, {"content", "one"}});
  const auto read = [&messages] { return ReadMessages({{"messages", messages}}); };
  const auto turns = read().value();
  ASSERT_EQ(turns.size(), 3u);
  EXPECT_EQ(turns[1].content, kNow + "\n" + kNow);
  EXPECT_EQ(turns[2].role, text::Role::kUser);
  EXPECT_EQ(turns[2].content, "<tool_response>\nnoon\n</tool_response>\n<tool_response>\none\n</tool_response>");
  messages[3]["tool_call_id"] = "3";
  EXPECT_NE(read().status().message().find("'messages[3].tool_call_id'"), std::string::npos);
  messages[1]["tool_calls"][1]["function"]["arguments"] = "{";
  EXPECT_NE(read().status().message().find("'messages[1].tool_calls[1].function.arguments'"), std::string::npos);
}

}  // namespace
}  // namespace sterna::server
