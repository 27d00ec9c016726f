// Go's print, println and printf for Cells.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/template/interpolate/cell.h"

namespace farm::interpolate {

/// Operands with a space between two when neither is a string.
std::string sprint(std::span<const Cell> operands);
/// Operands with a space between all and a newline.
std::string sprintln(std::span<const Cell> operands);
/// Go's verbs %v %T %t %d %b %o %O %x %X %c %q %U %e %f %g %s with flags, width, precision, `*`
/// and `%[n]`. What does not fit is printed as Go prints it: "%!d(string=x)", "%!d(MISSING)".
std::string sprintf(std::string_view format, std::span<const Cell> operands);

}  // namespace farm::interpolate
