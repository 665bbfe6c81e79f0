// SPDX-License-Identifier: Apache-2.0
#include "download/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/status_macros.h"
#include "platform/environment.h"

namespace sterna::download {
namespace {

constexpr uint64_t kMaxLimitMb = uint64_t{1} << 30;

std::string Variable(const char* name) { return platform::GetEnvironment(name).value_or(""); }

bool IsVisible(char c) { return c > 0x20 && c < 0x7f; }

// $XDG_CACHE_HOME, which counts only when it is absolute, else ~/.cache; empty when there is no home.
std::filesystem::path UserCache() {
  if (std::filesystem::path folder = Variable("XDG_CACHE_HOME"); folder.is_absolute()) return folder;
  const std::filesystem::path home = Variable("HOME");
  return home.is_absolute() ? home / ".cache" : std::filesystem::path();
}

Status ReadEndpoint(Settings& settings) {
  std::string text = Variable("HF_ENDPOINT");
  while (text.ends_with('/')) text.pop_back();
  if (text.empty()) return {};
  const bool http = text.starts_with("http://") || text.starts_with("https://");
  if (!http || !std::all_of(text.begin(), text.end(), IsVisible) || text.find_first_of("@?#") != text.npos) {
    return Status::InvalidArgument(
        fmt::format("HF_ENDPOINT is '{}'; give the address of a hub, as in https://huggingface.co", text));
  }
  settings.endpoint = text;
  return {};
}

Status ReadToken(Settings& settings) {
  std::string text = Variable("HF_TOKEN");
  while (!text.empty() && !IsVisible(text.back())) text.pop_back();
  if (!std::all_of(text.begin(), text.end(), IsVisible)) {
    return Status::InvalidArgument("HF_TOKEN holds characters that no token has; set it to the token alone");
  }
  settings.token = text;
  return {};
}

Status ReadLimit(Settings& settings) {
  const std::string text = Variable("STERNA_CACHE_LIMIT");
  if (text.empty()) return {};
  uint64_t megabytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), megabytes);
  if (error != std::errc() || end != text.data() + text.size() || megabytes < 1 || megabytes > kMaxLimitMb) {
    return Status::InvalidArgument(
        fmt::format("STERNA_CACHE_LIMIT is '{}'; give a whole number of MB from 1 to {}", text, kMaxLimitMb));
  }
  settings.cache_limit_bytes = megabytes << 20;
  return {};
}

bool IsOn(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? char(c + 32) : c;
  return text == "1" || text == "on" || text == "yes" || text == "true";
}

}  // namespace

Result<Settings> Settings::FromEnvironment() {
  Settings settings;
  STERNA_RETURN_IF_ERROR(ReadEndpoint(settings));
  STERNA_RETURN_IF_ERROR(ReadToken(settings));
  STERNA_RETURN_IF_ERROR(ReadLimit(settings));
  settings.offline = IsOn(Variable("HF_HUB_OFFLINE"));
  const std::filesystem::path user_cache = UserCache();
  if (!user_cache.empty()) {
    settings.cache_folder = user_cache / "sterna" / "models";
    settings.hub_cache_folder = user_cache / "huggingface" / "hub";
  }
  if (const std::string home = Variable("HF_HOME"); !home.empty()) {
    settings.hub_cache_folder = std::filesystem::path(home) / "hub";
  }
  if (const std::string folder = Variable("HF_HUB_CACHE"); !folder.empty()) settings.hub_cache_folder = folder;
  for (const char* name : {"STERNA_CACHE_DIR", "STERNA_CACHE"}) {
    if (const std::string folder = Variable(name); !folder.empty()) settings.cache_folder = folder;
  }
  return settings;
}

}  // namespace sterna::download
