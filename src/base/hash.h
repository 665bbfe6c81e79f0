// SPDX-License-Identifier: Apache-2.0
//
// XXH3, 64 bits: the checksum of `sterna` files. It finds damage, not malice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace sterna {

uint64_t Hash64(std::span<const std::byte> bytes);

// The same of bytes that come in pieces: any division into pieces gives the same value.
class Hasher64 {
 public:
  Hasher64();
  ~Hasher64();
  void Add(std::span<const std::byte> bytes);
  uint64_t Value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sterna
