// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace sterna::server {

std::string Base64(std::span<const uint8_t> bytes);

}  // namespace sterna::server
