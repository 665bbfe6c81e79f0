// SPDX-License-Identifier: Apache-2.0
//
// Templates rendered by Python's jinja2 as Hugging Face sets it up (tools/goldens/make_template_goldens.py).
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "template_data.h"
#include "text/jinja/template.h"

namespace sterna::text::jinja {
namespace {

using nlohmann::ordered_json;

ordered_json ReadGoldens() {
  std::ifstream in(STERNA_TEST_DATA "/templates/goldens.json");
  return ordered_json::parse(in);
}

Result<std::string> RenderCase(const ordered_json& one, const ordered_json& goldens) {
  const auto compiled = Template::Compile(one["template"].get<std::string>());
  if (!compiled.ok()) return compiled.status();
  const std::vector<int> now = goldens["now"];
  const auto text = compiled->Render(ToVariables(goldens["variables"][one["variables"].get<size_t>()]),
                                     CivilTime{now[0], now[1], now[2], now[3], now[4], now[5]});
  if (!text.ok()) return text.status();
  return text->bytes();
}

TEST(TemplateGoldens, EqualPythonsJinja) {
  const ordered_json goldens = ReadGoldens();
  size_t models = 0, constructs = 0;
  for (const ordered_json& one : goldens["cases"]) {
    const std::string name = one["name"];
    const auto text = RenderCase(one, goldens);
    ++(name.find('/') == std::string::npos ? constructs : models);
    if (one.contains("error")) {
      EXPECT_FALSE(text.ok()) << name << "\nrenders: " << *text << "\njinja2: " << one["error"];
      continue;
    }
    EXPECT_TRUE(text.ok()) << name << "\n" << text.status().ToString();
    if (!text.ok()) continue;
    EXPECT_EQ(*text, one["output"].get<std::string>()) << name;
  }
  EXPECT_GE(models, 70u);
  EXPECT_GE(constructs, 200u);
}

TEST(TemplateGoldens, ErrorsNameTheLineAndWhatToDo) {
  const ordered_json goldens = ReadGoldens();
  for (const ordered_json& one : goldens["cases"]) {
    if (!one.contains("error")) continue;
    const auto text = RenderCase(one, goldens);
    if (text.ok()) continue;  // the test above says so
    EXPECT_TRUE(text.status().message().starts_with("line ")) << one["name"] << ": " << text.status().ToString();
  }
}

}  // namespace
}  // namespace sterna::text::jinja
