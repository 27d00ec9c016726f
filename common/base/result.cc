#include "common/base/result.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace farm {
namespace {

constexpr std::array<const char*, 9> kCodeNames = {
    "invalid_input", "not_found", "conflict", "unavailable", "timeout",
    "cancelled",     "denied",    "corrupt",  "internal"};

ErrorCode code_of_errno(int errno_value) {
  switch (errno_value) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::NotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::Denied;
    case EEXIST:
      return ErrorCode::Conflict;
    case ETIMEDOUT:
      return ErrorCode::Timeout;
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EPIPE:
    case EAGAIN:
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
      return ErrorCode::Unavailable;
    case EINVAL:
    case ENAMETOOLONG:
    case EISDIR:
      return ErrorCode::InvalidInput;
    default:
      return ErrorCode::Internal;
  }
}

}  // namespace

const char* error_code_name(ErrorCode code) { return kCodeNames.at(static_cast<size_t>(code)); }

std::optional<ErrorCode> error_code_from_name(const std::string& name) {
  for (size_t i = 0; i < kCodeNames.size(); ++i) {
    if (name == kCodeNames.at(i)) return static_cast<ErrorCode>(i);
  }
  return std::nullopt;
}

Error system_error(std::string_view what, int errno_value) {
  const ErrorCode code = code_of_errno(errno_value);
  std::string message(what);
  message += ": ";
  message += std::generic_category().message(errno_value);
  const bool retryable = code == ErrorCode::Unavailable || code == ErrorCode::Timeout;
  return {code, std::move(message), retryable};
}

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "farm: internal check failed: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace farm
