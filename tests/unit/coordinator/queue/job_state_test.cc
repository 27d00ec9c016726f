#include "coordinator/queue/job_state.h"

#include <gtest/gtest.h>
#include <set>
#include <string>
#include <utility>

namespace farm::coordinator {
namespace {

using enum JobState;

// The whole table, written out a second time on purpose: a slip in either shows.
const std::set<std::pair<JobState, JobState>> kAllowed = {
    {Blocked, Ready},        {Blocked, Failed},      {Blocked, Cancelled},  {Blocked, TimedOut},
    {Ready, Offered},        {Ready, Cancelled},     {Ready, TimedOut},     {Ready, Failed},
    {Offered, Preparing},    {Offered, Running},     {Offered, Uploading},  {Offered, Committed},
    {Offered, Suspect},      {Offered, RetryWait},   {Offered, Failed},     {Offered, Cancelling},
    {Preparing, Running},    {Preparing, Uploading}, {Preparing, Committed},
    {Preparing, Suspect},    {Preparing, RetryWait}, {Preparing, Failed},
    {Preparing, Cancelling}, {Running, Uploading},   {Running, Committed},  {Running, Suspect},
    {Running, RetryWait},    {Running, Failed},      {Running, Cancelling},
    {Uploading, Committed},  {Uploading, Suspect},   {Uploading, RetryWait},
    {Uploading, Failed},     {Uploading, Cancelling}, {Committed, Succeeded},
    {Suspect, Offered},      {Suspect, Preparing},   {Suspect, Running},    {Suspect, Uploading},
    {Suspect, Committed},    {Suspect, RetryWait},   {Suspect, Failed},     {Suspect, Cancelling},
    {RetryWait, Ready},      {RetryWait, Cancelled}, {RetryWait, TimedOut},
    {Cancelling, Cancelled}, {Cancelling, TimedOut}};

TEST(JobState, AllowsTheTransitionsOfTheTableAndNoOther) {
  for (const JobState from : all_job_states()) {
    for (const JobState to : all_job_states()) {
      SCOPED_TRACE(std::string(job_state_name(from)) + " -> " + job_state_name(to));
      EXPECT_EQ(transition_allowed(from, to), kAllowed.count({from, to}) == 1);
    }
  }
}

TEST(JobState, TerminalStatesLeadNowhere) {
  for (const JobState state : all_job_states()) {
    const bool terminal =
        state == Succeeded || state == Failed || state == TimedOut || state == Cancelled;
    EXPECT_EQ(is_terminal(state), terminal) << job_state_name(state);
  }
}

TEST(JobState, NumbersOutsideTheEnumAreNoState) {
  EXPECT_EQ(job_state_from_number(0), std::nullopt);
  EXPECT_EQ(job_state_from_number(15), std::nullopt);
  EXPECT_EQ(job_state_from_number(1), Blocked);
  EXPECT_EQ(job_state_from_number(14), Cancelled);
}

}  // namespace
}  // namespace farm::coordinator
