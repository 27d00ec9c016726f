#include "builders/core/schema/catalog.h"

#include <gtest/gtest.h>

namespace farm::builders {
namespace {

using plan::ComponentKind;

TEST(Catalog, MergesSharedSetsAndOwnOptionsWin) {
  const plan::ComponentSchema* qemu = component_catalog().find(ComponentKind::Builder, "qemu");
  ASSERT_NE(qemu, nullptr);
  EXPECT_EQ(qemu->builder_id, "transcend.qemu");
  EXPECT_TRUE(qemu->built_in);
  ASSERT_NE(qemu->find("ssh_username"), nullptr);      // communicator
  ASSERT_NE(qemu->find("boot_command"), nullptr);      // boot, through boot-vnc
  EXPECT_TRUE(qemu->find("boot_command")->late_template);
  EXPECT_EQ(qemu->find("packer_build_name"), nullptr);  // set by the core
  for (size_t i = 1; i < qemu->options.size(); ++i) {
    EXPECT_LT(qemu->options[i - 1].name, qemu->options[i].name);
  }
}

TEST(Catalog, ResolvesAliasesAndBuildsEverySchema) {
  const plan::ComponentCatalog& catalog = component_catalog();
  EXPECT_EQ(catalog.find(ComponentKind::Builder, "proxmox"),
            catalog.find(ComponentKind::Builder, "proxmox-iso"));
  size_t count = 0;
  for (const ComponentKind kind : {ComponentKind::Builder, ComponentKind::Provisioner,
                                   ComponentKind::PostProcessor, ComponentKind::DataSource}) {
    for (const std::string& name : catalog.names(kind)) {
      const plan::ComponentSchema* schema = catalog.find(kind, name);
      ASSERT_NE(schema, nullptr) << name;
      EXPECT_EQ(schema->name, name);
      ++count;
    }
  }
  EXPECT_EQ(count, 84U);
}

TEST(Catalog, SaysWhatReplacesRetiredComponents) {
  EXPECT_EQ(component_catalog().find(ComponentKind::PostProcessor, "atlas"), nullptr);
  EXPECT_EQ(component_catalog().replacement(ComponentKind::PostProcessor, "atlas"),
            "Atlas was shut down: use vagrant-cloud or vagrant-registry for boxes.");
  EXPECT_EQ(component_catalog().replacement(ComponentKind::Builder, "qemu"), "");
}

}  // namespace
}  // namespace farm::builders
