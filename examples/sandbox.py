"""The Python API: a guest with limits, bytes in, bytes out, and what it took."""

from nanvix.sandbox import Sandbox

with Sandbox(memory=64 << 20, timeout=10) as sandbox:
    result = sandbox.run(["sort", "-r"], input=b"apple\ncherry\nbanana\n", capture=True)

print((result.stdout or b"").decode(), end="")
print(f"exit code {result.exit_code} on {result.backend}, {result.peak_memory >> 10} KiB of memory")
