// SPDX-License-Identifier: Apache-2.0
//
// Reads NumPy's .npy files of format version 1 that hold little-endian float32 in C order (what the golden scripts
// write). Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace sterna::testing {

struct NpyArray {
  std::vector<size_t> shape;
  std::vector<float> values;
  const float* row(size_t index) const { return values.data() + index * shape.back(); }
};

// The text between `"'key': "` and the next ',' or ')' that closes the value, as the header's Python literal has it.
inline std::vector<size_t> NpyShape(const std::string& header) {
  const size_t open = header.find('(', header.find("'shape'")), close = header.find(')', open);
  std::vector<size_t> shape;
  for (size_t at = open + 1; at < close;) {
    shape.push_back(std::stoul(header.substr(at)));
    at = header.find_first_of(",)", at) + 1;
    while (at < close && header[at] == ' ') ++at;
  }
  return shape;
}

// Throws std::runtime_error: a test that cannot read its data has nothing to check.
inline NpyArray ReadNpy(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.size() < 10 || bytes.compare(0, 8, std::string("\x93NUMPY\x01\x00", 8)) != 0) {
    throw std::runtime_error(path + " is not a version 1 .npy file");
  }
  const size_t header_bytes = uint8_t(bytes[8]) + 256u * uint8_t(bytes[9]);
  const std::string header = bytes.substr(10, header_bytes);
  if (header.find("'<f4'") == std::string::npos || header.find("'fortran_order': False") == std::string::npos) {
    throw std::runtime_error(path + " is not float32 in C order");
  }
  NpyArray array{NpyShape(header), {}};
  size_t count = 1;
  for (const size_t extent : array.shape) count *= extent;
  if (bytes.size() != 10 + header_bytes + count * sizeof(float)) {
    throw std::runtime_error(path + " has the wrong length");
  }
  array.values.resize(count);
  std::memcpy(array.values.data(), bytes.data() + 10 + header_bytes, count * sizeof(float));
  return array;
}

}  // namespace sterna::testing
