"""numpy: import, a matrix product, a linear system, statistics, a file mapped into memory."""

import numpy as np

a = np.arange(10_000, dtype=np.float64).reshape(100, 100) % 17
b = (a @ a.T).astype(np.int64)
print(b.sum(), b[3, 5], b.shape, b.dtype)
x = np.linalg.solve(np.eye(50) * 3 + 1, np.arange(50.0))
print(np.round(x, 6)[:5], np.round(x.sum(), 6))
print(np.random.default_rng(7).integers(0, 1000, 5), np.sort(np.array([3, 1, 2])))
np.save("a.npy", a)
mapped = np.load("a.npy", mmap_mode="r")
print(mapped[99, 99], np.allclose(mapped, a), np.fft.fft(np.ones(8)).real.tolist())
