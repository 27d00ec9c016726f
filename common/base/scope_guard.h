// ScopeGuard: runs a function when the scope ends, unless dismissed.
#pragma once

#include <utility>

namespace farm {

template <class F>
class [[nodiscard]] ScopeGuard {
 public:
  explicit ScopeGuard(F function) : function_(std::move(function)) {}
  ScopeGuard(const ScopeGuard&) = delete;
  ScopeGuard& operator=(const ScopeGuard&) = delete;
  ~ScopeGuard() {
    if (armed_) function_();
  }
  void dismiss() { armed_ = false; }

 private:
  F function_;
  bool armed_ = true;
};

}  // namespace farm
