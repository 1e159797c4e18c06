"""An asyncio server that sends back in reverse what came, once the client has finished."""

import asyncio
import sys


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    data = await reader.read()
    writer.write(data[::-1])
    await writer.drain()
    writer.close()
    print(writer.get_extra_info("peername")[0], len(data), flush=True)


async def main() -> None:
    server = await asyncio.start_server(serve, None, int(sys.argv[1]))
    await asyncio.wait_for(server.serve_forever(), 60)


asyncio.run(main())
