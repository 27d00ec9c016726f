// Literals: reading attributes that the core itself understands (name, description, version...):
// evaluated, converted, reported with their place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/template/hcl2/body.h"

namespace farm::templates {

/// The attribute as a value of `type`; empty after a report, or when it is null or unknown.
std::optional<value::Value> evaluate_as(const hcl2::Attribute& attribute, const value::Type& type,
                                        const hcl2::EvalContext& context,
                                        Diagnostics& diagnostics);
std::optional<std::string> evaluate_string(const hcl2::Attribute& attribute,
                                           const hcl2::EvalContext& context,
                                           Diagnostics& diagnostics);
/// The same where only a literal may stand: in HCL JSON the string is no template.
std::optional<std::string> evaluate_literal(const hcl2::Attribute& attribute,
                                            const hcl2::EvalContext& context,
                                            Diagnostics& diagnostics);
std::optional<bool> evaluate_bool(const hcl2::Attribute& attribute,
                                  const hcl2::EvalContext& context, Diagnostics& diagnostics);

/// Letters or underscore first, then also digits and dashes; ASCII and any UTF-8 letter bytes.
bool is_identifier(const std::string& name);
/// What a name may be made of, for the detail of a report.
inline constexpr const char* kIdentifierRule =
    "A name must start with a letter or underscore and may contain only letters, digits, "
    "underscores, and dashes.";

/// A did-you-mean hint, or "".
std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace farm::templates
