// SPDX-License-Identifier: Apache-2.0
#include "golden_vectors.h"

#include <cstdio>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sterna::text {
namespace {

const std::string kFolder = STERNA_TEST_DATA "/tokenizer/";

nlohmann::json ReadJson(const std::string& name) {
  std::ifstream in(kFolder + name);
  return nlohmann::json::parse(in);
}

std::vector<std::string> MakeFuzzTexts(const nlohmann::json& recipe, const std::vector<std::string>& pieces) {
  uint32_t x = recipe.at("seed").get<uint32_t>();
  const auto draw = [&x](uint32_t n) {
    x = 1664525u * x + 1013904223u;
    return (x >> 8) % n;
  };
  std::vector<std::string> texts(recipe.at("count").get<size_t>());
  for (std::string& text : texts) {
    const uint32_t count = 1 + draw(recipe.at("longest").get<uint32_t>());
    for (uint32_t i = 0; i < count; ++i) text += pieces[draw(uint32_t(pieces.size()))];
  }
  return texts;
}

std::vector<std::string> FuzzPieces(const nlohmann::json& texts) {
  return texts.at("fuzz").at("pieces").get<std::vector<std::string>>();
}

}  // namespace

GoldenTexts ReadGoldenTexts() {
  const nlohmann::json json = ReadJson("texts.json");
  return {json.at("texts").get<std::vector<std::string>>(), MakeFuzzTexts(json.at("fuzz"), FuzzPieces(json))};
}

GoldenVectors ReadGoldenVectors(const std::string& name) {
  const nlohmann::json json = ReadJson(name + ".json");
  GoldenVectors vectors;
  vectors.vocabulary_file = kFolder + json.at("vocab").get<std::string>();
  vectors.ignore_merges = json.at("ignore_merges").get<bool>();
  vectors.special = json.at("special").get<std::vector<std::vector<TokenId>>>();
  for (const nlohmann::json& ids : json.at("plain")) {
    if (ids.is_null()) {
      vectors.plain.emplace_back();
    } else {
      vectors.plain.emplace_back(ids.get<std::vector<TokenId>>());
    }
  }
  vectors.fuzz_special = json.at("fuzz_special").get<std::string>();
  vectors.fuzz_plain = json.at("fuzz_plain").get<std::string>();
  return vectors;
}

ManyTexts ReadManyTexts(const std::string& name) {
  const nlohmann::json json = ReadJson(name + ".json");
  return {MakeFuzzTexts(json.at("many"), FuzzPieces(ReadJson("texts.json"))), json.at("many").at("group").get<size_t>(),
          json.at("many_hashes").get<std::string>()};
}

void CheckManyTexts(const Tokenizer& tokenizer, const ManyTexts& many) {
  ASSERT_EQ(many.texts.size(), 100000u);
  for (size_t first = 0; first < many.texts.size(); first += many.group) {
    std::vector<TokenId> ids;
    for (size_t i = first; i < first + many.group; ++i) {
      const auto one = tokenizer.Encode(many.texts[i], /*trusted=*/false, /*add_special=*/false);
      ASSERT_TRUE(one.ok()) << one.status().ToString();
      ids.insert(ids.end(), one->begin(), one->end());
    }
    ASSERT_EQ(HashIds(ids), many.hashes.substr(first / many.group * 8, 8)) << "texts from " << first;
  }
}

PieceVectors ReadPieceVectors(const std::string& name) {
  const nlohmann::json json = ReadJson(name + ".json");
  PieceVectors vectors;
  vectors.vocabulary_file = kFolder + json.at("vocab").get<std::string>();
  json.at("ids").get_to(vectors.ids);
  for (const nlohmann::json& text : json.at("decoded")) {
    vectors.decoded.push_back(text.is_null() ? std::nullopt : std::optional(text.get<std::string>()));
  }
  json.at("fuzz").get_to(vectors.fuzz);
  vectors.many = ReadManyTexts(name);
  return vectors;
}

HashedIds ReadGemmaHashes() {
  const nlohmann::json json = ReadJson("../goldens/gemma3-270m.json");
  return {json.at("texts").get<std::string>(), json.at("fuzz").get<std::string>()};
}

std::string HashIds(const std::vector<TokenId>& ids) {
  uint32_t hash = 0x811c9dc5u;
  for (const TokenId id : ids) {
    for (int shift = 0; shift < 32; shift += 8) hash = (hash ^ ((uint32_t(id) >> shift) & 0xff)) * 0x01000193u;
  }
  char text[9];
  std::snprintf(text, sizeof(text), "%08x", hash);
  return text;
}

}  // namespace sterna::text
