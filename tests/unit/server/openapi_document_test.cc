// SPDX-License-Identifier: Apache-2.0
//
// The document says what the server does: its paths, and the ranges of fields as they are checked.
#include "server/openapi_document.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "server/api.h"
#include "unit/server/tiny_api.h"

namespace sterna::server {
namespace {

const Json& Document() {
  static const Json document = Json::parse(kOpenApiDocument);
  return document;
}

TEST(OpenApiDocument, HoldsThePathsThatAreAnswered) {
  std::set<std::pair<std::string, std::string>> described, answered;
  for (const auto& [path, methods] : Document().at("paths").items()) {
    for (const auto& [method, operation] : methods.items()) described.emplace(path, method);
  }
  for (const auto& [path, method] : Api::Paths()) answered.emplace(path, method == "GET" ? "get" : "post");
  EXPECT_EQ(described, answered);
}

void CheckReferences(const Json& json) {
  if (json.is_object() && json.contains("$ref")) {
    const auto target = json.at("$ref").get<std::string>();
    ASSERT_TRUE(target.starts_with("#/"));
    EXPECT_TRUE(Document().contains(Json::json_pointer(target.substr(1)))) << target;
  }
  if (!json.is_structured()) return;
  for (const Json& part : json) CheckReferences(part);
}

TEST(OpenApiDocument, ReferencesLeadSomewhere) { CheckReferences(Document()); }

class OpenApiFieldsTest : public ::testing::Test {
 protected:
  using Read = Result<GenerationRequest> (*)(const Json& body, const ApiContext& context);

  // `body` with each number at the edges of its range, and a step beyond them.
  void CheckNumbers(const char* schema, const Json& body, Read read) {
    const Json fields = FieldsOf(schema);
    for (const auto& [name, field] : fields.items()) {
      const Json& number = field.contains("$ref") ? Schema("Choices") : field;
      if (field.contains("$ref") && field.at("$ref") != "#/components/schemas/Choices") continue;
      if (!number.contains("minimum")) continue;
      Json asked = body;
      if (name == "top_logprobs") asked["logprobs"] = true;
      if (name == "best_of") continue;  // it must be as n is
      for (const char* edge : {"minimum", "maximum"}) {
        asked[name] = number.at(edge);
        EXPECT_TRUE(read(asked, tiny_.context).ok()) << name << " " << edge;
        if (asked[name] == UINT64_MAX) continue;  // nothing is beyond
        const double beyond = number.at(edge).get<double>() + (std::string_view(edge) == "minimum" ? -1 : 1);
        asked[name] = number.at("type") == "integer" ? Json(int64_t(beyond)) : Json(beyond);
        EXPECT_EQ(read(asked, tiny_.context).status().code(), StatusCode::kInvalidArgument)
            << name << " beyond " << edge;
      }
      asked[name] = "text";
      EXPECT_EQ(read(asked, tiny_.context).status().code(), StatusCode::kInvalidArgument) << name << " a text";
    }
  }

 private:
  static const Json& Schema(const std::string& name) { return Document().at("components").at("schemas").at(name); }
  static Json FieldsOf(const char* schema) {
    Json fields = Schema("Generation").at("properties");
    fields.update(Schema(schema).at("properties"));
    return fields;
  }
  TinyApi tiny_;
};

TEST_F(OpenApiFieldsTest, NumbersHaveTheRangesThatAreChecked) {
  CheckNumbers("Chat", {{"messages", {{{"role", "user"}, {"content", "a"}}}}}, ReadChatRequest);
  CheckNumbers("Completion", {{"prompt", "a"}}, ReadCompletionRequest);
  CheckNumbers("Native", {{"prompt", "a"}}, ReadNativeRequest);
}

}  // namespace
}  // namespace sterna::server
