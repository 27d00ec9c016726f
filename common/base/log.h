// Structured log of our own programs (never build output): one event per line on stderr, logfmt or
// JSON. A fixed sentence, data in fields. Never secrets or template bodies.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace farm::log {

enum class Level { Debug, Info, Warn, Error, Off };
enum class Format { Logfmt, Json };

struct Field {
  std::string_view key;
  std::string value;
  Field(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, int64_t v) : key(k), value(std::to_string(v)) {}
  Field(std::string_view k, uint64_t v) : key(k), value(std::to_string(v)) {}
  Field(std::string_view k, int v) : key(k), value(std::to_string(v)) {}
};

/// Process-wide; called by main before threads start. Default: Info, Logfmt, stderr.
void configure(Level level, Format format);
/// Appends to the file instead of stderr; false when it cannot be opened.
bool to_file(const std::string& path);
bool enabled(Level level);
/// Thread-safe: one write(2) per event.
void write(Level level, std::string_view event, std::initializer_list<Field> fields);

inline void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
  if (enabled(Level::Debug)) write(Level::Debug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<Field> fields = {}) {
  if (enabled(Level::Info)) write(Level::Info, event, fields);
}
inline void warn(std::string_view event, std::initializer_list<Field> fields = {}) {
  if (enabled(Level::Warn)) write(Level::Warn, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
  if (enabled(Level::Error)) write(Level::Error, event, fields);
}

}  // namespace farm::log
