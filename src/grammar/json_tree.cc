// SPDX-License-Identifier: Apache-2.0
#include "grammar/json_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "grammar/limits.h"

namespace sterna::grammar {
namespace {

using Json = nlohmann::json;

// Builds the tree while the text is read; each method returns whether to go on.
class TreeBuilder : public Json::json_sax_t {
 public:
  bool null() override { return Add(JsonNode{}); }
  bool boolean(bool value) override {
    JsonNode node;
    node.kind = JsonNode::Kind::kBool;
    node.boolean = value;
    return Add(std::move(node));
  }
  bool number_integer(number_integer_t value) override { return AddInteger(value); }
  bool number_unsigned(number_unsigned_t value) override {
    return value <= uint64_t(INT64_MAX) ? AddInteger(int64_t(value)) : AddReal(double(value), fmt::format("{}", value));
  }
  bool number_float(number_float_t value, const string_t& text) override { return AddReal(value, text); }
  bool string(string_t& value) override {
    JsonNode node;
    node.kind = JsonNode::Kind::kText;
    node.text = std::move(value);
    return Add(std::move(node));
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return Open(JsonNode::Kind::kObject); }
  bool start_array(size_t) override { return Open(JsonNode::Kind::kArray); }
  bool key(string_t& value) override {
    open_.back()->keys.push_back(std::move(value));
    return true;
  }
  bool end_array() override {
    open_.pop_back();
    return true;
  }
  bool end_object() override;
  bool parse_error(size_t position, const std::string&, const Json::exception&) override {
    error_position_ = position;
    return false;
  }

  JsonNode Take() { return std::move(root_); }
  const std::string& problem() const { return problem_; }
  size_t error_position() const { return error_position_; }

 private:
  bool Add(JsonNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else {
      open_.back()->items.push_back(std::move(node));
    }
    return true;
  }
  bool AddInteger(int64_t value) {
    JsonNode node;
    node.kind = JsonNode::Kind::kInteger;
    node.integer = value;
    node.real = double(value);
    node.text = fmt::format("{}", value);
    return Add(std::move(node));
  }
  bool AddReal(double value, const std::string& text) {
    JsonNode node;
    node.kind = JsonNode::Kind::kReal;
    node.real = value;
    node.text = text;
    return Add(std::move(node));
  }
  // Pointers to open nodes stay good: a list of items only grows when the last of them is closed.
  bool Open(JsonNode::Kind kind) {
    if (open_.size() == kMaxNesting) {
      problem_ = fmt::format("it nests deeper than {} levels; make it flatter", kMaxNesting);
      return false;
    }
    JsonNode node;
    node.kind = kind;
    JsonNode* const parent = open_.empty() ? nullptr : open_.back();
    Add(std::move(node));
    open_.push_back(parent == nullptr ? &root_ : &parent->items.back());
    return true;
  }

  JsonNode root_;
  std::vector<JsonNode*> open_;
  std::string problem_;
  size_t error_position_ = 0;
};

bool TreeBuilder::end_object() {
  JsonNode& object = *open_.back();
  open_.pop_back();
  object.by_key.resize(object.keys.size());
  std::iota(object.by_key.begin(), object.by_key.end(), 0);
  const auto key = [&](uint32_t index) -> const std::string& { return object.keys[index]; };
  std::sort(object.by_key.begin(), object.by_key.end(), [&](auto a, auto b) { return key(a) < key(b); });
  const auto twice =
      std::adjacent_find(object.by_key.begin(), object.by_key.end(), [&](auto a, auto b) { return key(a) == key(b); });
  if (twice == object.by_key.end()) return true;
  problem_ = fmt::format("the key {} stands twice in one object; leave one out", QuotedJson(key(*twice)));
  return false;
}

std::string PlaceIn(std::string_view text, size_t position) {
  const std::string_view before = text.substr(0, position == 0 ? 0 : position - 1);
  const size_t line_begin = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
  return fmt::format("line {}, column {}", std::count(before.begin(), before.end(), '\n') + 1,
                     before.size() - line_begin + 1);
}

}  // namespace

const JsonNode* JsonNode::Find(std::string_view key) const {
  const auto found = std::lower_bound(by_key.begin(), by_key.end(), key,
                                      [&](uint32_t index, std::string_view wanted) { return keys[index] < wanted; });
  return found != by_key.end() && keys[*found] == key ? &items[*found] : nullptr;
}

std::string QuotedJson(std::string_view text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string JsonNode::ToJson() const {
  switch (kind) {
    case Kind::kNull: return "null";
    case Kind::kBool: return boolean ? "true" : "false";
    case Kind::kInteger:
    case Kind::kReal: return text;
    case Kind::kText: return QuotedJson(text);
    case Kind::kArray:
    case Kind::kObject: break;
  }
  std::string json(1, kind == Kind::kArray ? '[' : '{');
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) json += ',';
    if (kind == Kind::kObject) json += QuotedJson(keys[i]) + ':';
    json += items[i].ToJson();
  }
  return json + (kind == Kind::kArray ? ']' : '}');
}

Result<JsonNode> ParseJsonTree(std::string_view text, std::string_view what) {
  if (text.size() > kMaxTextBytes) {
    return Status::ResourceExhausted(
        fmt::format("{}: it has {} bytes; the limit is {}", what, text.size(), kMaxTextBytes));
  }
  TreeBuilder builder;
  if (Json::sax_parse(text, &builder)) return builder.Take();
  if (!builder.problem().empty()) return Status::InvalidArgument(fmt::format("{}: {}", what, builder.problem()));
  return Status::InvalidArgument(
      fmt::format("{}: it is no JSON from {} on; mend it there", what, PlaceIn(text, builder.error_position())));
}

}  // namespace sterna::grammar
