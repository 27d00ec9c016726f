#include "ops/farmctl/client/enrolment.h"

#include "common/wire/join_token.h"

namespace farm::farmctl {

Result<ClientConfig> enrol(Client& client, const std::string& token, const std::string& name) {
  const wire::JoinToken join = TRY(wire::parse_join_token(token));
  const net::CurveKeys keys = TRY(client_keys(client.environment));
  net::ZmqContext context;
  Line line = TRY(Line::open(context, join.enroll, "the token", join.server_key, keys));
  wire::Enroll request;
  request.token = join.secret;
  request.public_key = keys.public_key;
  request.name = name;
  request.role = "client";
  TRY(line.send(request));
  const Instant deadline = client.clock.now() + kAnswerLimit;
  while (true) {
    std::optional<wire::Message> answer = TRY(line.receive(deadline));
    if (!answer) return timed_out("the coordinator did not answer within 30 s");
    const auto* reply = std::get_if<wire::EnrollReply>(&*answer);
    if (reply == nullptr) continue;
    if (reply->error) return *reply->error;
    if (reply->role == "agent") {
      return invalid_input("this token is for an agent; start it with: farm-agent --token TOKEN");
    }
    return ClientConfig{join.control, join.bulk, join.server_key, name, "the token"};
  }
}

}  // namespace farm::farmctl
