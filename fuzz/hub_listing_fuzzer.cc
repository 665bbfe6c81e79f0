// SPDX-License-Identifier: Apache-2.0
//
// What a hub says about a repository: any bytes are a checked list or an error, and no file of the list leaves its
// folder.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "download/choose_file.h"
#include "download/hub_listing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto name = sterna::download::ParseModelName(text);
  if (name.ok() && (name->owner.find('/') != std::string::npos || name->owner.front() == '.')) std::abort();
  const auto listing = sterna::download::ParseListing(text);
  if (!listing.ok()) return 0;
  std::vector<std::string> files;
  for (const auto& file : listing->files) {
    if (file.name.empty() || file.name.front() == '/' || file.name.find("..") == 0 ||
        file.name.find("/..") != std::string::npos || file.name.find('\0') != std::string::npos) {
      std::abort();
    }
    files.push_back(file.name);
  }
  (void)sterna::download::ChooseFile(files, {"o", "m", "i2_s"}).ok();
  return 0;
}
