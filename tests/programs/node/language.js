// The engine: promises and timers in order, streams, buffers, compressed data, WebAssembly, a hot loop.
const { setTimeout: after, setImmediate: soon } = require("timers/promises");
const { Readable } = require("stream");
const { EventEmitter, once } = require("events");
const crypto = require("crypto");
const zlib = require("zlib");

const order = [];
setTimeout(() => order.push("timeout"), 0);
setImmediate(() => order.push("immediate"));
process.nextTick(() => order.push("tick"));
Promise.resolve().then(() => order.push("microtask"));
order.push("main");

// Hot enough to be compiled, with types that change afterwards.
function mix(a, b) {
  return a * 31 + b;
}
let sum = 0;
for (let i = 0; i < 30000; i++) sum = mix(sum, i) % 1000003;
console.log(sum, mix("x", 1), mix(0.5, 2n === 2n));

const module_ = new WebAssembly.Module(
  Buffer.from("0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b", "hex"),
);
console.log(new WebAssembly.Instance(module_).exports.add(40, 2));

const text = "all the world's a stage ".repeat(400);
console.log(crypto.createHash("sha256").update(text).digest("hex"));
console.log([..."añ𝒳"].length, /(?<year>\d{4})-(?<month>\d\d)/u.exec("on 2024-05-17").groups.month);
console.log(2n ** 100n, [3, 1, 2].sort(), structuredClone(new Map([["k", new Set([1])]])));
console.log(Intl.NumberFormat("en-US").format(1234567.891), new Date(0).toISOString());

(async () => {
  const packed = zlib.gzipSync(text);
  console.log(zlib.gunzipSync(packed).toString() === text, packed.length < 200);
  const inflated = await new Promise((resolve, reject) =>
    zlib.inflate(zlib.deflateSync(text), (error, data) => (error ? reject(error) : resolve(data))));
  console.log(inflated.length);

  const emitter = new EventEmitter();
  setTimeout(() => emitter.emit("ready", 42), 3);
  console.log(await once(emitter, "ready"));
  const started = process.hrtime.bigint();
  await after(10);
  await soon();
  console.log(process.hrtime.bigint() - started >= 9_000_000n, order.join(" "));

  let read = 0;
  for await (const chunk of Readable.from(["a", "bc", "def"])) read += chunk.length;
  console.log(read);
  const retained = [];
  for (let i = 0; i < 30; i++) retained.push(Array.from({ length: 2000 }, (_, n) => ({ n, i })));
  console.log(retained.flat().length);
  process.on("exit", (code) => console.log("exit", code));
  await Promise.reject(new TypeError("uncaught"));
})().catch((error) => {
  console.error(error.name, error.message);
  process.exitCode = 9;
});
