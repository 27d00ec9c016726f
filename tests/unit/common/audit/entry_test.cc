// The chain of audit entries: what is written verifies, and every way of tampering is found.
#include "common/audit/entry.h"

#include <gtest/gtest.h>

#include "coordinator/access/audit_log.h"

namespace farm::audit {
namespace {

std::vector<Entry> chain(size_t length) {
  coordinator::AuditLog log = *coordinator::AuditLog::resume("");
  std::vector<Entry> entries;
  for (size_t i = 0; i < length; ++i) {
    Entry entry;
    entry.time = WallTime{static_cast<int64_t>(i) * 1000};
    entry.actor = "ana";
    entry.role = "operator";
    entry.action = "cancel";
    entry.subject = "build-" + std::to_string(i);
    entry.outcome = "done";
    entries.push_back(*decode(log.append(entry).at(0).value));
  }
  return entries;
}

std::string verdict(const std::vector<Entry>& entries) {
  Verifier verifier;
  for (const Entry& entry : entries) {
    if (const Result<void> fed = verifier.feed(entry); !fed) return fed.error().message;
  }
  return "verified " + std::to_string(verifier.entries());
}

TEST(AuditChain, WhatWasWrittenVerifies) {
  EXPECT_EQ(verdict({}), "verified 0");
  EXPECT_EQ(verdict(chain(5)), "verified 5");
}

TEST(AuditChain, TamperingIsFound) {
  struct Case {
    const char* name;
    void (*tamper)(std::vector<Entry>&);
    const char* verdict;
  };
  const Case cases[] = {
      {"changed field", [](auto& e) { e[2].subject = "other"; }, "audit entry 3 was changed"},
      {"changed time", [](auto& e) { e[0].time.nanos += 1; }, "audit entry 1 was changed"},
      {"moved text between fields",
       [](auto& e) {
         e[1].actor = "anao";
         e[1].role = "perator";
       },
       "audit entry 2 was changed"},
      {"rewritten digest",
       [](auto& e) {
         e[2].outcome = "denied";
         e[2].digest = digest_of(e[2]);
       },
       "audit entry 4 does not follow entry 3"},
      {"entry removed", [](auto& e) { e.erase(e.begin() + 1); },
       "audit entry 2 is missing (found 3)"},
      {"removed and renumbered",
       [](auto& e) {
         e.erase(e.begin() + 1);
         for (size_t i = 1; i < e.size(); ++i) --e[i].sequence;
       },
       "audit entry 2 does not follow entry 1"},
      {"swapped", [](auto& e) { std::swap(e[1], e[2]); }, "audit entry 2 is missing (found 3)"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::vector<Entry> entries = chain(5);
    c.tamper(entries);
    EXPECT_EQ(verdict(entries), c.verdict);
  }
}

TEST(AuditChain, GoesOnAfterARestart) {
  coordinator::AuditLog first = *coordinator::AuditLog::resume("");
  const auto one = first.append({});
  coordinator::AuditLog second = *coordinator::AuditLog::resume(one.at(1).value);
  const auto two = second.append({});
  EXPECT_EQ(verdict({*decode(one.at(0).value), *decode(two.at(0).value)}), "verified 2");
  EXPECT_EQ(second.entries(), 2U);
  EXPECT_LT(one.at(0).key, two.at(0).key);
  EXPECT_EQ(coordinator::AuditLog::resume("{").error().code, ErrorCode::Corrupt);
}

TEST(AuditChain, TextThatIsNotUtf8DoesNotBreakIt) {
  coordinator::AuditLog log = *coordinator::AuditLog::resume("");
  Entry entry;
  entry.subject = "\xff\xfe";
  EXPECT_EQ(verdict({*decode(log.append(entry).at(0).value)}), "verified 1");
}

TEST(AuditEntry, SurvivesItsText) {
  Entry entry;
  entry.sequence = 7;
  entry.time = WallTime{1234567890123456789};
  entry.actor = "a\"b\n";
  entry.detail = "caf\u00e9";
  entry.digest = digest_of(entry);
  const Entry read = *decode(encode(entry));
  EXPECT_EQ(digest_of(read), entry.digest);
  EXPECT_EQ(read.time.nanos, entry.time.nanos);
}

}  // namespace
}  // namespace farm::audit
