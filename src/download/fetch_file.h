// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "download/file_record.h"
#include "download/hooks.h"
#include "download/http_client.h"
#include "download/settings.h"
#include "sterna/status.h"

namespace sterna::download {

struct FileSource {
  std::string name;  // for messages
  std::string url;
  FileRecord wanted;  // bytes 0 and sha256 empty where the list did not say
};

// Fetches a file to `target`: what is there of it stays, the rest comes by range requests with retries, its size is
// watched while it comes, and its checksum decides at the end. `reserve` is called with the file's size before its
// first byte is written; a bad Status ends the fetch. What came stays for the next try, except after a wrong checksum
// or size.
Status FetchFile(HttpClient& client, const Settings& settings, const FileSource& source,
                 const std::filesystem::path& target,
                 const std::function<Status(uint64_t whole, uint64_t missing)>& reserve, const Hooks& hooks);

}  // namespace sterna::download
