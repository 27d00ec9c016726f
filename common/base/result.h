// Result<T>: a value or an Error. Expected failures are values here, never exceptions; TRY passes
// them up. Members are named like std::expected so that moving to it is a rename.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace farm {

enum class ErrorCode {
  InvalidInput,
  NotFound,
  Conflict,
  Unavailable,
  Timeout,
  Cancelled,
  Denied,
  Corrupt,
  Internal,
};

/// The code's name as users and logs see it, e.g. "not_found".
const char* error_code_name(ErrorCode code);
/// Inverse of error_code_name; empty when `name` is none.
std::optional<ErrorCode> error_code_from_name(const std::string& name);

/// What went wrong. Callers branch on `code`, never on `message`; `retryable` is set where the
/// error is born and says that the same call may succeed later without anybody changing anything.
struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;
  bool retryable = false;

  /// Prefixes the message with what the caller was doing: "upload chunk 7: connection reset".
  Error within(std::string_view doing) && {
    message.insert(0, ": ").insert(0, doing);
    return std::move(*this);
  }
  Error within(std::string_view doing) const& { return Error(*this).within(doing); }
};

inline Error invalid_input(std::string message) {
  return {ErrorCode::InvalidInput, std::move(message), false};
}
inline Error not_found(std::string message) {
  return {ErrorCode::NotFound, std::move(message), false};
}
inline Error conflict(std::string message) {
  return {ErrorCode::Conflict, std::move(message), false};
}
inline Error unavailable(std::string message) {
  return {ErrorCode::Unavailable, std::move(message), true};
}
inline Error timed_out(std::string message) {
  return {ErrorCode::Timeout, std::move(message), true};
}
inline Error cancelled(std::string message) {
  return {ErrorCode::Cancelled, std::move(message), false};
}
inline Error denied(std::string message) { return {ErrorCode::Denied, std::move(message), false}; }
inline Error corrupt(std::string message) {
  return {ErrorCode::Corrupt, std::move(message), false};
}
inline Error internal(std::string message) {
  return {ErrorCode::Internal, std::move(message), false};
}

/// Error from errno of a failed system call: `what` names the call and its object.
Error system_error(std::string_view what, int errno_value);

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT
  template <class U>
    requires(std::is_convertible_v<U, T> && !std::is_same_v<std::remove_cvref_t<U>, T> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error> &&
             !std::is_same_v<std::remove_cvref_t<U>, Result>)
  Result(U&& value)  // NOLINT
      : state_(std::in_place_index<0>, std::forward<U>(value)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T value_or(T other) const& { return has_value() ? value() : std::move(other); }
  Error& error() & { return std::get<1>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT
  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  void value() const {}
  Error& error() & { return *error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace farm

// Evaluates `expr` (a Result); returns its error from the enclosing function, otherwise yields the
// value. One TRY per statement; never nested, never inside an argument list.
#define TRY(expr)                                                     \
  __extension__({                                                     \
    auto try_result_ = (expr);                                        \
    if (!try_result_.has_value()) return std::move(try_result_).error(); \
    std::move(try_result_).value();                                   \
  })

// Stops the process when a broken invariant of our own code is found; never for anything that a
// user, peer, file or clock can cause.
#define FARM_CHECK(condition)                                            \
  do {                                                                   \
    if (!(condition)) ::farm::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)

namespace farm {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}  // namespace farm
