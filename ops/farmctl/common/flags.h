// Flags as the verbs taken from Packer read them (Go's rules): -flag, --flag, -flag=v, -flag v;
// booleans take a value only with '='; flags stand before the path, parsing stops at the first
// word that is none. A table of its own: a general library cost more start-up time than a run.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace farm::farmctl {

enum class FlagKind {
  Switch,   // bool, false when absent
  Setting,  // bool, true when absent
  Text,
  Number,   // integer
  List,     // repeatable
};

struct Flag {
  std::string_view name;
  FlagKind kind = FlagKind::Text;
  std::string_view help;
};

class ParsedFlags {
 public:
  bool has(std::string_view name) const { return values_.contains(std::string(name)); }
  /// Switch: false when absent. Setting: use setting().
  bool on(std::string_view name) const;
  /// Like on(), but true when absent.
  bool setting(std::string_view name) const;
  /// Last value given; empty when absent.
  std::string text(std::string_view name) const;
  /// 0 when absent.
  int64_t number(std::string_view name) const;
  /// Every value given, in order.
  std::vector<std::string> list(std::string_view name) const;
  /// list() with each value split at commas, empty ones left out.
  std::vector<std::string> comma_list(std::string_view name) const;
  const std::vector<std::string>& arguments() const { return arguments_; }

 private:
  friend Result<ParsedFlags> parse_flags(const std::vector<Flag>&, const std::vector<std::string>&);
  std::map<std::string, std::vector<std::string>> values_;
  std::vector<std::string> arguments_;
};

/// InvalidInput: an unknown flag (with did-you-mean), a missing or malformed value.
/// -h and --help are parsed as the switch "help" when the table does not have them.
Result<ParsedFlags> parse_flags(const std::vector<Flag>& table,
                                const std::vector<std::string>& arguments);

/// The flags that every verb with a template takes.
const std::vector<Flag>& template_flags();
/// `own` followed by template_flags().
std::vector<Flag> with_template_flags(std::vector<Flag> own);

/// "Usage: farmctl VERB [options] ARGUMENTS" and a line per flag.
std::string usage(std::string_view verb, std::string_view arguments, std::string_view purpose,
                  const std::vector<Flag>& table);

}  // namespace farm::farmctl
