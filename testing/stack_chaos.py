"""
A TCP proxy between the project and a server that fails on request.

    with ChaosProxy("127.0.0.1", 6379) as proxy:
        proxy.refuse()      new connections are refused, the open ones are reset
        proxy.blackhole()   everything is accepted and nothing is answered
        proxy.slow_down(1)  each piece waits a second
        proxy.reset()       the open connections are reset, new ones pass
        proxy.heal()

It also counts round trips, whatever the protocol.
"""

import asyncio
import threading

PIECE = 65_536


class ChaosProxy:
    """
    Listens on a free port of loopback (`port`) and passes bytes on to a server.

    `round_trips` counts how often a client asked after having been answered, so a pipeline or a
    script counts as one and each handshake as one more.
    """

    def __init__(self, host, port):
        self.upstream = host, port
        self.port = 0
        self.round_trips = 0
        self._delay = 0
        self._writers = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_):
        self._do(self._stop_listening())
        self._do(self._end_everything())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def refuse(self):
        self._do(self._stop_listening())

    def blackhole(self):
        self._do(self._set_flow(False))

    def slow_down(self, seconds):
        self._delay = seconds

    def reset(self):
        self._do(self._abort())

    def heal(self):
        self._delay = 0
        self._do(self._listen())

    def _do(self, coroutine):
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=10)

    async def _listen(self):
        await self._stop_listening()
        self._flows = asyncio.Event()
        self._flows.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop_listening(self):
        if server := getattr(self, "_server", None):
            server.close()
        await self._abort()

    async def _abort(self):
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        await asyncio.sleep(0)

    async def _end_everything(self):
        open_ends = asyncio.all_tasks() - {asyncio.current_task()}
        for task in open_ends:
            task.cancel()
        await asyncio.gather(*open_ends, return_exceptions=True)

    async def _set_flow(self, flows):
        self._flows.set() if flows else self._flows.clear()

    async def _serve(self, client_reader, client_writer):
        self._writers.add(client_writer)
        await self._flows.wait()
        try:
            server_reader, server_writer = await asyncio.open_connection(*self.upstream)
        except OSError:
            client_writer.transport.abort()
            return
        self._writers.add(server_writer)
        # Whether the last bytes on this connection came from the server.
        turn = {"answered": True}
        await asyncio.gather(
            self._pump(client_reader, server_writer, turn, answers=False),
            self._pump(server_reader, client_writer, turn, answers=True),
        )
        self._writers -= {client_writer, server_writer}

    async def _pump(self, reader, writer, turn, *, answers):
        try:
            while piece := await reader.read(PIECE):
                if self._delay:
                    await asyncio.sleep(self._delay)
                await self._flows.wait()
                if not answers and turn["answered"]:
                    self.round_trips += 1
                turn["answered"] = answers
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass
        writer.close()
