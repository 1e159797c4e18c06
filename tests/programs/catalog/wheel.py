"""A wheel made here, installed offline by pip into a virtual environment, imported, run, removed."""

import base64
import hashlib
import importlib.util
import os
import subprocess
import venv
import zipfile

FILES = {
    "greet/__init__.py": "def main():\n    print('hello from', __name__)\n",
    "greet-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: greet\nVersion: 1.0\n",
    "greet-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "greet-1.0.dist-info/entry_points.txt": "[console_scripts]\ngreet = greet:main\n",
}
WHEEL = "greet-1.0-py3-none-any.whl"
record = []
with zipfile.ZipFile(WHEEL, "w") as wheel:
    for name, text in FILES.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record.append(f"{name},sha256={digest.decode()},{len(text)}")
        wheel.writestr(zipfile.ZipInfo(name), text)
    record.append("greet-1.0.dist-info/RECORD,,")
    wheel.writestr(zipfile.ZipInfo("greet-1.0.dist-info/RECORD"), "\n".join(record) + "\n")

venv.create("env", symlinks=True, with_pip=False)
# pip is not in the new environment: its own folder is a program. Under another name it does not see
# what is installed beside it.
os.symlink(importlib.util.find_spec("pip").submodule_search_locations[0], "pip")
pip = ["env/bin/python", "pip", "--isolated", "--disable-pip-version-check"]
done = subprocess.run(
    [*pip, "install", "--no-index", "--no-deps", "--no-cache-dir", "--no-compile", WHEEL],
    capture_output=True, text=True, check=False,
)  # fmt: skip
print(done.stdout, done.stderr, done.returncode)
print(subprocess.run(["env/bin/greet"], capture_output=True, check=False))
