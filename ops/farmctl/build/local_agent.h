// LocalAgent: the one agent of `farmctl build`. It plays the network between the coordinator and
// the supervisor of this process: offers become runners, what runners report becomes messages and
// lines on the screen.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/supervisor/supervisor.h"
#include "common/wire/picture_record.h"
#include "coordinator/reactor/local_coordinator.h"
#include "ops/farmctl/build/build_output.h"
#include "ops/farmctl/view/screen_shelf.h"

namespace farm::farmctl {

class LocalAgent final : public agent::SupervisorEvents {
 public:
  /// References outlive the object. `hello` says what the agent can do, as on a farm.
  /// Pictures of failed jobs go below `screens`.
  LocalAgent(coordinator::LocalCoordinator& coordinator, BuildOutput& output, wire::Hello hello,
             ScreenShelf& screens)
      : coordinator_(coordinator), output_(output), hello_(std::move(hello)), screens_(screens) {}

  /// Says hello to the coordinator. Called once, before anything else.
  Result<void> join(agent::Supervisor& supervisor);
  /// Acts on messages of the coordinator and delivers what they and the runners caused.
  Result<void> handle(std::vector<wire::Message> messages);
  Result<void> deliver_waiting() { return handle({}); }
  /// Ends every runner at once: nothing of it is left, its ledger is swept.
  void kill_all();

  struct Prompt {
    wire::JobRef ref;
    std::string text;
  };
  /// The question that was asked first and is not answered.
  const Prompt* prompt() const { return prompts_.empty() ? nullptr : &prompts_.front(); }
  void answer(const std::string& text);
  /// The results so far, by job.
  const std::map<JobId, wire::JobResult>& results() const { return results_; }
  void set_interrupted() { interrupted_ = true; }

  void on_log(const wire::JobRef& ref, uint64_t bytes) override;
  void on_phase(const wire::PhaseChange& change) override;
  void on_resource(const wire::ResourceEvent& event) override;
  void on_prompt(const wire::JobRef& ref, const std::string& text) override;
  void on_finished(const wire::JobResult& result) override;

 private:
  struct Shown {
    std::string name;
    uint64_t offset = 0;  // of the log, printed and delivered
    wire::PictureReader pictures = {};
    std::optional<wire::Picture> last_picture = {};
  };
  void act(const wire::Message& message);
  void accept(const wire::Offer& offer);
  void show_screen(const wire::JobRef& ref);

  coordinator::LocalCoordinator& coordinator_;
  BuildOutput& output_;
  wire::Hello hello_;
  ScreenShelf& screens_;
  agent::Supervisor* supervisor_ = nullptr;
  bool interrupted_ = false;
  std::deque<wire::Message> outgoing_;
  std::map<wire::JobRef, Shown> shown_;
  std::map<JobId, wire::JobResult> results_;
  std::deque<Prompt> prompts_;
};

}  // namespace farm::farmctl
