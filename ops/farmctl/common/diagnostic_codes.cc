#include "ops/farmctl/common/diagnostic_codes.h"

namespace farm::farmctl {

const std::vector<DiagnosticCode>& diagnostic_codes() {
  static const std::vector<DiagnosticCode> codes = {
      {"F0101", "Could not find any config file",
       "The path names no template. Give a .pkr.hcl, .pkr.json or legacy .json file, or a "
       "directory that holds .pkr.hcl or .pkr.json files."},
      {"F0102", "Unsupported Packer Core version",
       "packer { required_version } rules out the version whose behaviour farm follows."},
      {"F0103", "Invalid plugin requirement",
       "An entry of required_plugins must be { source = \"HOST/ORG/NAME\", version = \"...\" }."},
      {"F0104", "Failed to read file", "A file that the template needs could not be read."},
      {"F0110", "Unset variable",
       "A variable without default got no value. Values come from PKR_VAR_name, *.auto.pkrvars.hcl, "
       "-var-file and -var, later ones win."},
      {"F0111", "Undefined variable", "A variable file sets a name that no variable block declares."},
      {"F0112", "Undefined -var variable", "-var sets a name that no variable block declares."},
      {"F0113", "Invalid value for", "A value does not fit the variable's type or validation."},
      {"F0114", "Invalid default value for variable", "The default does not fit the type."},
      {"F0115", "Duplicate variable", "Two variable blocks have the same name."},
      {"F0120", "Duplicate local definition", "Two locals have the same name."},
      {"F0121", "Dependency cycle", "Locals or data sources depend on each other in a ring."},
      {"F0130", "Unknown source type", "No builder of this name exists."},
      {"F0131", "Unknown provisioner type", "No provisioner of this name exists."},
      {"F0132", "Unknown post-processor type", "No post-processor of this name exists."},
      {"F0133", "Unknown data source type", "No data source of this name exists."},
      {"F0134", "Unknown source", "A build refers to a source that no source block declares."},
      {"F0135", "Missing plugins", "A component is known but this farm cannot run it."},
      {"F0136", "Component cannot run here yet",
       "The component's options are checked, but building with it will be refused."},
      {"F0140", "Missing build block", "A template needs a build block to build anything."},
      {"F0141", "missing source reference", "A build block must name at least one source."},
      {"F0142", "Invalid source reference", "Write source.TYPE.NAME or TYPE.NAME."},
      {"F0143", "Duplicate source block", "Two source blocks have the same type and name."},
      {"F0201", "Unsupported block type", "A block of this type is not expected there."},
      {"F0203", "Unsupported argument",
       "The block has no argument of this name. `farmctl explain NAME` lists the options of a "
       "component."},
      {"F0204", "Missing required argument", "An argument that must be set is not."},
      {"F0205", "Incorrect attribute value type", "The value cannot be converted to the type."},
      {"F0206", "Invalid value for argument", "Only the listed values are allowed."},
      {"F0207", "Conflicting arguments", "Arguments that exclude each other are both set."},
      {"F0208", "Deprecated argument", "The argument still works but may go away."},
      {"F0210", "Unsupported attribute", "The object has no attribute of this name."},
      {"F0211", "Unknown variable", "No variable of this name is known there."},
      {"F0212", "Call to unknown function", "No function of this name exists."},
      {"F0213", "Error in function call", "The function refused its arguments."},
      {"F0301", "unknown configuration key", "A JSON template sets an option that does not exist."},
      {"F0302", "Deprecated configuration key",
       "The option has a new spelling; `farmctl fix` rewrites the file."},
  };
  return codes;
}

std::string code_of(const Diagnostic& diagnostic) {
  if (!diagnostic.code.empty()) return diagnostic.code;
  // "Invalid value for argument" also begins with "Invalid value for": the longest one counts.
  const DiagnosticCode* best = nullptr;
  for (const DiagnosticCode& code : diagnostic_codes()) {
    if (!diagnostic.summary.starts_with(code.summary)) continue;
    if (best == nullptr || code.summary.size() > best->summary.size()) best = &code;
  }
  return best == nullptr ? std::string() : std::string(best->code);
}

}  // namespace farm::farmctl
