// SPDX-License-Identifier: Apache-2.0
#include "download/hub_listing.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "download/file_record.h"
#include "download/retry.h"

namespace sterna::download {
namespace {

using nlohmann::json;

constexpr size_t kMaxListingBytes = size_t{8} << 20;
constexpr size_t kMaxFiles = 20'000;
constexpr int kMaxListingDepth = 16;
constexpr uint64_t kMaxListedFileBytes = uint64_t{1} << 42;  // 4 TB

Status Bad(std::string_view what) {
  return Status::Corrupt(fmt::format("the hub's list of files {}; look at HF_ENDPOINT or try again later", what));
}

const json* Field(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::string TextField(const json& object, const char* key) {
  const json* value = Field(object, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

uint64_t SizeField(const json& object, const char* key) {
  const json* value = Field(object, key);
  return value != nullptr && value->is_number_unsigned() ? value->get<uint64_t>() : 0;
}

Status AddFile(const json& sibling, HubListing& listing) {
  const std::string name = TextField(sibling, "rfilename");
  if (!IsModelFile(name)) return {};
  if (!CheckFileName(name).ok()) {
    listing.refused.push_back(name);
    return {};
  }
  HubFile file{name, SizeField(sibling, "size"), ""};
  if (const json* lfs = Field(sibling, "lfs")) {
    if (file.bytes == 0) file.bytes = SizeField(*lfs, "size");
    file.sha256 = TextField(*lfs, "sha256");
    if (!file.sha256.empty() && !IsSha256(file.sha256)) return Bad("holds a checksum that is none");
  }
  if (file.bytes > kMaxListedFileBytes) return Bad("holds a file of more than 4 TB");
  listing.files.push_back(std::move(file));
  return {};
}

}  // namespace

Result<HubListing> ParseListing(std::string_view text) {
  bool too_deep = false;
  const auto watch_depth = [&](int depth, json::parse_event_t, json&) {
    too_deep |= depth > kMaxListingDepth;
    return !too_deep;  // what is not kept costs no memory
  };
  const json answer = json::parse(text, watch_depth, false);
  if (too_deep) return Bad("is nested too deeply");
  const json* siblings = Field(answer, "siblings");
  if (siblings == nullptr || !siblings->is_array()) return Bad("is no list");
  if (siblings->size() > kMaxFiles) return Bad(fmt::format("is longer than {} files", kMaxFiles));
  HubListing listing;
  listing.commit = TextField(answer, "sha");
  if (listing.commit.size() != 40 || listing.commit.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return Bad("names no commit");
  }
  for (const json& sibling : *siblings) STERNA_RETURN_IF_ERROR(AddFile(sibling, listing));
  return listing;
}

Result<HubListing> FetchListing(HttpClient& client, const Settings& settings, const ModelName& name,
                                const Hooks& hooks) {
  std::string body;
  HttpRequest request;
  request.url = fmt::format("{}/api/models/{}/revision/main?blobs=true", settings.endpoint, name.Repo());
  request.bearer = settings.token;
  request.should_stop = hooks.should_stop;
  request.on_body = [&](std::span<const std::byte> bytes) {
    if (body.size() + bytes.size() > kMaxListingBytes) return Bad("is longer than 8 MB");
    body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Status();
  };
  Retry retry(settings.retries, hooks);
  for (;;) {
    body.clear();
    const HttpOutcome outcome = client.Get(request);
    if (outcome.status.ok()) return ParseListing(body);
    const Status status = retry.Wait(outcome);
    if (status.code() == StatusCode::kCancelled) return status;
    if (!status.ok()) return Status(status.code(), name.Repo() + ": " + status.message());
  }
}

}  // namespace sterna::download
