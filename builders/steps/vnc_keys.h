// VncKeyDriver: boot command events as X11 key symbols over an RFB connection.
#pragma once

#include <cstdint>

#include "builders/steps/key_driver.h"

namespace farm::builders::steps {

/// Where key symbols go: RfbClient, or a recorder in tests.
class KeySymbolSink {
 public:
  virtual ~KeySymbolSink() = default;
  virtual Result<void> key(uint32_t symbol, bool down) = 0;
};

class VncKeyDriver final : public KeyDriver {
 public:
  /// Pauses `interval` after every key event.
  VncKeyDriver(KeySymbolSink& sink, Duration interval) : sink_(sink), interval_(interval) {}
  Result<void> send(const BootEvent& event, const CancelToken& cancel) override;
  Result<void> flush(const CancelToken&) override { return {}; }

 private:
  Result<void> key(uint32_t symbol, bool down, const CancelToken& cancel);
  KeySymbolSink& sink_;
  Duration interval_;
};

uint32_t key_symbol(SpecialKey key);
uint32_t key_symbol(char32_t character);

}  // namespace farm::builders::steps
