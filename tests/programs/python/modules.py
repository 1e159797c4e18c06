"""json, re, hashlib, zlib, struct, decimal, datetime, collections: what scripts import first."""

import base64
import collections
import datetime
import decimal
import hashlib
import itertools
import json
import math
import random
import re
import struct
import zlib

data = {"list": [1, 2.5, None, True], "text": "gr\u00fc\u00dfe \U0001f40d", "nested": {"k": [[]]}}
text = json.dumps(data, indent=1, sort_keys=True)
assert json.loads(text) == data
print(text)

log = "\n".join(f"2024-01-{day:02} host{day % 3} GET /page/{day * 7}?q=x" for day in range(1, 20))
pattern = re.compile(r"^(?P<date>[\d-]+) (?P<host>\w+) GET (\S+?)\?", re.M)
print(collections.Counter(match["host"] for match in pattern.finditer(log)).most_common())
print(re.sub(r"(\w+)@(\w+)", r"\2 at \1", "me@home, you@work"))

block = bytes(range(256)) * 999
for name in ("md5", "sha1", "sha256", "sha512", "blake2b", "sha3_256"):
    print(name, hashlib.new(name, block).hexdigest())
print(hashlib.pbkdf2_hmac("sha256", b"secret", b"salt", 1000).hex())

packed = zlib.compress(block, 9)
assert zlib.decompress(packed) == block
print(len(packed), zlib.crc32(block), base64.b85encode(packed[:16]))
print(struct.pack(">HIq", 1, 2, -3), struct.unpack("<d", struct.pack("<d", math.pi)))
decimal.getcontext().prec = 40
print(decimal.Decimal(2).sqrt(), math.factorial(40), 2**200, 0.1 + 0.2, math.fsum([0.1] * 10))
print(datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone.utc) + datetime.timedelta(days=366))
random.seed(42)
print([random.randrange(1000) for _ in range(5)], random.random())
print(sum(1 for _ in itertools.permutations(range(7))), sorted("unicode: \u00e4\u00df\u03b1".split()))
