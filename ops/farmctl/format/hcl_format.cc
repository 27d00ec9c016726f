#include "ops/farmctl/format/hcl_format.h"

#include "common/template/hcl2/format.h"

namespace farm::farmctl {

std::string format_hcl(const std::string& text) { return hcl2::format_source(text); }

}  // namespace farm::farmctl
