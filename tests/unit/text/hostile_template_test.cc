// SPDX-License-Identifier: Apache-2.0
//
// Templates that want to hang, crash or fill the process. Each must end in an error, soon.
#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/jinja/parser.h"
#include "text/jinja/template.h"

namespace sterna::text::jinja {
namespace {

using testing::HasSubstr;

constexpr size_t kMany = 100'000;
constexpr std::chrono::seconds kSoon(20);  // what the sanitizers need, and more

std::string Repeat(std::string_view part, size_t times) {
  std::string text;
  for (size_t i = 0; i < times; ++i) text += part;
  return text;
}

Result<MarkedText> RenderSoon(const std::string& source, const Variables& variables = {}) {
  const auto begin = std::chrono::steady_clock::now();
  auto compiled = Template::Compile(source);
  auto text = compiled.ok() ? compiled->Render(variables) : Result<MarkedText>(compiled.status());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kSoon) << source.substr(0, 100);
  return text;
}

StatusCode EndsIn(const std::string& source) { return RenderSoon(source).status().code(); }

constexpr StatusCode kTooMuch = StatusCode::kResourceExhausted;

TEST(HostileTemplate, OverOneMebibyteIsRefused) { EXPECT_EQ(EndsIn(std::string(kMaxSourceBytes + 1, 'x')), kTooMuch); }

TEST(HostileTemplate, ALoopOverAHugeRangeIsRefused) {
  EXPECT_EQ(EndsIn("{% for i in range(10**9) %}x{% endfor %}"), kTooMuch);
  EXPECT_EQ(EndsIn("{{ range(-9223372036854775807, 9223372036854775807) | length }}"), kTooMuch);
}

TEST(HostileTemplate, SixNestedLoopsRunOutOfSteps) {
  const std::string loops = "{% set r = range(1000) %}" + Repeat("{% for i in r %}", 6) + Repeat("{% endfor %}", 6);
  const Status status = RenderSoon(loops).status();
  EXPECT_EQ(status.code(), kTooMuch);
  EXPECT_THAT(status.message(), testing::AllOf(HasSubstr("line 1"), HasSubstr("steps")));
}

TEST(HostileTemplate, AMacroThatCallsItselfEnds) {
  EXPECT_EQ(EndsIn("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"), kTooMuch);
  EXPECT_EQ(EndsIn("{% macro m(a=m()) %}{% endmacro %}{{ m() }}"), kTooMuch);
  EXPECT_EQ(EndsIn("{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{{ a() }}{% endmacro %}{{ a() }}"),
            kTooMuch);
  EXPECT_EQ(EndsIn("{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}"), kTooMuch);
}

TEST(HostileTemplate, DeepNestingOfBracketsIsRefused) {
  for (const auto& [open, close] :
       {std::pair("(", ")"), {"[", "]"}, {"{1:", "}"}, {"f(", ")"}, {"a[", "]"}, {"'x'|f(", ")"}}) {
    EXPECT_EQ(EndsIn("{{ " + Repeat(open, kMany) + "1" + Repeat(close, kMany) + " }}"), kTooMuch) << open;
    EXPECT_NE(EndsIn("{{ " + Repeat(open, kMany)), StatusCode::kOk) << open;
  }
}

TEST(HostileTemplate, LongChainsAreRefusedBeforeTheyFillTheStack) {
  for (const char* link : {" + 1", " * 1", " ** 1", " and 1", " or 1", "|abs", ".x", "[0]", "()", " if 1",
                           " if 1 else 1", " is odd | int", "|f(1)"}) {
    EXPECT_EQ(EndsIn("{{ 1" + Repeat(link, kMany) + " }}"), kTooMuch) << link;
  }
  for (const char* sign : {"-", "+", "not "}) EXPECT_EQ(EndsIn("{{ " + Repeat(sign, kMany) + "1 }}"), kTooMuch) << sign;
  EXPECT_EQ(EndsIn("{% set x" + Repeat("|upper", kMany) + " %}{% endset %}"), kTooMuch);
  EXPECT_EQ(EndsIn("{% set " + Repeat("(", kMany) + "x" + Repeat(")", kMany) + " = 1 %}"), kTooMuch);
}

TEST(HostileTemplate, DeepNestingOfBlocksIsRefused) {
  for (const auto& [open, close] : {std::pair("{% if 1 %}", "{% endif %}"),
                                    {"{% for i in [1] %}", "{% endfor %}"},
                                    {"{% set x %}", "{% endset %}"},
                                    {"{% macro m() %}", "{% endmacro %}"},
                                    {"{% filter upper %}", "{% endfilter %}"},
                                    {"{% call f() %}", "{% endcall %}"},
                                    {"{% generation %}", "{% endgeneration %}"},
                                    {"{% with %}", "{% endwith %}"}}) {
    EXPECT_EQ(EndsIn(Repeat(open, 30'000)), kTooMuch) << open;
    EXPECT_EQ(EndsIn(Repeat(open, 20'000) + Repeat(close, 20'000)), kTooMuch) << open;
  }
}

TEST(HostileTemplate, WideOnesThatAreFlatRun) {
  std::string choices = "{% if x %}a";
  for (int i = 0; i < 20'000; ++i) choices += "{% elif x %}b";
  EXPECT_EQ(EndsIn(choices + "{% endif %}"), StatusCode::kOk);
  EXPECT_EQ(EndsIn("{{ 'a'" + Repeat(" ~ 'a'", kMany) + " }}"), StatusCode::kOk);
  EXPECT_EQ(EndsIn("{{ 1" + Repeat(" == 1", kMany) + " }}"), StatusCode::kOk);
  EXPECT_EQ(EndsIn("{{ [" + Repeat("1,", kMany) + "] | length }}"), StatusCode::kOk);
}

TEST(HostileTemplate, ManyVariablesRunOutOfSteps) {
  std::string source;
  for (int i = 0; i < 40'000; ++i) source += "{% set v" + std::to_string(i) + "=1 %}";
  EXPECT_EQ(EndsIn(source), kTooMuch);
}

TEST(HostileTemplate, PythonsInsidesAreNotThere) {
  EXPECT_EQ(EndsIn("{{ ''.__class__.__mro__ }}"), StatusCode::kInvalidArgument);
  EXPECT_EQ(EndsIn("{{ ''['__class__']['__mro__'] }}"), StatusCode::kInvalidArgument);
  EXPECT_EQ(EndsIn("{{ [''] | map(attribute='__class__.__mro__') | list }}"), StatusCode::kInvalidArgument);
  EXPECT_EQ(EndsIn("{{ self.__init__.__globals__ }}"), StatusCode::kInvalidArgument);
  EXPECT_EQ(EndsIn("{{ cycler.__init__.__globals__.os.popen('id').read() }}"), StatusCode::kInvalidArgument);
}

TEST(HostileTemplate, HugeTextsAreRefused) {
  EXPECT_EQ(EndsIn("{{ 'a' * 10**9 }}"), kTooMuch);
  EXPECT_EQ(EndsIn("{{ 'a' * 9223372036854775807 }}"), kTooMuch);
  EXPECT_EQ(EndsIn("{% set ns = namespace(t='a') %}{% for i in range(99) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}"),
            kTooMuch);
  EXPECT_EQ(EndsIn("{% set t = 'a' * 1000000 %}{{ t.replace('a', t) }}"), kTooMuch);
  EXPECT_EQ(EndsIn("{% set t = 'a' * 1000000 %}{{ ([t] * 1000) | join(t) }}"), kTooMuch);
  EXPECT_EQ(EndsIn("{{ ('\\n' * 100000) | indent('a' * 100000, true, true) }}"), kTooMuch);
  EXPECT_EQ(EndsIn("{{ range(100000) | list | tojson(indent='a' * 100000) }}"), kTooMuch);
}

TEST(HostileTemplate, HugeListsAreRefused) {
  EXPECT_EQ(EndsIn("{{ [1] * 10**9 }}"), kTooMuch);
  EXPECT_EQ(EndsIn("{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}"),
            kTooMuch);
  EXPECT_EQ(EndsIn("{{ ('a' * 10000000) | list | length }}"), kTooMuch);
  EXPECT_EQ(EndsIn("{{ ('a ' * 10000000).split() | length }}"), kTooMuch);
  EXPECT_EQ(EndsIn("{% for i in [1] | batch(100000, 0) %}{{ [1] | batch(10**12, 0) }}{% endfor %}"),
            StatusCode::kInvalidArgument);
}

TEST(HostileTemplate, EndlessOutputIsRefused) {
  EXPECT_EQ(EndsIn("{% set t = 'a' * 1000000 %}{% for i in range(1000) %}{{ t }}{% endfor %}"), kTooMuch);
}

TEST(HostileTemplate, ListsInListsEndWhereverTheyAreWalked) {
  const std::string deep =
      "{% set ns = namespace(l=[], m=[]) %}{% for i in range(50000) %}{% set ns.l = [ns.l] %}{% set ns.m = [ns.m] %}{% "
      "endfor %}";
  for (const char* use : {"{{ ns.l }}", "{{ ns.l | tojson }}", "{{ ns.l == ns.m }}", "{{ ns.l < ns.m }}",
                          "{{ ns.l ~ '' }}", "{{ ns }}"}) {
    EXPECT_EQ(EndsIn(deep + use), kTooMuch) << use;
  }
  const std::string wide =
      "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}";
  for (const char* use : {"{{ ns.l }}", "{{ ns.l | tojson }}", "{{ ns.l == ns.l + [] }}"}) {
    EXPECT_EQ(EndsIn(wide + use), kTooMuch) << use;
  }
  EXPECT_EQ(EndsIn(deep), StatusCode::kOk) << "nothing walks it, and it goes away without recursion";
}

TEST(HostileTemplate, CirclesEnd) {
  const std::string circle = "{% set ns = namespace() %}{% set ns.me = ns %}{% set ns.list = [ns] %}";
  EXPECT_EQ(EndsIn(circle), StatusCode::kOk);
  EXPECT_EQ(EndsIn(circle + "{{ ns }}"), kTooMuch);
}

TEST(HostileTemplate, FiltersThatCallFiltersEnd) {
  const std::string deep =
      "{% set ns = namespace(l=[1]) %}{% for i in range(5000) %}{% set ns.l = [ns.l] %}{% endfor %}";
  EXPECT_EQ(EndsIn(deep + "{{ ns.l | map(" + Repeat("'map',", 5000) + "'list') | list }}"), kTooMuch);
}

TEST(HostileTemplate, SlowSearchesRunInLinearTimeOrOutOfSteps) {
  EXPECT_EQ(EndsIn("{{ ('a' * 500000 ~ 'b') in ('a' * 5000000) }}"), StatusCode::kOk);
  EXPECT_EQ(EndsIn("{{ ('a' * 5000000).count('a' * 500000 ~ 'b') }}"), StatusCode::kOk);
  EXPECT_EQ(EndsIn("{% set t = 'a' * 1000000 %}{% for i in range(100000) %}{% if 'b' in t %}{% endif %}{% endfor %}"),
            kTooMuch);
  EXPECT_EQ(EndsIn("{% set l = range(100000) | list %}{{ l | unique | list | length }}"), kTooMuch);
  EXPECT_EQ(EndsIn("{% set l = ['a' * 100000 ~ 'b'] * 10000 %}{{ l | sort | length }}"), kTooMuch);
  EXPECT_EQ(EndsIn("{% set t = 'a' * 1000000 %}{{ t.strip('b' * 1000000 ~ 'a') }}"), kTooMuch);
  EXPECT_EQ(EndsIn("{{ ('a' * 3000000).rfind('a' * 1500000) }}"), kTooMuch);
}

TEST(HostileTemplate, UnclosedTagsAreErrors) {
  for (const char* source : {"{{", "{%", "{#", "{{ '", "{% raw %}", "{% if 1 %}", "{% for a in b %}", "{% set x %}",
                             "{{ (", "{%-", "{% raw %}{% endraw", "{% macro m( %}", "{{ \"\\", "{% if 1 %}{% else"}) {
    EXPECT_EQ(EndsIn(source), StatusCode::kCorrupt) << source;
  }
}

TEST(HostileTemplate, RaisingEndsInAnErrorOfOneLine) {
  const Status status = RenderSoon("{{ raise_exception('a\\n\\x1b[31m' ~ 'x' * 100000) }}").status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_LT(status.message().size(), 600u);
  EXPECT_EQ(status.message().find_first_of("\n\x1b"), std::string::npos);
}

TEST(HostileTemplate, FilesAreNotIncluded) {
  for (const char* source :
       {"{% include '/etc/passwd' %}", "{% import 'x' as x %}", "{% from 'x' import y %}", "{% extends 'x' %}"}) {
    EXPECT_EQ(EndsIn(source), StatusCode::kUnsupported) << source;
  }
}

TEST(HostileTemplate, BytesThatAreNoUtf8AreRefused) {
  for (const char* source : {"\xff", "a\xc3", "{{ '\xed\xa0\x80' }}", "\xf5\x80\x80\x80", "{{ x\xc0\xaf }}"}) {
    EXPECT_EQ(EndsIn(source), StatusCode::kCorrupt);
  }
}

TEST(HostileTemplate, ContentThatIsNoUtf8Renders) {
  const Variables variables = {{"c", {std::string("a\xff \xc3 \xed\xa0\x80\xe6")}}};
  for (const char* use : {"c", "c | trim", "c | upper", "c[::-1]", "c | list", "[c]", "c | tojson", "c.split()",
                          "c | length", "c.strip('x')"}) {
    EXPECT_TRUE(RenderSoon("{{ " + std::string(use) + " }}", variables).ok()) << use;
  }
}

TEST(HostileTemplate, ArithmeticNeverOverflows) {
  for (const char* use : {"9223372036854775807 + 1", "-9223372036854775807 - 2", "9223372036854775807 * 2", "2 ** 64",
                          "3 ** 9223372036854775807", "(-9223372036854775807 - 1) // -1", "-(-9223372036854775807 - 1)",
                          "99999999999999999999", "0 ** -1", "1 / 0"}) {
    EXPECT_NE(EndsIn("{{ " + std::string(use) + " }}"), StatusCode::kOk) << use;
  }
  for (const char* use : {"(-9223372036854775807 - 1) % -1", "'abc'[9223372036854775807:]",
                          "'abc'[::-9223372036854775807]", "[1][-9223372036854775807]",
                          "'abc'[-9223372036854775807:9223372036854775807]", "1e308 * 10", "(1e308 * 10) | int"}) {
    EXPECT_EQ(EndsIn("{{ " + std::string(use) + " }}"), StatusCode::kOk) << use;
  }
}

TEST(HostileTemplate, DataNestedTooDeeplyIsRefused) {
  Data data{std::string("x")};
  for (int i = 0; i < 200; ++i) data = Data{Data::Array{data}};
  EXPECT_EQ(RenderSoon("x", {{"d", data}}).status().code(), kTooMuch);
}

}  // namespace
}  // namespace sterna::text::jinja
