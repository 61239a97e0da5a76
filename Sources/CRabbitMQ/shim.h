#pragma once
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>

/// Logs in by PLAIN and tells the broker what this client understands. `amqp_login_with_properties` is variadic, which Swift
/// can't call.
static inline amqp_rpc_reply_t tessera_amqp_login(
    amqp_connection_state_t connection, const char *vhost, int channel_max, int frame_max, int heartbeat_seconds,
    const amqp_table_t *properties, const char *user, const char *password) {
  return amqp_login_with_properties(
      connection, vhost, channel_max, frame_max, heartbeat_seconds, properties, AMQP_SASL_METHOD_PLAIN, user, password);
}
