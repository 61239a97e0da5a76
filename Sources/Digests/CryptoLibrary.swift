internal import CCrypto

/// OpenSSL as this process has it: digests use it, and libpq and librabbitmq inside.
public enum CryptoLibrary {
  /// Keeps OpenSSL's state until the process is gone. To be called before anything else that uses it.
  ///
  /// By itself OpenSSL takes its state down in an exit handler. The thread of a connection that ends in the same moment then finds a lock that isn't
  /// there any more, and a command that has done its work ends by SIGSEGV.
  public static func keepUntilExit() { OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) }
}
