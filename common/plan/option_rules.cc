#include "common/plan/option_rules.h"

#include <algorithm>

namespace farm::plan {
namespace {

using value::Kind;
using value::Value;

/// Unset and empty are the same to components; unknown counts as set.
bool is_set(const Value* v) {
  if (v == nullptr || v->is_null()) return false;
  if (!v->is_known()) return true;
  switch (v->type().kind()) {
    case Kind::String: return !v->as_string().empty();
    case Kind::Bool: return v->as_bool();
    case Kind::Number: return v->as_number().sign() != 0;
    case Kind::List:
    case Kind::Set:
    case Kind::Map:
    case Kind::Tuple: return v->size() > 0;
    case Kind::Object:
    case Kind::Dynamic: return true;
  }
  return true;
}

bool is_plain_text(const Value& v) {
  return v.is_known() && !v.is_null() && v.type().kind() == Kind::String &&
         v.as_string().find("{{") == std::string::npos;
}

std::string quoted_list(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text.append("\"").append(name).append("\"");
  }
  return text;
}

class RuleChecker {
 public:
  RuleChecker(const DecodedBody& decoded, const std::string& block,
              const EnvironmentLookup& environment, Diagnostics& diagnostics)
      : decoded_(decoded), block_(block), environment_(environment), diagnostics_(diagnostics) {}

  void check(const Value& config, const std::vector<Option>& options, const std::string& prefix) {
    for (const Option& option : options) {
      const Value* v = config.get(std::string(option.name));
      check_required(option, options, config, v, prefix);
      if (v == nullptr) continue;
      check_deprecated(option, prefix);
      check_exclusive(option, config, *v, prefix);
      check_enumeration(option, *v, prefix);
      check_nested(option, *v, prefix);
    }
  }

 private:
  SourceRange place(const std::string& name) const {
    const auto found = decoded_.places.find(name);
    return found == decoded_.places.end() ? decoded_.end : found->second;
  }

  void report(Severity severity, std::string summary, std::string detail,
              const SourceRange& where, std::string hint = {}) {
    Diagnostic diagnostic;
    diagnostic.severity = severity;
    diagnostic.summary = std::move(summary);
    diagnostic.detail = std::move(detail);
    diagnostic.hint = std::move(hint);
    if (where.known()) diagnostic.subject = where;
    diagnostic.block = block_;
    diagnostics_.add(std::move(diagnostic));
  }

  bool in_environment(const Option& option) const {
    return std::any_of(option.environment.begin(), option.environment.end(),
                       [&](std::string_view name) {
                         const auto text = environment_(std::string(name));
                         return text && !text->empty();
                       });
  }

  /// winrm_* options are required only of a build that connects by WinRM, ssh_* by SSH, and a
  /// checksum only of one that downloads (others boot an image that is there already).
  static bool applies(const Option& option, const Value& config) {
    const Value* communicator = config.get("communicator");
    std::string chosen = "ssh";
    if (communicator != nullptr && is_plain_text(*communicator)) chosen = communicator->as_string();
    if (option.name.starts_with("winrm_")) return chosen == "winrm";
    if (option.name.starts_with("ssh_")) return chosen == "ssh";
    if (option.name == "iso_checksum") {
      return is_set(config.get("iso_url")) || is_set(config.get("iso_urls"));
    }
    return true;
  }

  void check_required(const Option& option, const std::vector<Option>& options,
                      const Value& config, const Value* v, const std::string& prefix) {
    if (option.required && applies(option, config) && !is_set(v) && !in_environment(option) &&
        (v == nullptr || v->type().kind() == Kind::String)) {
      std::string detail = "The argument \"" + prefix + std::string(option.name) +
                           "\" is required, but no definition was found.";
      if (v != nullptr) {
        detail = "The argument \"" + prefix + std::string(option.name) +
                 "\" is required and must not be empty.";
      }
      std::string hint;
      if (!option.environment.empty()) {
        hint = "It is also read from the environment: " + quoted_list(option.environment) + ".";
      }
      report(Severity::Error, "Missing required argument", std::move(detail),
             place(prefix + std::string(option.name)), std::move(hint));
    }
    // The group is named by each of its members: report it at the first.
    if (option.requires_one_of.empty() || !first_of_group(option, prefix)) return;
    const bool any = std::any_of(
        option.requires_one_of.begin(), option.requires_one_of.end(),
        [&](std::string_view name) { return is_set(config.get(std::string(name))); });
    const bool outside = std::any_of(options.begin(), options.end(), [&](const Option& other) {
      const auto& group = option.requires_one_of;
      return std::find(group.begin(), group.end(), other.name) != group.end() &&
             in_environment(other);
    });
    if (!any && !outside && !in_environment(option)) {
      report(Severity::Error, "Missing required argument",
             "One of " + quoted_list(option.requires_one_of) + " is required.", decoded_.end);
    }
  }

