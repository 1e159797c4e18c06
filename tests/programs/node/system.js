// fs and child_process, with callbacks, promises and synchronously; signals; stdin.
const fs = require("fs");
const path = require("path");
const os = require("os");
const { execFile, execFileSync, spawn, spawnSync, fork } = require("child_process");
const { promisify } = require("util");

if (process.argv[2] === "child") {
  process.on("message", (message) => {
    process.send({ doubled: message.n * 2, connected: process.connected });
    process.disconnect();
  });
} else {
  main().catch((error) => console.log("failed", error));
}

async function files() {
  fs.mkdirSync("made/deep", { recursive: true });
  await fs.promises.writeFile("made/deep/text", "line one\nline two\n", { mode: 0o640 });
  await fs.promises.appendFile("made/deep/text", "line three\n");
  fs.symlinkSync("deep/text", "made/link");
  fs.renameSync("made/deep", "made/moved");
  fs.copyFileSync("made/moved/text", "made/copy");
  fs.chmodSync("made/copy", 0o600);
  fs.truncateSync("made/copy", 8);
  fs.utimesSync("made/copy", 1e9, 1e9);
  console.log(fs.readFileSync("made/copy", "utf8"), fs.statSync("made/copy").mtime.getTime());
  console.log(fs.existsSync("made/link"), fs.readlinkSync("made/link"));
  const names = fs.readdirSync("made", { withFileTypes: true, recursive: true });
  console.log(names.map((name) => [name.name, name.isDirectory(), name.isSymbolicLink()]).sort());
  for (const wrong of [() => fs.readFileSync("nothing"), () => fs.rmdirSync("made"), () => fs.mkdirSync("made")]) {
    try {
      wrong();
    } catch (error) {
      console.log(error.code, error.errno, error.syscall);
    }
  }
  const big = fs.createWriteStream("made/big");
  for (let i = 0; i < 200; i++) big.write(`${i}\n`.repeat(100));
  await new Promise((resolve) => big.end(resolve));
  let lines = 0;
  const reader = fs.createReadStream("made/big", { highWaterMark: 4096 });
  for await (const chunk of reader) lines += chunk.toString().split("\n").length - 1;
  console.log(lines, reader.bytesRead);
  fs.rmSync("made/big");
  console.log(path.relative(process.cwd(), fs.realpathSync("made/copy")));
}

async function children() {
  console.log(execFileSync("tr", ["a-z", "A-Z"], { input: "loud" }).toString());
  const failed = spawnSync("sh", ["-c", "echo out; echo err >&2; exit 3"]);
  console.log(failed.status, String(failed.stdout), String(failed.stderr));
  console.log(spawnSync("/no/such/program").error.code);
  const { stdout } = await promisify(execFile)("sh", ["-c", "echo $VALUE; pwd | wc -l"], { env: { ...process.env, VALUE: "v" } });
  console.log(stdout);
  const cat = spawn("cat", { stdio: ["pipe", "pipe", "inherit"] });
  let bytes = 0;
  cat.stdout.on("data", (data) => (bytes += data.length));
  cat.stdin.end("y".repeat(200_000));
  console.log(await new Promise((resolve) => cat.on("close", (code, signal) => resolve([code, signal, bytes]))));
  const sleeper = spawn("sleep", ["100"]);
  sleeper.on("spawn", () => sleeper.kill("SIGINT"));
  console.log(await new Promise((resolve) => sleeper.on("exit", (code, signal) => resolve([code, signal]))));
  const child = fork(__filename, ["child"]);
  child.send({ n: 21 });
  child.on("message", (message) => console.log(message));
  console.log(await new Promise((resolve) => child.on("exit", (code) => resolve(code))));
}

async function main() {
  let input = "";
  for await (const chunk of process.stdin) input += chunk;
  console.log(input.length, input.trim().split("\n").pop());
  await files();
  await children();
  setTimeout(() => console.log("never"), 10_000);
  process.once("SIGUSR2", (signal) => {
    console.log("heard", signal, os.constants.signals[signal]);
    process.on("SIGTERM", () => process.exit(4));
    process.kill(process.pid, "SIGTERM");
  });
  process.kill(process.pid, "SIGUSR2");
}
