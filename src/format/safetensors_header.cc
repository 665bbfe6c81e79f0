// SPDX-License-Identifier: Apache-2.0
#include "format/safetensors_header.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/status_macros.h"
#include "format/gguf_names.h"

namespace sterna::format {
namespace {

using Json = nlohmann::json;

enum class Field : uint8_t { kNone, kType, kShape, kOffsets };

// Called by the JSON parser for each event; false ends the parse, and `status` says why.
class HeaderEvents : public nlohmann::json_sax<Json> {
 public:
  Status status;
  std::vector<SafetensorsEntry> entries;

  bool null() override { return Misplaced("null"); }
  bool boolean(bool) override { return Misplaced("a boolean"); }
  bool number_integer(number_integer_t) override { return Misplaced("a negative number"); }
  bool number_float(number_float_t, const string_t&) override {
    return Misplaced("a number that is no 64-bit integer");
  }
  bool binary(binary_t&) override { return Misplaced("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (!in_array_) return Misplaced("a number");
    const size_t most = field_ == Field::kShape ? kMaxSafetensorsDimensions : 2;
    if (numbers_.size() == most) return Refuse(fmt::format("{}: more than {} numbers", Where(), most));
    numbers_.push_back(value);
    return true;
  }

  bool string(string_t& text) override {
    if (in_metadata_ && depth_ == 2) return true;
    if (depth_ != 2 || in_array_ || field_ != Field::kType) return Misplaced("a text");
    const auto type = SafetensorsTypeOf(text);
    if (!type) {
      status = Status::Unsupported(fmt::format("{}: the element type {} is not read", Where(), Quoted(text)));
      return false;
    }
    entries.back().type = *type;
    return true;
  }

  bool start_object(size_t) override {
    if (depth_ == 2 || in_array_) return Misplaced("an object");
    ++depth_;
    return true;
  }

  bool key(string_t& text) override { return depth_ == 1 ? BeginEntry(text) : BeginField(text); }

  bool end_object() override {
    --depth_;
    if (depth_ == 0 || std::exchange(in_metadata_, false)) return true;
    if (seen_ == kAllFields) return true;
    field_ = Field::kNone;
    return Refuse(fmt::format("{}: dtype, shape and data_offsets must all be there", Where()));
  }

  bool start_array(size_t) override {
    const bool wanted = depth_ == 2 && !in_array_ && (field_ == Field::kShape || field_ == Field::kOffsets);
    if (!wanted || in_metadata_) return Misplaced("a list");
    in_array_ = true;
    numbers_.clear();
    return true;
  }

  bool end_array() override {
    in_array_ = false;
    SafetensorsEntry& entry = entries.back();
    if (field_ == Field::kShape) {
      entry.shape = numbers_;
      return true;
    }
    if (numbers_.size() != 2) return Refuse(fmt::format("{}: it must hold two numbers", Where()));
    entry.begin_bytes = numbers_[0];
    entry.end_bytes = numbers_[1];
    return true;
  }

  bool parse_error(size_t position, const std::string&, const Json::exception&) override {
    return Refuse(fmt::format("the header is no JSON at its byte {}", position));
  }

 private:
  static constexpr uint32_t kAllFields = 7;

  bool Refuse(std::string message) {
    status = Status::Corrupt(std::move(message));
    return false;
  }

  bool Misplaced(std::string_view what) {
    return Refuse(fmt::format("{}: {} is not what the format has here", Where(), what));
  }

  std::string Where() const {
    if (depth_ == 0) return "the header";
    if (in_metadata_) return "'__metadata__'";
    if (entries.empty()) return "the header";
    std::string tensor = fmt::format("tensor {}", Quoted(entries.back().name));
    switch (field_) {
      case Field::kType: return tensor + ": dtype";
      case Field::kShape: return tensor + ": shape";
      case Field::kOffsets: return tensor + ": data_offsets";
      default: return tensor;
    }
  }

  bool BeginEntry(const std::string& name) {
    field_ = Field::kNone;
    seen_ = 0;
    in_metadata_ = name == "__metadata__";
    if (in_metadata_) return !std::exchange(had_metadata_, true) || Refuse("'__metadata__' is there twice");
    if (name.empty() || name.size() > kMaxSafetensorsNameBytes) {
      return Refuse(fmt::format("the name of tensor {} is {} bytes long; a name has 1 to {} bytes", entries.size(),
                                name.size(), kMaxSafetensorsNameBytes));
    }
    if (!IsPlainName(name)) {
      return Refuse(fmt::format("the name of tensor {} holds control characters: {}", entries.size(), Quoted(name)));
    }
    if (entries.size() == kMaxSafetensorsTensors) {
      return Refuse(fmt::format("the header lists more than {} tensors", kMaxSafetensorsTensors));
    }
    entries.emplace_back().name = name;
    return true;
  }

  bool BeginField(const std::string& name) {
    if (in_metadata_) return true;
    field_ = name == "dtype"          ? Field::kType
             : name == "shape"        ? Field::kShape
             : name == "data_offsets" ? Field::kOffsets
                                      : Field::kNone;
    if (field_ == Field::kNone) return Refuse(fmt::format("{}: unknown field {}", Where(), Quoted(name)));
    const uint32_t bit = uint32_t{1} << (uint32_t(field_) - 1);
    if ((seen_ & bit) != 0) return Refuse(fmt::format("{} is there twice", Where()));
    seen_ |= bit;
    return true;
  }

  int depth_ = 0;
  bool in_metadata_ = false, had_metadata_ = false, in_array_ = false;
  Field field_ = Field::kNone;
  uint32_t seen_ = 0;
  std::vector<uint64_t> numbers_;
};

}  // namespace

Result<std::vector<SafetensorsEntry>> ReadSafetensorsHeader(std::string_view json) {
  if (json.empty() || json.front() != '{') return Status::Corrupt("the header does not begin with '{'");
  // The JSON parser takes NUL for the end of its input.
  if (json.find('\0') != std::string_view::npos) return Status::Corrupt("the header holds a NUL byte");
  HeaderEvents events;
  const bool whole = Json::sax_parse(json.begin(), json.end(), &events);
  STERNA_RETURN_IF_ERROR(events.status);
  if (!whole) return Status::Corrupt("the header is no JSON");
  return std::move(events.entries);
}

}  // namespace sterna::format
