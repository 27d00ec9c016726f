// Decoding an HCL2 component body by the component's option table: names, types, blocks. What is
// required or excludes each other is checked afterwards (option_rules.h).
#pragma once

#include <map>
#include <vector>

#include "common/plan/schema.h"
#include "common/template/hcl2/body.h"

namespace farm::plan {

/// Where each option that was set stands; nested ones as "disks.size".
using OptionPlaces = std::map<std::string, SourceRange>;

struct DecodedBody {
  value::Value config;  // object: options that are set; nulls are left out
  OptionPlaces places;
  SourceRange end;  // where a missing option is reported
};

/// The type that values of an option are converted to; dynamic for maps of anything.
value::Type option_value_type(OptionType type);

/// Reports unknown arguments and blocks, and values of a wrong type, each with its place.
/// `references` (may be null) receives every reference in the body.
DecodedBody decode_body(const hcl2::Body& body, const std::vector<Option>& options,
                        const hcl2::EvalContext& context, std::vector<hcl2::Traversal>* references,
                        Diagnostics& diagnostics);

/// Every reference in the body, nothing evaluated or reported.
void collect_references(const hcl2::Body& body, const std::vector<Option>& options,
                        std::vector<hcl2::Traversal>& into);

}  // namespace farm::plan
