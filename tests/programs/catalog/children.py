"""subprocess: pipes, exit codes, a missing program, input and output at once, a shell."""

import os
import subprocess
import sys

done = subprocess.run(["cat"], input=b"through a pipe\n" * 5000, capture_output=True, check=True)
print(len(done.stdout), done.returncode)
print(subprocess.run("echo out; echo err >&2; exit 5", shell=True, capture_output=True, text=True))
first = subprocess.Popen(["echo", "b\na"], stdout=subprocess.PIPE)
print(subprocess.check_output(["sort"], stdin=first.stdout), first.wait())
try:
    subprocess.run(["/nope/nothing"], check=False)
except FileNotFoundError as error:
    print("caught", error)
try:
    subprocess.run(["sleep", "20"], timeout=0.1, check=False)
except subprocess.TimeoutExpired as error:
    print("timed out", error.cmd)
print(subprocess.run(["sh", "-c", "kill -TERM $$"], check=False).returncode)
child = subprocess.run([sys.executable, "-c", "import sys; print(sys.argv); sys.exit(7)", "x"],
                       stdout=subprocess.PIPE, check=False)  # fmt: skip
print(child.stdout, child.returncode)
sys.stdout.flush()
pid = os.fork()
if pid == 0:
    print("in the child", flush=True)
    os._exit(11)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
