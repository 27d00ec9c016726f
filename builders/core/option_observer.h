// OptionObserver: hears of every option that has a value when a component reads it. The option
// coverage report of the tests (tests/support/option_coverage) is made of that; no program sets one.
#pragma once

#include <string>

#include "common/value/value.h"

namespace farm::builders {

class OptionObserver {
 public:
  virtual ~OptionObserver() = default;
  /// `file`: the source file of the reader; `config`: what the option is in, whole or a block of
  /// it; `option`: its value there.
  virtual void on_read(const char* file, const value::Value& config, const std::string& name,
                       const value::Value& option) = 0;
};

/// nullptr: nobody. Not thread-safe: for the start of a test program.
void observe_options(OptionObserver* observer);

}  // namespace farm::builders