  bool first_of_group(const Option& option, const std::string& prefix) {
    std::string key = prefix;
    std::vector<std::string_view> names = option.requires_one_of;
    std::sort(names.begin(), names.end());
    for (const std::string_view name : names) key.append(name).append(",");
    if (std::find(groups_.begin(), groups_.end(), key) != groups_.end()) return false;
    groups_.push_back(std::move(key));
    return true;
  }

  void check_deprecated(const Option& option, const std::string& prefix) {
    if (!option.deprecated) return;
    report(Severity::Warning, "Deprecated argument",
           "The argument \"" + prefix + std::string(option.name) +
               "\" still works but may go away.",
           place(prefix + std::string(option.name)));
  }

  void check_exclusive(const Option& option, const Value& config, const Value& v,
                       const std::string& prefix) {
    if (!is_set(&v)) return;
    for (const std::string_view other : option.exclusive_with) {
      if (other == option.name || !is_set(config.get(std::string(other)))) continue;
      // Both sides may name each other: the later name reports.
      const std::string pair = std::min<std::string>(std::string(option.name), std::string(other)) +
                               "|" + std::max<std::string>(std::string(option.name),
                                                           std::string(other));
      if (std::find(groups_.begin(), groups_.end(), prefix + pair) != groups_.end()) continue;
      groups_.push_back(prefix + pair);
      report(Severity::Error, "Conflicting arguments",
             "Only one of \"" + std::string(option.name) + "\" and \"" + std::string(other) +
                 "\" may be set.",
             place(prefix + std::string(option.name)));
    }
  }

  void check_enumeration(const Option& option, const Value& v, const std::string& prefix) {
    if (option.enumeration.empty() || !v.is_known()) return;
    std::vector<Value> items;
    if (is_plain_text(v)) items.push_back(v);
    if (v.type().kind() == Kind::List) items = v.elements();
    for (const Value& item : items) {
      if (!is_plain_text(item) || item.as_string().empty()) continue;
      const std::string& text = item.as_string();
      if (std::find(option.enumeration.begin(), option.enumeration.end(), text) !=
          option.enumeration.end()) {
        continue;
      }
      const std::vector<std::string> words(option.enumeration.begin(), option.enumeration.end());
      const std::string near = nearest_name(text, words);
      report(Severity::Error, "Invalid value for argument",
             "\"" + prefix + std::string(option.name) + "\" must be one of " +
                 quoted_list(option.enumeration) + ", not \"" + text + "\".",
             place(prefix + std::string(option.name)),
             near.empty() ? std::string() : "Did you mean \"" + near + "\"?");
    }
  }

  void check_nested(const Option& option, const Value& v, const std::string& prefix) {
    if (option.options.empty() || !v.is_known()) return;
    const std::string inner = prefix + std::string(option.name) + ".";
    if (v.type().kind() == Kind::Object) check(v, option.options, inner);
    if (v.type().kind() == Kind::Tuple || v.type().kind() == Kind::List) {
      for (const Value& item : v.elements()) {
        const std::vector<std::string> before = groups_;
        if (item.is_known() && item.type().kind() == Kind::Object) {
          check(item, option.options, inner);
        }
        groups_ = before;
      }
    }
  }

  const DecodedBody& decoded_;
  const std::string& block_;
  const EnvironmentLookup& environment_;
  Diagnostics& diagnostics_;
  std::vector<std::string> groups_;  // reported already
};

}  // namespace

void check_options(const DecodedBody& decoded, const std::vector<Option>& options,
                   const std::string& block, const EnvironmentLookup& environment,
                   Diagnostics& diagnostics) {
  RuleChecker(decoded, block, environment, diagnostics).check(decoded.config, options, "");
}

}  // namespace farm::plan
