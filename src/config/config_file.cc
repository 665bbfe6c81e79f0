// SPDX-License-Identifier: Apache-2.0
#include "config/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>

#include "base/status_macros.h"
#include "config/keys.h"
#include "config/toml_text.h"

namespace sterna::config {
namespace {

constexpr uintmax_t kMaxFileBytes = uintmax_t{1} << 20;

Result<std::string> ReadWhole(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return Status::NotFound(fmt::format("there is no configuration file '{}'", path));
  }
  const uintmax_t size = std::filesystem::is_regular_file(path, error) ? std::filesystem::file_size(path, error) : 0;
  if (error || !std::filesystem::is_regular_file(path)) {
    return Status::InvalidArgument(fmt::format("the configuration file '{}' is no regular file", path));
  }
  if (size > kMaxFileBytes) {
    return Status::InvalidArgument(fmt::format("the configuration file '{}' has more than 1 MB", path));
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return Status::InvalidArgument(fmt::format("the configuration file '{}' cannot be read", path));
  return text.str();
}

// Offset of the first byte of line `line` (from 1); the text's size behind the last.
size_t OffsetOfLine(std::string_view text, uint32_t line) {
  size_t offset = 0;
  for (uint32_t i = 1; i < line && offset < text.size(); ++i) {
    const size_t end = text.find('\n', offset);
    offset = end == std::string_view::npos ? text.size() : end + 1;
  }
  return offset;
}

Status WriteWhole(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".new";
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file << text << std::flush;
    if (!file) {
      std::filesystem::remove(temporary, error);
      return Status::Unavailable(fmt::format("'{}' cannot be written: {}", path, std::strerror(errno)));
    }
  }
  std::filesystem::rename(temporary, path, error);
  if (error) return Status::Unavailable(fmt::format("'{}' cannot be written: {}", path, error.message()));
  return {};
}

struct SplitKey {
  std::string table, name;
};

SplitKey Split(std::string_view key) {
  const size_t dot = key.find('.');
  if (dot == std::string_view::npos) return {"", std::string(key)};
  return {std::string(key.substr(0, dot)), std::string(key.substr(dot + 1))};
}

std::string KeyOf(const TomlEntry& entry) {
  return entry.table.empty() ? entry.name : fmt::format("{}.{}", entry.table, entry.name);
}

// "key = value" with the value checked.
Result<std::string> LineFor(std::string_view key, std::string_view value_text) {
  if (key == kPresetKey) {
    STERNA_RETURN_IF_ERROR(Config::preset(value_text).status());
    return fmt::format("{} = {}", key, WriteTomlValue(std::string(value_text), false));
  }
  STERNA_ASSIGN_OR_RETURN(const Key* known, FindKey(key));
  Config config;
  STERNA_RETURN_IF_ERROR(known->set(config, value_text));
  return fmt::format("{} = {}", Split(key).name, WriteTomlValue(known->get(config), known->is_list));
}

}  // namespace

Result<std::vector<Assignment>> ReadConfigFile(const std::string& path) {
  STERNA_ASSIGN_OR_RETURN(const std::string text, ReadWhole(path));
  auto entries = ReadToml(text);
  if (!entries.ok()) return Status::InvalidArgument(fmt::format("{}: {}", path, entries.status().message()));
  std::vector<Assignment> assignments;
  for (const TomlEntry& entry : *entries) {
    assignments.push_back({KeyOf(entry), entry.text, fmt::format("{} line {}", path, entry.line)});
  }
  return assignments;
}

namespace {

Result<std::string> Edited(const std::string& text, const std::vector<TomlEntry>& entries, const SplitKey& split,
                           const std::string& line) {
  const auto same = [&](const TomlEntry& entry) { return entry.table == split.table && entry.name == split.name; };
  if (const auto old = std::find_if(entries.begin(), entries.end(), same); old != entries.end()) {
    const size_t begin = OffsetOfLine(text, old->line), end = OffsetOfLine(text, old->last_line + 1);
    return text.substr(0, begin) + line + "\n" + text.substr(end);
  }
  if (split.table.empty()) return line + "\n" + text;
  STERNA_ASSIGN_OR_RETURN(const uint32_t header, FindTomlTable(text, split.table));
  const bool ends_well = text.empty() || text.back() == '\n';
  const std::string whole = ends_well ? text : text + "\n";
  if (header == 0) return fmt::format("{}{}[{}]\n{}\n", whole, whole.empty() ? "" : "\n", split.table, line);
  const size_t after = OffsetOfLine(whole, header + 1);
  return whole.substr(0, after) + line + "\n" + whole.substr(after);
}

using Values = std::map<std::string, std::string>;

Values ValuesOf(const std::vector<TomlEntry>& entries) {
  Values values;
  for (const TomlEntry& entry : entries) values[KeyOf(entry)] = entry.text;
  return values;
}

// Whether two files say the same of every key but `key`, which the second one has.
bool DifferOnlyIn(std::string_view key, Values before, Values after) {
  const std::string name(key);
  if (!after.contains(name)) return false;
  before.erase(name);
  after.erase(name);
  return before == after;
}

}  // namespace

Result<std::string> WithValue(const std::string& text, std::string_view key, std::string_view value_text) {
  STERNA_ASSIGN_OR_RETURN(const std::string line, LineFor(key, value_text));
  STERNA_ASSIGN_OR_RETURN(const std::vector<TomlEntry> entries, ReadToml(text));
  STERNA_ASSIGN_OR_RETURN(std::string edited, Edited(text, entries, Split(key), line));
  // Lines are replaced, and a file may be written so that a line is not what it seems (inline tables).
  const auto check = ReadToml(edited);
  if (check.ok() && DifferOnlyIn(key, ValuesOf(entries), ValuesOf(*check))) return edited;
  return Status::InvalidArgument(
      fmt::format("the file is written so that {} cannot be set by itself; change it with an editor", key));
}

Status SetInFile(const std::string& path, std::string_view key, std::string_view value_text) {
  std::string text;
  if (auto old = ReadWhole(path); old.ok()) {
    text = *std::move(old);
  } else if (old.status().code() != StatusCode::kNotFound) {
    return old.status();
  }
  auto changed = WithValue(text, key, value_text);
  if (!changed.ok()) return Status::InvalidArgument(fmt::format("{}: {}", path, changed.status().message()));
  return WriteWhole(path, *changed);
}

}  // namespace sterna::config
