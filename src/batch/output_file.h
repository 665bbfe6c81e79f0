// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sterna/status.h"

namespace sterna::batch {

// Writes all of `text` to an open descriptor. Unavailable with `path` and the system's reason (disk full).
Status WriteAll(int descriptor, const std::string& path, std::string_view text);

inline constexpr char kPartSuffix[] = ".part";

// Replaces `path` as a whole: through "PATH.part" on the disk and a rename, so that nobody ever sees a half file. A
// failure leaves what was there. Unavailable names the path and the reason.
Status ReplaceFile(const std::string& path, std::string_view text);

}  // namespace sterna::batch
