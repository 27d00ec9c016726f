// How the planner ends when it has no reply: exit statuses, understood by planner_pool.
#pragma once

namespace farm::coordinator {

inline constexpr int kPlannerOutOfMemory = 40;
inline constexpr int kPlannerBadInput = 41;
inline constexpr int kPlannerNoSandbox = 42;
inline constexpr int kPlannerFailed = 43;

}  // namespace farm::coordinator
