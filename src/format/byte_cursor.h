// SPDX-License-Identifier: Apache-2.0
//
// A position in untrusted bytes. Every read checks what is left first; after a failed read the position is unchanged.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace sterna::format {

static_assert(std::endian::native == std::endian::little, "files are little-endian and read as they lie");

class ByteCursor {
 public:
  explicit ByteCursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

  uint64_t position() const { return position_; }
  const std::byte* data() const { return bytes_.data() + position_; }
  uint64_t remaining() const { return bytes_.size() - position_; }

  template <class T>
  std::optional<T> Read() {
    static_assert(std::is_trivially_copyable_v<T>);
    if (remaining() < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes_.data() + position_, sizeof value);
    position_ += sizeof value;
    return value;
  }

  // The next `count` bytes, or nullopt when fewer are left.
  std::optional<std::span<const std::byte>> Take(uint64_t count) {
    if (count > remaining()) return std::nullopt;
    const auto taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
  }

 private:
  std::span<const std::byte> bytes_;
  uint64_t position_ = 0;
};

inline std::string_view AsText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace sterna::format
