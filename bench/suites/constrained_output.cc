// SPDX-License-Identifier: Apache-2.0
//
// What a constraint adds to each token: `mask` finds the allowed tokens and reads the next one, along a JSON document;
// `first_mask` does so with nothing known of the grammar yet. With the built-in model's vocabulary and, where
// STERNA_LLAMA3_VOCAB names it, with one of 128,256 tokens. `decode` is a token of the built-in model without and with
// a constraint. Every token of the document must be allowed before anything is timed.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "format/gguf_file.h"
#include "grammar/constraint.h"
#include "grammar/gbnf_parser.h"
#include "grammar/json_schema.h"
#include "model_runs.h"
#include "require.h"
#include "text/tokenizer.h"

namespace sterna::bench {
namespace {

constexpr const char* kDocument =
    R"({"title": "A walk along the river", "pages": 128, "price": 12.5, "in_print": true, "editor": null, "tags": ["birds", "water", "spring"],
 "chapters": [{"name": "Herons", "text": "The heron stands still for an hour, and then it doesn't."}, {"name": "Swifts", "text": "Never on the ground: they sleep, eat and drink \"on the wing\"."}],
 "index": {"a": [1, 2, 3], "b": {"c": [[4], [5, 6]], "d": "caf\u00e9"}}})";

constexpr const char* kSchema =
    R"({"type":"object","properties":{"title":{"type":"string"},"pages":{"type":"integer","minimum":1},"price":{"type":"number"},"in_print":{"type":"boolean"},
"editor":{"type":["string","null"]},"tags":{"type":"array","items":{"type":"string"}},"chapters":{"type":"array","items":{"type":"object",
"properties":{"name":{"type":"string","maxLength":40},"text":{"type":"string"}},"required":["name","text"]}},"index":{}},"required":["title","pages","tags","chapters"]})";

struct Walk {
  std::shared_ptr<const grammar::TokenTree> tree;
  grammar::Automaton automaton;
  std::vector<text::TokenId> tokens;
};

Walk MakeWalk(const std::string& vocabulary, bool schema) {
  const auto file = Must(format::GgufFile::Open(vocabulary));
  const auto tokenizer = Must(text::Tokenizer::Create(Must(text::ReadVocabulary(file))));
  const grammar::Syntax syntax = Must(schema ? grammar::ParseJsonSchema(kSchema) : grammar::JsonObjectSyntax());
  return {std::make_shared<const grammar::TokenTree>(*tokenizer), Must(grammar::Automaton::Compile(syntax)),
          Must(tokenizer->Encode(kDocument, /*trusted=*/false, /*add_special=*/false))};
}

void Follow(const Walk& walk, const std::shared_ptr<const grammar::Constraint>& constraint) {
  grammar::Matcher matcher(constraint);
  grammar::TokenSet allowed(walk.tree->vocabulary_size());
  Require(matcher.Begin().ok(), "the constraint begins");
  for (const text::TokenId token : walk.tokens) {
    Require(matcher.Allowed(allowed).ok() && allowed.Holds(token), "the document's tokens are allowed");
    Require(matcher.Accept(token).ok(), "the document's tokens are read");
  }
  Require(matcher.MayEnd(), "the answer may end where the document does");
}

void Mask(benchmark::State& state, const std::string& vocabulary, bool schema, bool known) {
  const Walk walk = MakeWalk(vocabulary, schema);
  auto constraint = Must(grammar::Constraint::Create(walk.automaton, walk.tree));
  Follow(walk, constraint);
  for (auto _ : state) {
    if (!known) constraint = Must(grammar::Constraint::Create(walk.automaton, walk.tree));
    Follow(walk, constraint);
  }
  state.SetItemsProcessed(int64_t(state.iterations()) * int64_t(walk.tokens.size()));
  state.counters["tokens"] = double(walk.tokens.size());
}

// A token of an answer, drawn as `run` does by default.
void Decode(benchmark::State& state, bool constrained) {
  const auto engine = LoadBuiltIn(1, 1);
  const auto session = Must(engine->NewSession());
  engine::GenerateRequest request;
  request.prompt = SomePrompt(*engine, 8);
  request.max_tokens = 64;
  request.ignore_end_of_generation = !constrained;
  if (constrained) {
    const auto words = Must(grammar::ParseGbnf("root ::= (word \" \"){200,}\nword ::= [a-z]{1,12} [,.]?"));
    request.constraint = Must(engine->Constrain(Must(grammar::Automaton::Compile(words))));
  }
  double decode_ms = 0;
  for (auto _ : state) {
    session->Truncate(0);
    const engine::GenerateResult result = Must(session->Generate(request));
    Require(result.tokens.size() == 64, "as many tokens as asked for");
    decode_ms += result.timings.decode_ms / 63;
  }
  state.counters["ms_a_token"] = decode_ms / double(state.iterations());
}

void RegisterVocabulary(const std::string& name, const std::string& path) {
  for (const bool schema : {false, true}) {
    const std::string grammar = schema ? "/schema" : "/object";
    benchmark::RegisterBenchmark(("mask/" + name + grammar).c_str(), Mask, path, schema, true)
        ->Unit(benchmark::kMicrosecond);
    benchmark::RegisterBenchmark(("first_mask/" + name + grammar).c_str(), Mask, path, schema, false)
        ->Unit(benchmark::kMicrosecond);
  }
}

void RegisterAll() {
  RegisterVocabulary("built_in", BuiltInModel());
  const char* const path = std::getenv("STERNA_LLAMA3_VOCAB");
  if (path != nullptr && std::filesystem::exists(path)) RegisterVocabulary("llama3", path);
  benchmark::RegisterBenchmark("decode/free", Decode, false)->UseRealTime()->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("decode/constrained", Decode, true)->UseRealTime()->Unit(benchmark::kMillisecond);
}

}  // namespace
}  // namespace sterna::bench

int main(int argc, char** argv) {
  sterna::bench::RegisterAll();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
