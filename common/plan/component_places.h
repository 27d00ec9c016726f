// ComponentPlaces: where the options of each planned component stand in the user's files, for
// findings that come after decoding: the component's own checks.
#pragma once

#include <map>
#include <string>

#include "common/base/diagnostic.h"
#include "common/plan/body_decode.h"

namespace farm::plan {

class ComponentPlaces {
 public:
  struct Entry {
    OptionPlaces options;
    bool refused = false;  // its options are wrong already: its own check would say the same
  };

  /// Of the component declared at `declared`; a second one there (another source) adds up.
  void add(const SourceRange& declared, const OptionPlaces& options, bool refused) {
    Entry& entry = entries_[key(declared)];
    entry.options.insert(options.begin(), options.end());
    entry.refused = entry.refused || refused;
  }
  const Entry* find(const SourceRange& declared) const {
    const auto found = entries_.find(key(declared));
    return found == entries_.end() ? nullptr : &found->second;
  }
  void clear() { entries_.clear(); }

 private:
  static std::string key(const SourceRange& range) {
    return range.file + ":" + std::to_string(range.start.byte) + ":" +
           std::to_string(range.start.line);
  }
  std::map<std::string, Entry> entries_;
};

}  // namespace farm::plan
