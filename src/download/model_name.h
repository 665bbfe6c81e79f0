// SPDX-License-Identifier: Apache-2.0
//
// Names of models on a hub: OWNER/MODEL, OWNER/MODEL:FILE or OWNER/MODEL:TYPE, with hf:, hf.co/ or huggingface.co/
// before it or not, and a few short names. Text in, checked names out; nothing here touches a disk or a network.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sterna/status.h"

namespace sterna::download {

struct ModelName {
  std::string owner;
  std::string model;
  std::string selector;  // a file of the repository, or the end of one's name ("i2_s"); empty: not said

  std::string Repo() const { return owner + "/" + model; }
  std::string Text() const { return selector.empty() ? Repo() : Repo() + ":" + selector; }
};

struct KnownModel {
  std::string_view short_name;
  std::string_view name;  // OWNER/MODEL:FILE
};

std::span<const KnownModel> KnownModels();

// InvalidArgument says which part is wrong.
Result<ModelName> ParseModelName(std::string_view text);

// Whether a text that is no existing file is meant as a name rather than as a path.
bool LooksLikeModelName(std::string_view text);

// A file name that a hub sent may become a path below a folder: printable ASCII, no part that is empty, begins with a
// dot or a dash, no backslash or colon, bounded in length and depth. Corrupt otherwise.
Status CheckFileName(std::string_view name);

// Whether it ends as model files do: .gguf or .sterna.
bool IsModelFile(std::string_view name);

// "a b/c" as part of an address: everything but letters, digits and -._~/ as %XX.
std::string EncodePath(std::string_view path);

}  // namespace sterna::download
