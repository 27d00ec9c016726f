#include "common/template/source/version_constraint.h"

#include <gtest/gtest.h>

namespace farm::templates {
namespace {

TEST(VersionConstraints, AllowAndRefuse) {
  struct Case {
    const char* constraint;
    const char* version;
    bool allowed;
  };
  for (const Case& c : {Case{">= 1.8, < 2", "1.16.0", true},
                        Case{">=1.8.0", "1.7.9", false},
                        Case{"~> 1", "1.16.0", true},
                        Case{"~> 1.2", "1.16.0", true},
                        Case{"~> 1.2", "2.0.0", false},
                        Case{"~> 1.2.3", "1.2.9", true},
                        Case{"~> 1.2.3", "1.3.0", false},
                        Case{"v1.16.0", "1.16.0", true},
                        Case{"!= 1.16.0", "1.16.0", false},
                        Case{"= 1.16", "1.16.0-dev", true}}) {
    const Result<VersionConstraints> constraints = VersionConstraints::parse(c.constraint);
    ASSERT_TRUE(constraints.has_value()) << c.constraint;
    const Result<Version> version = Version::parse(c.version);
    ASSERT_TRUE(version.has_value()) << c.version;
    EXPECT_EQ(constraints->allows(*version), c.allowed) << c.constraint << " on " << c.version;
  }
}

TEST(VersionConstraints, RefuseWhatIsMalformed) {
  for (const char* text : {"", ">=", "abc", "=> 1", "1.2.3.4", "1..2", ">= 1,", "1.x"}) {
    EXPECT_FALSE(VersionConstraints::parse(text).has_value()) << text;
  }
  EXPECT_TRUE(VersionConstraints::parse(">= 1.0.0-beta")->names_prerelease());
}

}  // namespace
}  // namespace farm::templates
