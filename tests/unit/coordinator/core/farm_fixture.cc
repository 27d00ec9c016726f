#include "tests/unit/coordinator/core/farm_fixture.h"

namespace farm::coordinator {

Effects FarmFixture::tell(const Event& event) {
  Effects effects = step(state, event, now());
  effects.merge(settle(state, now()));
  return effects;
}

Effects FarmFixture::say(const AgentIdentity& agent, wire::Message message) {
  return tell(AgentSaid{agent, std::move(message), std::nullopt});
}

Effects FarmFixture::pass(Duration duration) {
  clock.advance(duration);
  return settle(state, now());
}

AgentIdentity FarmFixture::new_agent(const std::string& name, std::vector<std::string> labels) {
  return {AgentId::random(random), name, std::move(labels)};
}

wire::Hello FarmFixture::hello(const std::string& boot, uint32_t slots,
                               std::vector<wire::RunningJob> jobs) {
  wire::Hello hello;
  hello.boot_id = boot;
  hello.builders = {"qemu", "null"};
  hello.provisioners = {"shell", "file"};
  hello.post_processors = {"manifest"};
  hello.slots = slots;
  hello.jobs = std::move(jobs);
  return hello;
}

Submitted FarmFixture::submission(size_t jobs, const std::string& submitter,
                                  const std::string& builder) {
  Submitted event;
  event.submit.request = RequestId::random(random);
  event.submitter = submitter;
  event.build = BuildId::random(random);
  for (size_t i = 0; i < jobs; ++i) {
    event.submit.jobs.push_back({builder + std::to_string(i), "spec" + std::to_string(i), {}});
    event.ids.push_back(JobId::random(random));
    event.needs.push_back({builder, {"shell"}, {}, {}});
  }
  return event;
}

}  // namespace farm::coordinator
