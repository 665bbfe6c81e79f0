// SPDX-License-Identifier: Apache-2.0
#include "engine/activation_ranges.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include "base/status_macros.h"
#include "model/model.h"

namespace sterna::engine {
namespace {

constexpr char kFirstLine[] = "# scales of activations";
constexpr size_t kMaxInputs = size_t{1} << 20;

template <class Number>
bool ReadNumber(std::string_view text, Number& number, auto... base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base...);
  return error == std::errc() && end == text.data() + text.size();
}

// Takes "name value" lines in the order in which WriteRanges gives them.
class RangesReader {
 public:
  Status Take(std::string_view line) {
    const size_t space = line.find(' ');
    const std::string_view name = line.substr(0, space);
    const std::string_view value = space == line.npos ? std::string_view() : line.substr(space + 1);
    if (name == "model" && ReadNumber(value, ranges_.model, 16)) return {};
    if (name == "percentile" && ReadNumber(value, ranges_.percentile)) return {};
    if (name == "samples" && ReadNumber(value, ranges_.samples)) return {};
    return TakeRange(name, value);
  }
  ActivationRanges Give() { return std::move(ranges_); }

 private:
  Status TakeRange(std::string_view name, std::string_view value) {
    const size_t next = ranges_.largest.size();
    float largest = 0;
    const bool fits = next < kMaxInputs && name == model::Model::InputName(uint32_t(next)) &&
                      ReadNumber(value, largest) && std::isfinite(largest) && largest > 0;
    if (!fits) return Status::Corrupt("it says nothing that belongs here");
    ranges_.largest.push_back(largest);
    return {};
  }

  ActivationRanges ranges_;
};

}  // namespace

Status WriteRanges(const std::string& path, const ActivationRanges& ranges) {
  std::string text = fmt::format("{}\nmodel {:016x}\npercentile {}\nsamples {}\n", kFirstLine, ranges.model,
                                 ranges.percentile, ranges.samples);
  for (size_t i = 0; i < ranges.largest.size(); ++i) {
    text += fmt::format("{} {}\n", model::Model::InputName(uint32_t(i)), ranges.largest[i]);
  }
  const std::string draft = path + ".new";
  std::ofstream file(draft, std::ios::binary | std::ios::trunc);
  file << text << std::flush;
  if (!file) {
    return Status::Unavailable(
        fmt::format("cannot write '{}': {}; make its folder writable", draft, std::strerror(errno)));
  }
  file.close();
  std::error_code error;
  std::filesystem::rename(draft, path, error);
  if (!error) return {};
  return Status::Unavailable(fmt::format("cannot write '{}': {}; make its folder writable", path, error.message()));
}

Result<ActivationRanges> ReadRanges(const std::string& path) {
  constexpr char kMend[] = "remove it, and activation.calibration_text makes it anew";
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return Status::NotFound(
        fmt::format("cannot open '{}': {}; activation.calibration_text makes it", path, std::strerror(errno)));
  std::string line;
  std::getline(file, line);
  if (line != kFirstLine) return Status::Corrupt(fmt::format("'{}' holds no activation scales; {}", path, kMend));
  RangesReader reader;
  for (size_t number = 2; std::getline(file, line); ++number) {
    if (const Status status = reader.Take(line); !status.ok()) {
      return Status::Corrupt(fmt::format("'{}', line {}: {}; {}", path, number, status.message(), kMend));
    }
  }
  return reader.Give();
}

}  // namespace sterna::engine
