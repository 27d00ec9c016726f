#include "common/template/json/legacy_variables.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/template/interpolate/quote.h"

namespace farm::json {
namespace {

// Packer's own number; a chain of references longer than this is a loop.
constexpr int kMaxPasses = 100;

constexpr std::string_view kAdvice =
    "Please make sure that the variable you're referencing has been defined; Packer treats all "
    "variables used to interpolate other user variables as required.";

const LegacyVariable* find(const LegacyTemplate& parsed, const std::string& name) {
  const auto found = std::find_if(parsed.variables.begin(), parsed.variables.end(),
                                  [&](const LegacyVariable& v) { return v.name == name; });
  return found == parsed.variables.end() ? nullptr : &*found;
}

/// Whether `text` still calls `user`: its own value was a template.
bool calls_user(std::string_view text) {
  for (size_t open = text.find("{{"); open != std::string_view::npos;
       open = text.find("{{", open + 2)) {
    const size_t close = text.find("}}", open);
    const std::string_view inside = text.substr(open + 2, close - open - 2);
    const size_t call = inside.find("user");
    if (call != std::string_view::npos && call + 4 < inside.size()) {
      const char after = inside[call + 4];
      if (after == ' ' || after == '`' || after == '"') return true;
    }
  }
  return false;
}

class Resolver {
 public:
  Resolver(const LegacyTemplate& parsed, const VariableWorld& world)
      : parsed_(parsed),
        inputs_(world.inputs),
        context_{inputs_, world.random, {}, nullptr, {}, {}, false, false, {}} {
    inputs_.user_variables.clear();
    context_.environment = world.environment;
    if (!context_.environment) {
      context_.environment = [](const std::string&) { return std::nullopt; };
    }
    context_.secret = world.secret;
    context_.unknown_user_is_error = true;
    context_.keep_dot_fields = true;
  }

  void run(std::map<std::string, std::string> open, Diagnostics& diagnostics) {
    std::map<std::string, std::string> waiting_for;  // name -> why it is not resolved yet
    for (int pass = 0; pass < kMaxPasses && !open.empty(); ++pass) {
      waiting_for.clear();
      bool progress = false;
      for (auto entry = open.begin(); entry != open.end();) {
        Result<std::string> rendered = interpolate::render(entry->second, context_);
        if (!rendered && rendered.error().code == ErrorCode::NotFound) {
          waiting_for[entry->first] = rendered.error().message;
          ++entry;
          continue;
        }
        progress = true;
        if (!rendered) {
          report(entry->first, entry->second, rendered.error().message, {}, diagnostics);
          // Known enough for those that refer to it: one error is reported, not a chain.
          inputs_.user_variables[entry->first] = entry->second;
          entry = open.erase(entry);
        } else if (*rendered != entry->second && calls_user(*rendered)) {
          waiting_for[entry->first] = "its value refers to variables again and again";
          entry->second = std::move(*rendered);
          ++entry;
        } else {
          inputs_.user_variables[entry->first] = std::move(*rendered);
          entry = open.erase(entry);
        }
      }
      if (!progress) break;
    }
    for (const auto& [name, text] : open) {
      report(name, text, waiting_for[name], kAdvice, diagnostics);
    }
  }

  std::map<std::string, std::string> take() { return std::move(inputs_.user_variables); }

 private:
  void report(const std::string& name, const std::string& text, const std::string& why,
              std::string_view advice, Diagnostics& diagnostics) {
    const LegacyVariable* declared = find(parsed_, name);
    const bool own_text = declared != nullptr && declared->default_text == text;
    std::string summary =
        fmt::format("Failed to interpolate {}: {}; error: {}", interpolate::quote(name),
                    interpolate::quote(text), why);
    if (!advice.empty()) summary += fmt::format(": {}", advice);
    diagnostics.error(std::move(summary), {},
                      own_text ? std::optional(declared->range) : std::nullopt);
  }

  const LegacyTemplate& parsed_;
  interpolate::Inputs inputs_;
  interpolate::Context context_;
};

}  // namespace

Diagnosed<std::map<std::string, std::string>> resolve_variables(
    const LegacyTemplate& parsed, const std::map<std::string, std::string>& given,
    const VariableWorld& world) {
  Diagnosed<std::map<std::string, std::string>> result;
  std::map<std::string, std::string> open = given;
  for (const LegacyVariable& variable : parsed.variables) {
    if (open.contains(variable.name)) continue;
    if (variable.default_text) {
      open.emplace(variable.name, *variable.default_text);
    } else {
      result.diagnostics.error("required variable not set: " + variable.name, {}, variable.range,
                               fmt::format("pass -var {}=VALUE or a -var-file", variable.name));
    }
  }
  if (result.diagnostics.has_errors()) return result;
  Resolver resolver(parsed, world);
  resolver.run(std::move(open), result.diagnostics);
  result.value = resolver.take();
  return result;
}

}  // namespace farm::json
