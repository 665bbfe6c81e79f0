// SPDX-License-Identifier: Apache-2.0
//
// What the chat templates' fuzz target does with an input, as a function that says what is wrong instead of stopping,
// so that a unit test can run the seeds through it.
//
// Input: a template, up to a zero byte, then the content of a message. The template is compiled and rendered with small
// limits, twice. Both must agree, stay within the limits, and trust no byte of the content: each content gets a letter
// that the template does not have, and no trusted byte may be that letter's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "text/jinja/template.h"

namespace sterna::fuzz {

inline constexpr std::string_view kContentLetter = "\xce\xa9";  // a capital omega: no filter changes it

inline text::jinja::Variables TemplateVariables(const std::string& content) {
  using text::jinja::Data;
  const auto trusted = [](const char* text) { return Data{std::string(text), true}; };
  const auto turn = [&](const char* role, std::string text) {
    return Data{Data::Object{{"role", trusted(role)}, {"content", {std::move(text)}}}, true};
  };
  const Data messages{Data::Array{turn("system", "be brief"), turn("user", content), turn("assistant", "yes"),
                                  turn("user", content + content)},
                      true};
  return {{"messages", messages},
          {"bos_token", trusted("<s>")},
          {"eos_token", trusted("</s>")},
          {"add_generation_prompt", {true}},
          {"tools", {Data::Array{{Data::Object{{"name", {content}}, {"size", {int64_t{3}}}, {"share", {0.5}}}}}}}};
}

// Empty, or what is wrong.
inline std::string CheckTemplateInput(std::span<const uint8_t> data) {
  const std::string input(data.begin(), data.end());
  const size_t zero = input.find('\0');
  const std::string source = input.substr(0, zero);
  std::string content(kContentLetter);
  if (zero != std::string::npos) content += input.substr(zero + 1);
  const auto compiled = text::jinja::Template::Compile(source);
  if (!compiled.ok()) return compiled.status().message().empty() ? "an error without a message" : "";
  const text::jinja::Limits limits{.max_steps = 200'000, .max_value_bytes = 4 << 20, .max_output_bytes = 1 << 20};
  const text::jinja::CivilTime now{2026, 3, 7, 15, 4, 5};
  const auto variables = TemplateVariables(content);
  const auto text = compiled->Render(variables, now, limits);
  const auto again = compiled->Render(variables, now, limits);
  if (text.ok() != again.ok()) return "a second rendering ends otherwise";
  if (!text.ok()) return text.status().message() == again.status().message() ? "" : "a second error differs";
  if (text->bytes() != again->bytes()) return "a second rendering differs";
  if (text->size() > limits.max_output_bytes + 64 * (input.size() + 64)) return "the output is over its limit";
  // An escape may spell the letter, too.
  if (source.find_first_of("\xce\xa9\\") != std::string::npos) return {};
  size_t begin = 0;
  for (const auto& run : text->runs()) {
    if (run.end <= begin || run.end > text->size()) return "a run is empty or outside the text";
    const std::string part = text->bytes().substr(begin, run.end - begin);
    if (run.trusted && part.find(kContentLetter[0]) != std::string::npos) return "a byte of the content is trusted";
    begin = run.end;
  }
  return begin == text->size() ? "" : "bytes without a run";
}

}  // namespace sterna::fuzz
