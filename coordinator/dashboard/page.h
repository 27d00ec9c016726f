// The dashboard: one page without anything from elsewhere, part of the program.
#pragma once

namespace farm::coordinator {

extern const char* const kDashboardPage;

}  // namespace farm::coordinator
