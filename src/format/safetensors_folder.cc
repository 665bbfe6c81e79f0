// SPDX-License-Identifier: Apache-2.0
#include "format/safetensors_folder.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <new>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/status_macros.h"
#include "format/byte_cursor.h"
#include "format/gguf_names.h"

namespace sterna::format {
namespace {

using Json = nlohmann::json;
using WeightMap = std::map<std::string, std::string, std::less<>>;  // tensor -> file

constexpr std::string_view kIndexName = "model.safetensors.index.json";
constexpr uint64_t kMaxIndexBytes = uint64_t{64} << 20;

// {"metadata": {...}, "weight_map": {tensor: file}}; no list has a place here, nor anything deeper.
class IndexEvents : public nlohmann::json_sax<Json> {
 public:
  Status status;
  WeightMap files;

  bool null() override { return Scalar(); }
  bool boolean(bool) override { return Scalar(); }
  bool number_integer(number_integer_t) override { return Scalar(); }
  bool number_unsigned(number_unsigned_t) override { return Scalar(); }
  bool number_float(number_float_t, const string_t&) override { return Scalar(); }
  bool binary(binary_t&) override { return Scalar(); }
  bool start_array(size_t) override { return Refuse("a list is not what an index has"); }
  bool end_array() override { return true; }
  bool start_object(size_t) override { return ++depth_ <= 2 || Refuse("it nests deeper than an index does"); }
  bool end_object() override { return --depth_, true; }

  bool key(string_t& text) override {
    if (depth_ == 1) in_map_ = text == "weight_map";
    key_ = text;
    return true;
  }

  bool string(string_t& text) override {
    if (!in_map_) return true;
    if (depth_ != 2) return Scalar();
    const bool plain = IsPlainName(text) && text.find('/') == std::string::npos && text.ends_with(".safetensors");
    if (!plain) return Refuse(fmt::format("tensor {}: {} is no file name of the folder", Quoted(key_), Quoted(text)));
    return files.emplace(key_, text).second || Refuse(fmt::format("tensor {} is there twice", Quoted(key_)));
  }

  bool parse_error(size_t position, const std::string&, const Json::exception&) override {
    return Refuse(fmt::format("it is no JSON at its byte {}", position));
  }

 private:
  bool Refuse(std::string message) {
    status = Status::Corrupt(std::move(message));
    return false;
  }
  bool Scalar() { return !in_map_ || Refuse("weight_map must hold a file name for each tensor"); }

  int depth_ = 0;
  bool in_map_ = false;
  std::string key_;
};

Result<WeightMap> ParseIndex(std::string_view json) {
  if (json.size() > kMaxIndexBytes) {
    return Status::Corrupt(fmt::format("it has {} bytes; the limit is {}", json.size(), kMaxIndexBytes));
  }
  if (json.find('\0') != std::string_view::npos) return Status::Corrupt("it holds a NUL byte");
  IndexEvents events;
  const bool whole = Json::sax_parse(json.begin(), json.end(), &events);
  STERNA_RETURN_IF_ERROR(events.status);
  if (!whole || events.files.empty()) return Status::Corrupt("its weight_map names no tensor");
  return std::move(events.files);
}

Result<WeightMap> ReadIndex(const std::string& path) {
  STERNA_ASSIGN_OR_RETURN(const platform::MappedFile mapping, platform::MappedFile::Open(path));
  auto index = ParseIndex(AsText(mapping.bytes()));
  STERNA_RETURN_IF_ERROR(mapping.Check());
  if (index.ok()) return index;
  return Status(index.status().code(), fmt::format("file {}: {}", Quoted(path), index.status().message()));
}

// Each tensor of the file is listed, and for this file.
Status CheckListed(const SafetensorsFile& file, const std::string& file_name, const WeightMap& index) {
  for (const auto& tensor : file.tensors()) {
    const auto listed = index.find(tensor.name);
    if (listed != index.end() && listed->second == file_name) continue;
    return Status::Corrupt(fmt::format("file {}: tensor {} is not listed for it in {}", Quoted(file.name()),
                                       Quoted(tensor.name), kIndexName));
  }
  return {};
}

Result<std::vector<SafetensorsFile>> OpenListed(const std::filesystem::path& folder, const WeightMap& index) {
  std::set<std::string> names;
  for (const auto& [tensor, file] : index) names.insert(file);
  std::vector<SafetensorsFile> files;
  size_t tensors = 0;
  for (const std::string& name : names) {
    STERNA_ASSIGN_OR_RETURN(auto file, SafetensorsFile::Open((folder / name).string()));
    STERNA_RETURN_IF_ERROR(CheckListed(file, name, index));
    tensors += file.tensors().size();
    files.push_back(std::move(file));
  }
  if (tensors == index.size()) return files;
  return Status::Corrupt(fmt::format("folder {}: {} lists {} tensors, and its files hold {}; get the files again",
                                     Quoted(folder.string()), kIndexName, index.size(), tensors));
}

}  // namespace

Result<SafetensorsFolder> SafetensorsFolder::Open(const std::string& folder) {
  try {
    const std::filesystem::path root(folder);
    const std::string index_path = (root / kIndexName).string();
    SafetensorsFolder opened;
    opened.path_ = folder;
    std::error_code ignored;
    if (std::filesystem::exists(index_path, ignored)) {
      STERNA_ASSIGN_OR_RETURN(const WeightMap index, ReadIndex(index_path));
      STERNA_ASSIGN_OR_RETURN(opened.files_, OpenListed(root, index));
      return opened;
    }
    STERNA_ASSIGN_OR_RETURN(auto file, SafetensorsFile::Open((root / "model.safetensors").string()));
    opened.files_.push_back(std::move(file));
    return opened;
  } catch (const std::bad_alloc&) {
    return Status::ResourceExhausted("not enough memory for the description of a safetensors folder");
  }
}

uint64_t SafetensorsFolder::bytes() const {
  uint64_t bytes = 0;
  for (const auto& file : files_) bytes += file.file_bytes();
  return bytes;
}

Status SafetensorsFolder::CheckStillWhole() const {
  for (const auto& file : files_) STERNA_RETURN_IF_ERROR(file.CheckStillWhole());
  return {};
}

void SafetensorsFolder::AdviseDone(const SafetensorsTensor& tensor) const {
  for (const auto& file : files_) {
    if (file.FindTensor(tensor.name) == &tensor) return file.AdviseDone(tensor);
  }
}

const SafetensorsTensor* SafetensorsFolder::FindTensor(std::string_view name) const {
  for (const auto& file : files_) {
    if (const SafetensorsTensor* tensor = file.FindTensor(name)) return tensor;
  }
  return nullptr;
}

}  // namespace sterna::format
