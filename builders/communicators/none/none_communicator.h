// The communicator "none": the machine cannot be entered, so whatever needs to fails with a clear
// error. For the connect step of builders and for the null builder.
#pragma once

#include <memory>

#include "builders/core/communicator.h"

namespace farm::builders {

/// Every operation is InvalidInput.
std::unique_ptr<Communicator> make_none_communicator();

}  // namespace farm::builders
