#pragma once
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/// Logs in by PLAIN and tells the broker what this client understands. `amqp_login_with_properties` is variadic, which Swift
/// can't call.
static inline amqp_rpc_reply_t tessera_amqp_login(
    amqp_connection_state_t connection, const char *vhost, int channel_max, int frame_max, int heartbeat_seconds,
    const amqp_table_t *properties, const char *user, const char *password) {
  return amqp_login_with_properties(
      connection, vhost, channel_max, frame_max, heartbeat_seconds, properties, AMQP_SASL_METHOD_PLAIN, user, password);
}

/// What a handshake by TLS has run into; 0 stands for nothing.
struct tessera_tls_findings {
  /// Why the broker's certificate is refused: X509_V_ERR_….
  int refusal;
  /// The broker's fatal alert, such as 48 for a certificate of ours whose authority it doesn't know (RFC 8446, section 6).
  int alert;
};

/// Called for each certificate of the chain; the application's data of the context is where to note a refusal.
static int tessera_note_refusal(int is_good, X509_STORE_CTX *store) {
  if (!is_good) {
    const SSL *session = (const SSL *)X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tessera_tls_findings *findings = (struct tessera_tls_findings *)SSL_CTX_get_app_data(SSL_get_SSL_CTX(session));
    if (findings) findings->refusal = X509_STORE_CTX_get_error(store);
  }
  return is_good;
}

/// Called at steps of a connection. With TLS 1.3 a broker refuses our certificate only after the handshake, when librabbitmq reads, closes,
/// and forgets why.
static void tessera_note_alert(const SSL *session, int where, int value) {
  struct tessera_tls_findings *findings = (struct tessera_tls_findings *)SSL_CTX_get_app_data(SSL_get_SSL_CTX(session));
  if (findings && where == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL) findings->alert = value & 0xff;
}

/// Has OpenSSL check the broker's certificate, and `host` (a name or an address) against it, during the handshake, so that nothing is sent
/// to anybody else. librabbitmq checks afterwards, doesn't know addresses, and doesn't tell what was wrong; its context is OpenSSL's.
///
/// `findings` must outlive the socket. Without `authorities` (a file in PEM) those of the system are trusted. Returns 0 when the authorities
/// can't be read.
static inline int tessera_tls_verify(
    amqp_socket_t *socket, const char *host, const char *authorities, struct tessera_tls_findings *findings) {
  SSL_CTX *context = (SSL_CTX *)amqp_ssl_socket_get_context(socket);
  X509_VERIFY_PARAM *wanted = SSL_CTX_get0_param(context);
  ERR_clear_error();
  if (X509_VERIFY_PARAM_set1_ip_asc(wanted, host)) {
    amqp_ssl_socket_set_verify_hostname(socket, 0); // it would look for a name
  } else {
    ERR_clear_error();
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (!X509_VERIFY_PARAM_set1_host(wanted, host, 0)) return 0;
  }
  SSL_CTX_set_app_data(context, findings);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, tessera_note_refusal);
  SSL_CTX_set_info_callback(context, tessera_note_alert);
  return authorities ? SSL_CTX_load_verify_locations(context, authorities, NULL) : SSL_CTX_set_default_verify_paths(context);
}

/// OpenSSL's words for why a certificate was refused.
static inline const char *tessera_tls_refusal(int reason) { return X509_verify_cert_error_string(reason); }

/// OpenSSL's words for an alert.
static inline const char *tessera_tls_alert(int alert) { return SSL_alert_desc_string_long(alert); }

/// OpenSSL's words for the last thing that went wrong on this thread, or null.
static inline const char *tessera_tls_last_error(void) {
  unsigned long code = ERR_peek_last_error();
  return code ? ERR_reason_error_string(code) : NULL;
}

/// Whether the last thing that went wrong on this thread is that the other side doesn't speak TLS.
static inline int tessera_tls_is_missing(void) {
  return ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_WRONG_VERSION_NUMBER;
}
