// SPDX-License-Identifier: Apache-2.0
#include "download/model_name.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/status_macros.h"

namespace sterna::download {
namespace {

constexpr size_t kMaxNameBytes = 96;  // as the hub has it
constexpr size_t kMaxFileNameBytes = 512;
constexpr size_t kMaxPartBytes = 200;  // leaves room for ".partial.json" in a file system's 255
constexpr size_t kMaxNameDepth = 8;

// The repositories whose files Sterna is known to run.
constexpr KnownModel kKnownModels[] = {
    {"bitnet-b1.58-2b-4t", "microsoft/bitnet-b1.58-2B-4T-gguf:ggml-model-i2_s.gguf"},
    {"bitnet-2b", "microsoft/bitnet-b1.58-2B-4T-gguf:ggml-model-i2_s.gguf"},
};

constexpr std::string_view kPrefixes[] = {
    "https://huggingface.co/", "https://hf.co/", "huggingface.co/", "hf.co/", "hf://", "hf:"};

bool IsAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// Letters, digits and -._ that neither begin with a dot or a dash nor hold "--" or "..", which the hub forbids too.
bool IsRepositoryPart(std::string_view part) {
  if (part.empty() || part.size() > kMaxNameBytes || part.front() == '.' || part.front() == '-') return false;
  if (part.find("--") != part.npos || part.find("..") != part.npos) return false;
  return std::all_of(part.begin(), part.end(),
                     [](char c) { return IsAlphanumeric(c) || c == '-' || c == '.' || c == '_'; });
}

// True and cut when one of kPrefixes stood there.
bool CutPrefix(std::string_view& text) {
  for (const std::string_view prefix : kPrefixes) {
    if (text.starts_with(prefix)) {
      text.remove_prefix(prefix.size());
      return true;
    }
  }
  return false;
}

std::string_view FullName(std::string_view text) {
  for (const KnownModel& known : kKnownModels) {
    if (text == known.short_name) return known.name;
  }
  return text;
}

bool EndsWithoutCase(std::string_view text, std::string_view end) {
  if (text.size() < end.size()) return false;
  text.remove_prefix(text.size() - end.size());
  return std::equal(text.begin(), text.end(), end.begin(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? char(a + 32) : a) == b; });
}

}  // namespace

std::span<const KnownModel> KnownModels() { return kKnownModels; }

Result<ModelName> ParseModelName(std::string_view text) {
  const auto wrong = [whole = std::string(text)](std::string_view what) {
    return Status::InvalidArgument(
        fmt::format("'{}' is no model's name: {}; give OWNER/MODEL or OWNER/MODEL:FILE", whole, what));
  };
  std::string_view rest = FullName(text);
  CutPrefix(rest);
  ModelName name;
  if (const size_t colon = rest.find(':'); colon != rest.npos) {
    name.selector = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
    if (name.selector.empty()) return wrong("nothing follows the colon");
    if (const Status status = CheckFileName(name.selector); !status.ok())
      return wrong("what follows the colon is no file");
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const size_t slash = rest.find('/');
  if (slash == rest.npos) return wrong("it has no owner and is none of the short names");
  name.owner = rest.substr(0, slash);
  name.model = rest.substr(slash + 1);
  if (!IsRepositoryPart(name.owner)) return wrong("the owner is not made of letters, digits and -._");
  if (!IsRepositoryPart(name.model)) return wrong("the model is not made of letters, digits and -._");
  return name;
}

bool LooksLikeModelName(std::string_view text) {
  std::string_view rest = FullName(text);
  const bool short_or_prefixed = rest != text || CutPrefix(rest);
  if (!ParseModelName(text).ok()) return false;
  return short_or_prefixed || rest.find(':') != rest.npos || !IsModelFile(rest);
}

Status CheckFileName(std::string_view name) {
  const auto wrong = [&](std::string_view what) {
    return Status::Corrupt(fmt::format("the file name '{}' {}; such a file is not fetched", name.substr(0, 80), what));
  };
  if (name.empty() || name.size() > kMaxFileNameBytes) return wrong("is empty or too long");
  size_t depth = 0;
  for (std::string_view rest = name;;) {
    const size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.empty() || part.front() == '.' || part.front() == '-') return wrong("could leave its folder");
    if (part.size() > kMaxPartBytes || ++depth > kMaxNameDepth) return wrong("is too long or too deep");
    if (slash == rest.npos) break;
    rest.remove_prefix(slash + 1);
  }
  const auto is_odd = [](char c) { return c < 0x20 || c > 0x7e || c == '\\' || c == ':'; };
  if (std::any_of(name.begin(), name.end(), is_odd)) return wrong("holds characters that no model file needs");
  return {};
}

bool IsModelFile(std::string_view name) { return EndsWithoutCase(name, ".gguf") || EndsWithoutCase(name, ".sterna"); }

std::string EncodePath(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (IsAlphanumeric(c) || std::string_view("-._~/").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace sterna::download
