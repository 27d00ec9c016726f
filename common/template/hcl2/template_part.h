// TemplatePart: one piece of a template as read, before directives are nested. Trimming and
// heredoc indentation work on this flat list.
#pragma once

#include <string>
#include <vector>

#include "common/template/hcl2/syntax_tree.h"

namespace farm::hcl2 {

struct TemplatePart {
  enum class Kind { Literal, Interpolation, If, Else, EndIf, For, EndFor, End };
  Kind kind = Kind::Literal;
  SourceRange range;
  std::string text;          // Literal, ready to use
  ExpressionPtr expression;  // Interpolation, If (the condition)
  ForParts loop;             // For (names and collection)
};

/// Takes the indentation of a `<<-` heredoc off: the smallest that a line with content has.
void remove_indentation(std::vector<TemplatePart>& parts);
/// Text without the white space (line ends too) at one end.
std::string trim_left(const std::string& text);
std::string trim_right(const std::string& text);

}  // namespace farm::hcl2
