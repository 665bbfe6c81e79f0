// SPDX-License-Identifier: Apache-2.0
//
// Early return on a bad Status or Result.
#pragma once

#include "sterna/status.h"

#define STERNA_CONCAT_INNER(a, b) a##b
#define STERNA_CONCAT(a, b) STERNA_CONCAT_INNER(a, b)

// STERNA_RETURN_IF_ERROR(Check(x));
#define STERNA_RETURN_IF_ERROR(expr)                                                           \
  do {                                                                                         \
    if (::sterna::Status sterna_status_ = (expr); !sterna_status_.ok()) return sterna_status_; \
  } while (0)

// STERNA_ASSIGN_OR_RETURN(auto file, GgufFile::Open(path));
#define STERNA_ASSIGN_OR_RETURN(lhs, expr) \
  STERNA_ASSIGN_OR_RETURN_IMPL(STERNA_CONCAT(sterna_result_, __LINE__), lhs, expr)
#define STERNA_ASSIGN_OR_RETURN_IMPL(tmp, lhs, expr) \
  auto tmp = (expr);                                 \
  if (!tmp.ok()) return tmp.status();                \
  lhs = std::move(*tmp)
