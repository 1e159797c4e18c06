// worker_threads: messages, transferred and shared memory, Atomics.wait, exit codes and errors.
const { Worker, isMainThread, parentPort, workerData, MessageChannel } = require("worker_threads");

if (isMainThread) {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const run = (data, transfer = []) =>
    new Promise((resolve) => {
      const worker = new Worker(__filename, { workerData: data, transferList: transfer });
      const heard = [];
      worker.on("message", (message) => heard.push(message));
      worker.on("error", (error) => heard.push(`error: ${error.message}`));
      worker.on("exit", (code) => resolve([...heard, `exit ${code}`]));
    });
  (async () => {
    const results = await Promise.all([1, 2].map((n) => run({ kind: "count", n, shared })));
    console.log(results, Atomics.load(shared, 0));
    const buffer = new ArrayBuffer(1 << 16);
    const waiter = run({ kind: "wait", buffer, shared }, [buffer]);
    setTimeout(() => {
      Atomics.store(shared, 1, 7);
      Atomics.notify(shared, 1);
    }, 20);
    console.log(buffer.byteLength, await waiter, await run({ kind: "throw" }));
    const { port1, port2 } = new MessageChannel();
    port2.on("message", (message) => {
      console.log(message);
      port2.close();
    });
    port1.postMessage({ when: new Date(0), map: new Map([[1, "one"]]) });
  })();
} else if (workerData.kind === "count") {
  for (let i = 0; i < 1000; i++) Atomics.add(workerData.shared, 0, 1);
  let fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
  parentPort.postMessage([workerData.n, fib(10 + workerData.n)]);
} else if (workerData.kind === "wait") {
  parentPort.postMessage(new Uint8Array(workerData.buffer).fill(3).reduce((a, b) => a + b));
  const outcome = Atomics.wait(workerData.shared, 1, 0, 10_000);
  parentPort.postMessage([outcome === "timed-out", Atomics.load(workerData.shared, 1)]);
  process.exit(5);
} else {
  throw new Error("from a worker");
}
