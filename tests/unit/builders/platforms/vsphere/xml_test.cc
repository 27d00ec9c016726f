#include "builders/steps/vsphere/xml.h"

#include <gtest/gtest.h>

#include "builders/steps/vsphere/datastore_files.h"
#include "builders/steps/vsphere/session.h"

namespace farm::builders::vsphere {
namespace {

TEST(XmlWriter, EscapesAndNests) {
  XmlWriter out;
  out.element("spec", "Kind", [&] {
    out.text("name", "a<b>&\"c\"");
    out.text_if("left", "");
    out.reference("host", {"HostSystem", "host-1"});
    out.flag("on", true);
    out.number("count", -3);
    out.typed_text("value", "xsd:string", "x");
  });
  EXPECT_EQ(out.str(),
            "<spec xsi:type=\"Kind\"><name>a&lt;b&gt;&amp;&quot;c&quot;</name>"
            "<host type=\"HostSystem\">host-1</host><on>true</on><count>-3</count>"
            "<value xsi:type=\"xsd:string\">x</value></spec>");
}

TEST(XmlNode, ReadsAnswers) {
  const Result<XmlNode> root = XmlNode::parse(
      "<s:a xmlns:s='x' xmlns:xsi='y'><b type='Task'>task-1</b><c xsi:type='vim:Kind'><d>7</d></c>"
      "<c/></s:a>");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->name(), "a");
  EXPECT_EQ(root->child("b").reference(), (Reference{"Task", "task-1"}));
  EXPECT_EQ(root->child("c").type(), "Kind");
  EXPECT_EQ(root->number("c.d"), 7);
  EXPECT_EQ(root->children("c").size(), 2U);
  EXPECT_FALSE(root->at("c.none.more"));
  EXPECT_EQ(root->text("c.none"), "");
  EXPECT_FALSE(XmlNode::parse("<a><b></a>"));
}

TEST(FaultError, SaysWhatAndWhy) {
  const Result<XmlNode> detail =
      XmlNode::parse("<f><name>vm1</name><existingState>poweredOn</existingState></f>");
  ASSERT_TRUE(detail);
  const Error error = fault_error("DuplicateName", *detail, "The name exists.");
  EXPECT_EQ(error.code, ErrorCode::Conflict);
  EXPECT_EQ(error.message,
            "DuplicateName: The name exists. (the name is taken) [name: vm1] "
            "[existingState: poweredOn]");
  EXPECT_EQ(fault_error("InvalidArgument", XmlNode(), "").code, ErrorCode::InvalidInput);
  EXPECT_TRUE(fault_error("TaskInProgress", XmlNode(), "").retryable);
}

TEST(DatastorePath, IsSplit) {
  EXPECT_EQ(split_datastore_path("[ds 1] a/b.iso"),
            (std::pair<std::string, std::string>("ds 1", "a/b.iso")));
  EXPECT_EQ(split_datastore_path("[ds]"), (std::pair<std::string, std::string>("ds", "")));
  EXPECT_EQ(split_datastore_path("a/b"), (std::pair<std::string, std::string>("", "")));
}

}  // namespace
}  // namespace farm::builders::vsphere
