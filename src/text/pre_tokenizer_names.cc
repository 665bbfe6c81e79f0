// SPDX-License-Identifier: Apache-2.0
#include "text/pre_tokenizer.h"

namespace sterna::text {
namespace {

struct NamedPreTokenizer {
  std::string_view name;
  PreTokenizer value;
};

constexpr PreTokenizer kLlama3Family{SplitPattern::kLlama3, /*ignore_merges=*/true, /*add_bos=*/true};
constexpr PreTokenizer kQwen2Family{SplitPattern::kQwen2, /*ignore_merges=*/false, /*add_bos=*/false};
constexpr PreTokenizer kGpt2Family{SplitPattern::kGpt2, /*ignore_merges=*/false, /*add_bos=*/false};

constexpr NamedPreTokenizer kNames[] = {
    {"llama-bpe", kLlama3Family}, {"llama3", kLlama3Family},    {"llama-v3", kLlama3Family},
    {"falcon3", kLlama3Family},   {"falcon-h1", kLlama3Family}, {"falcon_e", kLlama3Family},
    {"falcon-e", kLlama3Family},  {"qwen2", kQwen2Family},      {"gpt-2", kGpt2Family},
};

struct Expression {
  std::string_view text;
  SplitPattern pattern;
  std::string_view name;
};

constexpr Expression kExpressions[] = {
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     SplitPattern::kLlama3, "llama-bpe"},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     SplitPattern::kQwen2, "qwen2"},
    {R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)", SplitPattern::kGpt2, "gpt-2"},
};

}  // namespace

std::optional<SplitPattern> FindSplitPattern(std::string_view expression) {
  for (const Expression& known : kExpressions) {
    if (known.text == expression) return known.pattern;
  }
  return std::nullopt;
}

std::string_view SplitPatternName(SplitPattern pattern) {
  for (const Expression& known : kExpressions) {
    if (known.pattern == pattern) return known.name;
  }
  return {};
}

std::optional<PreTokenizer> FindPreTokenizer(std::string_view name) {
  for (const NamedPreTokenizer& known : kNames) {
    if (known.name == name) return known.value;
  }
  return std::nullopt;
}

std::string KnownPreTokenizerNames() {
  std::string list;
  for (const NamedPreTokenizer& known : kNames) {
    if (!list.empty()) list.append(", ");
    list.append(known.name);
  }
  return list;
}

}  // namespace sterna::text
