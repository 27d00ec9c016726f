// LIBS: farm_steps_vsphere
// A server may answer anything: reading an answer and walking it must end and stay in bounds.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "builders/steps/vsphere/session.h"
#include "builders/steps/vsphere/xml.h"

namespace {

using farm::builders::vsphere::XmlNode;

void walk(const XmlNode& node, int depth) {
  (void)node.text();
  (void)node.reference();
  (void)node.number("a.b");
  if (depth == 0) return;
  for (const XmlNode& child : node.children()) walk(child, depth - 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto root = XmlNode::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!root) return 0;
  walk(*root, 8);
  const XmlNode fault = root->child("Body").child("Fault");
  (void)farm::builders::vsphere::fault_error(fault.type(), fault, fault.text("faultstring"));
  return 0;
}
