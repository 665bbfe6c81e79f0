// SPDX-License-Identifier: Apache-2.0
#include "model/tl_tiles.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/status_macros.h"
#include "format/gguf_names.h"

namespace sterna::model {
namespace {

using quant::TensorType;
using quant::TlTiles;
using Published = TlTileOptions::Published;

struct PublishedTiles {
  TensorType type;
  uint32_t rows, columns;
  TlTiles tiles;
  Published set = Published::kEither;  // that it belongs to; kEither: to both
};

// Of bitnet.cpp (setup_env.py and preset_kernels/), for bitnet_b1_58-large, bitnet_b1_58-3B and
// Llama3-8B-1.58-100B-tokens. The preset of the first has bm 64 for its last shape in TL2, which no TL2 kernel has.
constexpr PublishedTiles kPublished[] = {
    {TensorType::kTL1, 1536, 4096, {256, 128, 32}},
    {TensorType::kTL1, 1536, 1536, {128, 64, 64}},
    {TensorType::kTL1, 4096, 1536, {256, 128, 32}},
    {TensorType::kTL1, 3200, 8640, {160, 64, 32}},
    {TensorType::kTL1, 3200, 3200, {320, 128, 64}},
    {TensorType::kTL1, 8640, 3200, {320, 64, 32}},
    {TensorType::kTL1, 14336, 4096, {256, 128, 32}, Published::kSetup},
    {TensorType::kTL1, 4096, 14336, {128, 64, 64}, Published::kSetup},
    {TensorType::kTL1, 1024, 4096, {256, 128, 32}, Published::kSetup},
    {TensorType::kTL1, 4096, 4096, {128, 64, 64}, Published::kSetup},
    {TensorType::kTL1, 14336, 4096, {256, 128, 64}, Published::kPreset},
    {TensorType::kTL1, 4096, 14336, {256, 128, 32}, Published::kPreset},
    {TensorType::kTL1, 1024, 4096, {128, 64, 64}, Published::kPreset},
    {TensorType::kTL1, 4096, 4096, {128, 64, 32}, Published::kPreset},
    {TensorType::kTL2, 1536, 4096, {256, 96, 32}},
    {TensorType::kTL2, 1536, 1536, {128, 192, 32}},
    {TensorType::kTL2, 4096, 1536, {256, 96, 32}},
    {TensorType::kTL2, 3200, 8640, {160, 96, 32}},
    {TensorType::kTL2, 3200, 3200, {320, 96, 32}},
    {TensorType::kTL2, 8640, 3200, {320, 96, 32}},
    {TensorType::kTL2, 14336, 4096, {256, 96, 32}},
    {TensorType::kTL2, 4096, 14336, {128, 96, 32}},
    {TensorType::kTL2, 1024, 4096, {256, 96, 32}},
    {TensorType::kTL2, 4096, 4096, {128, 96, 32}},
};

constexpr std::string_view kForms =
    "auto, setup, preset, BM,BK,bm for every matrix, or ROWSxCOLUMNS=BM,BK,bm with a / between several";

// The text before the separator, which leaves `rest` with it; all of it when there is none.
std::string_view Before(std::string_view& rest, char separator) {
  const size_t at = std::min(rest.find(separator), rest.size());
  const std::string_view word = rest.substr(0, at);
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return word;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// A number from 1 that fits 32 bits and is the whole text.
std::optional<uint32_t> Number(std::string_view text) {
  uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end || number == 0) return std::nullopt;
  return number;
}

// "ROWSxCOLUMNS=BM,BK,bm" or "BM,BK,bm".
std::optional<TlTiling> Tiling(std::string_view text) {
  TlTiling tiling;
  if (text.find('=') != std::string_view::npos) {
    std::string_view shape = Before(text, '=');
    const auto rows = Number(Before(shape, 'x')), columns = Number(shape);
    if (!rows || !columns) return std::nullopt;
    tiling.rows = *rows, tiling.columns = *columns;
  }
  const auto tile_rows = Number(Before(text, ',')), tile_columns = Number(Before(text, ',')), lanes = Number(text);
  if (!tile_rows || !tile_columns || !lanes) return std::nullopt;
  tiling.tiles = {*tile_rows, *tile_columns, *lanes};
  return tiling;
}

// The numbers of a section of a kernel_config.ini.
struct KernelSection {
  static constexpr std::array<std::string_view, 5> kKeys{"m", "k", "bm", "bk", "bmm"};
  std::array<uint32_t, 5> numbers{};

