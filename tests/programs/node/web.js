// http on loopback: server and client in one script; plain TCP and a UNIX socket beside it.
const http = require("http");
const net = require("net");
const dgram = require("dgram");
const { once } = require("events");

const server = http.createServer(async (request, response) => {
  let size = 0;
  for await (const chunk of request) size += chunk.length;
  if (request.url === "/stream") {
    for (let part = 0; part < 4; part++) response.write(`part ${part}\n`);
    return response.end();
  }
  if (request.url === "/reset") return request.socket.resetAndDestroy();
  response.writeHead(201, { "Content-Type": "application/json", "X-Method": request.method });
  response.end(JSON.stringify({ url: request.url, size }));
});

async function main() {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `http://127.0.0.1:${server.address().port}`;
  const answers = await Promise.all(
    Array.from({ length: 8 }, async (_, n) => {
      const request = http.request(`${base}/n${n}`, { method: "POST" });
      request.end("x".repeat(n * 10_000));
      const [response] = await once(request, "response");
      let body = "";
      for await (const chunk of response) body += chunk;
      return `${response.statusCode} ${response.headers["x-method"]} ${body}`;
    }),
  );
  console.log(answers.sort().join("\n"));
  const [response] = await once(http.get(`${base}/stream`), "response");
  let text = "";
  for await (const chunk of response) text += chunk;
  console.log(response.statusCode, response.headers["transfer-encoding"], JSON.stringify(text));
  const failure = (path) => once(http.get(base + path, { agent: false }), "response").catch((error) => error.code);
  console.log(await failure("/reset"));
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  console.log(await failure("/"));

  const echo = net.createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  for (const where of [{ port: 0, host: "::1" }, { path: `/tmp/echo-${process.pid}` }]) {
    echo.listen(where);
    await once(echo, "listening");
    const address = echo.address();
    const client = net.connect(address.port ? { port: address.port, host: address.address } : { path: address });
    client.end("ping ".repeat(30_000));
    let heard = 0;
    for await (const chunk of client) heard += chunk.length;
    echo.close();
    await once(echo, "close");
    console.log(heard);
  }

  const udp = dgram.createSocket("udp4");
  udp.bind(0, "127.0.0.1");
  await once(udp, "listening");
  udp.send("datagram", udp.address().port, "127.0.0.1");
  const [message, from] = await once(udp, "message");
  console.log(String(message), from.family, from.size);
  udp.close();
}

main();
