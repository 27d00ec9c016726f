// Old spellings in legacy templates: rewritten while a template is read (with a warning each, so
// that templates from before 2020 work), or for good by `farmctl fix`.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/template/json/document.h"
#include "common/template/json/fix_rules.h"

namespace farm::json {

enum class FixScope {
  Reading,     // only what today's components refuse
  Everything,  // all that `packer fix` changes
};

/// Changes the template in `document` in place and tells what it changed. A document that is no
/// object is left alone.
std::vector<Fix> apply_fixers(Document& document, FixScope scope);

/// One warning per change that names the new spelling and `farmctl fix FILE`.
void warn_of_fixes(const Document& document, const std::vector<Fix>& fixes,
                   Diagnostics& diagnostics);

/// The whole of `farmctl fix`: the fixed template as JSON with two-space indent and sorted keys.
/// InvalidInput when `text` is no JSON.
Result<std::string> fix_document(const std::string& text, const std::string& file);

}  // namespace farm::json