  bool Complete() const { return std::find(numbers.begin(), numbers.end(), 0u) == numbers.end(); }
  TlTiling Tiling() const { return {numbers[0], numbers[1], {numbers[2], numbers[3], numbers[4]}}; }
};

// Keys that are not known say something else and are passed over.
Status ReadPair(std::string_view line, size_t line_number, KernelSection& section) {
  std::string_view value = line;
  std::string key(Trimmed(Before(value, '=')));
  for (char& c : key) c = c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
  const auto found = std::find(KernelSection::kKeys.begin(), KernelSection::kKeys.end(), key);
  if (found == KernelSection::kKeys.end()) return {};
  const auto number = Number(Trimmed(value));
  if (!number) {
    return Status::InvalidArgument(
        fmt::format("line {}: {} is {}; it must be a number from 1", line_number, key, format::Quoted(Trimmed(value))));
  }
  section.numbers[size_t(found - KernelSection::kKeys.begin())] = *number;
  return {};
}

bool IsOf(const PublishedTiles& known, TensorType type, uint64_t rows, uint64_t columns, Published wanted) {
  const bool in_set = known.set == Published::kEither || wanted == Published::kEither || known.set == wanted;
  return known.type == type && known.rows == rows && known.columns == columns && in_set;
}

Result<TlTiles> ChoosePublished(TensorType type, uint64_t rows, uint64_t columns, Published wanted) {
  const PublishedTiles* first = nullptr;
  for (const PublishedTiles& known : kPublished) {
    if (!IsOf(known, type, rows, columns, wanted)) continue;
    if (first != nullptr) {
      return Status::InvalidArgument(fmt::format(
          "bitnet.cpp has two sets of {} kernels for {} x {}, with tiles {} (setup) and {} (preset), and no file says "
          "which one wrote it; give --tl-tiles setup, or preset, or the kernel_config.ini of the build that wrote it",
          quant::Info(type).name, rows, columns, ToText(first->tiles), ToText(known.tiles)));
    }
    first = &known;
  }
  if (first != nullptr) return first->tiles;
  return Status::InvalidArgument(
      fmt::format("{} stores a matrix tile by tile and does not say how large tiles are, and bitnet.cpp publishes no "
                  "kernels for {} "
                  "x {}; give --tl-tiles the kernel_config.ini of the build that wrote the file, or {}x{}=BM,BK,bm",
                  quant::Info(type).name, rows, columns, rows, columns));
}

const TlTiling* FindGiven(uint64_t rows, uint64_t columns, const std::vector<TlTiling>& given) {
  const auto find = [&](uint64_t r, uint64_t c) {
    const auto found =
        std::find_if(given.begin(), given.end(), [&](const TlTiling& t) { return t.rows == r && t.columns == c; });
    return found == given.end() ? nullptr : &*found;
  };
  const TlTiling* const own = find(rows, columns);
  return own != nullptr ? own : find(0, 0);
}

}  // namespace

std::string ToText(const TlTiles& tiles) { return fmt::format("{},{},{}", tiles.rows, tiles.columns, tiles.lanes); }

Result<TlTileOptions> ParseTlTiles(std::string_view text) {
  TlTileOptions options;
  if (text == "auto") return options;
  if (text == "setup" || text == "preset") {
    options.published = text == "setup" ? Published::kSetup : Published::kPreset;
    return options;
  }
  std::string_view rest = text;
  do {
    const std::string_view word = Before(rest, '/');
    const auto tiling = Tiling(word);
    if (!tiling) return Status::InvalidArgument(fmt::format("{} is none of {}", format::Quoted(word), kForms));
    options.given.push_back(*tiling);
  } while (!rest.empty());
  return options;
}

Result<TlTileOptions> ParseKernelConfig(std::string_view text) {
  TlTileOptions options;
  std::optional<KernelSection> section;
  const auto close = [&]() -> Status {
    if (section && !section->Complete()) {
      return Status::InvalidArgument("a section lacks one of m, k, bm, bk and bmm: this is no kernel_config.ini");
    }
    if (section) options.given.push_back(section->Tiling());
    return {};
  };
  for (size_t line_number = 1; !text.empty(); ++line_number) {
    const std::string_view line = Trimmed(Before(text, '\n'));
    if (line.starts_with('[')) {
      STERNA_RETURN_IF_ERROR(close());
      section.emplace();
    } else if (section && line.find('=') != std::string_view::npos) {
      STERNA_RETURN_IF_ERROR(ReadPair(line, line_number, *section));
    }
  }
  STERNA_RETURN_IF_ERROR(close());
  if (options.given.empty()) {
    return Status::InvalidArgument("there is no section with m, k, bm, bk and bmm: this is no kernel_config.ini");
  }
  return options;
}

Result<TlTiles> ChooseTlTiles(TensorType type, uint64_t rows, uint64_t columns, const TlTileOptions& options) {
  const TlTiling* const given = FindGiven(rows, columns, options.given);
  if (given == nullptr) return ChoosePublished(type, rows, columns, options.published);
  if (const Status status = quant::CheckTlTiles(type, rows, columns, given->tiles); !status.ok()) {
    return Status::InvalidArgument(fmt::format("--tl-tiles {} cannot be those of {} x {} in {}: {}",
                                               ToText(given->tiles), rows, columns, quant::Info(type).name,
                                               status.message()));
  }
  return given->tiles;
}

}  // namespace sterna::model
