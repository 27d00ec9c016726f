// Memory that no file may show: programs that hold keys and secrets of templates keep theirs out of
// core dumps and out of reach of other processes of their user.
#pragma once

namespace farm::io {

/// No core dump of this process or its children, and no other process of its user may read its
/// memory or environment. Once, first thing in main; children by exec are readable again.
void keep_memory_private();

}  // namespace farm::io
