// The words and rules for bodies that do not fit their schema, shared by all kinds of bodies.
#pragma once

#include <string>
#include <vector>

#include "common/template/hcl2/body.h"

namespace farm::hcl2 {

/// Attribute names of `schema`, for did-you-mean.
std::vector<std::string> attribute_names(const BodySchema& schema);
/// Block types of `schema`.
std::vector<std::string> block_types(const BodySchema& schema);
const BlockSchema* find_block(const BodySchema& schema, const std::string& type);
const AttributeSchema* find_attribute(const BodySchema& schema, const std::string& name);
/// `Did you mean "x"?`, empty when nothing is near.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates);

Diagnostic unsupported_argument(const Attribute& attribute, const BodySchema& schema);
Diagnostic unsupported_block(const std::string& type, const SourceRange& type_range,
                             const BodySchema& schema);
Diagnostic missing_argument(const std::string& name, const SourceRange& range);
/// Reports missing or extra labels of `block`; false when there were any.
bool labels_fit(const BlockSchema& schema, const Block& block, Diagnostics& diagnostics);

}  // namespace farm::hcl2
