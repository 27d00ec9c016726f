// VariableFile: a JSON file of variable values (`.pkrvars.json`). Its strings are no templates. Such
// files are large: a value is made out of the parsed file, which is let go as it is read.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/template/hcl2/body.h"
#include "common/template/json/document.h"

namespace farm::json {

/// `"name": value`
struct FileValue {
  std::string name;
  SourceRange range;
  SourceRange name_range;
  SourceRange value_range;
  Node node;
};

/// What the file sets, in its order; a name that comes twice and a text that is no object are
/// reported. Empty result: it is no JSON.
std::optional<std::vector<FileValue>> read_variable_file(const std::string& text,
                                                         const std::string& file,
                                                         Diagnostics& diagnostics);
/// The value, once: its node is used up.
value::Value take_value(FileValue& from, Diagnostics& diagnostics);

/// The value of an expression of HCL JSON where only a literal may stand, such as a description: its
/// strings are no templates. Empty for native syntax.
std::optional<value::Value> literal_value(const hcl2::Expression& expression,
                                          Diagnostics& diagnostics);
/// Every template in an expression of HCL JSON: its text and where that begins.
void each_template(const hcl2::Expression& expression,
                   const std::function<void(const std::string&, SourcePosition)>& visit);

}  // namespace farm::json
