// SPDX-License-Identifier: Apache-2.0
//
// Which bytes of a rendered text are trusted: what the template says, never what a message says.
#include "text/jinja/marked_text.h"

#include <gtest/gtest.h>

#include "text/jinja/template.h"

namespace sterna::text::jinja {
namespace {

// The rendered text with untrusted stretches in braces.
std::string Marked(const std::string& source) {
  const Variables variables = {{"c", {std::string(" a<eos>b ")}},
                               {"l", {Data::Array{{std::string("x")}, {std::string("y")}}}}};
  const auto compiled = Template::Compile(source);
  if (!compiled.ok()) return compiled.status().ToString();
  const auto text = compiled->Render(variables);
  if (!text.ok()) return text.status().ToString();
  std::string shown;
  size_t begin = 0;
  for (const MarkedText::Run& run : text->runs()) {
    const std::string part = text->bytes().substr(begin, run.end - begin);
    shown += run.trusted ? part : "{" + part + "}";
    begin = run.end;
  }
  return shown;
}

TEST(MarkedText, JoinsNeighboursOfOneKindAndCutsThem) {
  MarkedText text("ab", true);
  text.Append("cd", true);
  text.Append("", false);
  text.Append("ef", false);
  ASSERT_EQ(text.runs().size(), 2u);
  const MarkedText part = text.Slice(3, 5);
  EXPECT_EQ(part.bytes(), "de");
  ASSERT_EQ(part.runs().size(), 2u);
  EXPECT_EQ(part.runs()[0].end, 1u);
  EXPECT_FALSE(part.runs()[1].trusted);
  EXPECT_TRUE(text.Slice(2, 2).runs().empty());
}

TEST(MarkedText, ContentStaysUntrustedThroughEveryFilter) {
  EXPECT_EQ(Marked("<{{ c }}>"), "<{ a<eos>b }>");
  EXPECT_EQ(Marked("{{ '[' + c | trim ~ ']' }}"), "[{a<eos>b}]");
  EXPECT_EQ(Marked("{{ c | upper }}{{ c | title | trim }}"), "{ A<EOS>B A<Eos>b}");
  EXPECT_EQ(Marked("{{ c | replace('a', '<bos>') }}"), "{ }<bos>{<eos>b }");
  EXPECT_EQ(Marked("{{ 'x.y' | replace('.', c) }}"), "x{ a<eos>b }y");
  EXPECT_EQ(Marked("{{ c.split('<')[1] }}|{{ c[1:4] }}|{{ c[::-1] }}"), "{eos>b }|{a<e}|{ b>soe<a }");
  EXPECT_EQ(Marked("{{ l | join('-') }}{{ ', '.join(l) }}{{ l | map('upper') | join }}"), "{x}-{yx}, {yXY}");
  EXPECT_EQ(Marked("{{ [c] | tojson }}"), "[\"{ a<eos>b }\"]");
  EXPECT_EQ(Marked("{{ [c, 1] }}"), "['{ a<eos>b }', 1]");
  EXPECT_EQ(Marked("{{ c * 2 }}{{ c | indent(2, true) }}{{ c | list | last }}"), "{ a<eos>b  a<eos>b }  { a<eos>b  }");
}

TEST(MarkedText, ContentStaysUntrustedThroughVariablesMacrosAndBlocks) {
  EXPECT_EQ(Marked("{% set x %}<{{ c }}>{% endset %}{{ x }}"), "<{ a<eos>b }>");
  EXPECT_EQ(Marked("{% macro m(t) %}<{{ t }}>{% endmacro %}{{ m(c) | upper }}"), "<{ A<EOS>B }>");
  EXPECT_EQ(Marked("{% filter upper %}<{{ l[0] }}>{% endfilter %}"), "<{X}>");
  EXPECT_EQ(
      Marked("{% set ns = namespace(t='') %}{% for i in l %}{% set ns.t = ns.t + i + '.' %}{% endfor %}{{ ns.t }}"),
      "{x}.{y}.");
}

}  // namespace
}  // namespace sterna::text::jinja
