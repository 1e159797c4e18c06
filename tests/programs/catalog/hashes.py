"""ssl and hashlib: OpenSSL's self-test of digests, contexts, certificates' names, a handshake's start."""

import hashlib
import hmac
import secrets
import ssl
import zlib

print(sorted(hashlib.algorithms_guaranteed))
for name in ("md5", "sha1", "sha256", "sha3_512", "blake2s"):
    print(name, hashlib.new(name, b"abc").hexdigest())
print(hashlib.scrypt(b"password", salt=b"salt", n=16, r=8, p=1, dklen=16).hex())
print(hmac.new(b"key", b"message", "sha512").hexdigest()[:32], len(secrets.token_bytes(32)))
context = ssl.create_default_context()
print(context.verify_mode.name, context.check_hostname, context.minimum_version.name)
print(ssl.OPENSSL_VERSION, len(context.get_ciphers()) > 5, zlib.crc32(b"abc"))
inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
session = context.wrap_bio(inward, outward, server_hostname="example.org")
try:
    session.do_handshake()
except ssl.SSLWantReadError:
    hello = outward.read()
    print(hello[:3], b"example.org" in hello)
inward.write(b"HTTP/1.1 400 this is no TLS\r\n\r\n")
try:
    session.do_handshake()
except ssl.SSLError as error:
    print(error.reason)
