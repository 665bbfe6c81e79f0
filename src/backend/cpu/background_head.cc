// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/background_head.h"

#include <string>
#include <system_error>

#include "base/status_macros.h"

namespace sterna::backend {

BackgroundHead::~BackgroundHead() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

Status BackgroundHead::Start(const HeadPlanesMaker& maker) {
  STERNA_ASSIGN_OR_RETURN(row_, AlignedBuffer::Create(maker.planes().padded_columns() * sizeof(float)));
  try {
    thread_ = std::thread([this, maker] {
      for (size_t piece = 0; piece < maker.pieces(); ++piece) {
        if (stop_.load(std::memory_order_relaxed)) return;
        maker.MakePiece(piece, row_.as<float>().data());
      }
      ready_.store(true, std::memory_order_release);
    });
  } catch (const std::system_error& error) {
    return Status::ResourceExhausted(std::string("the system gives no thread for the head's planes: ") + error.what());
  }
  return {};
}

}  // namespace sterna::backend
