"""A raw HTTP/2 client, which can do what gRPC's clients refuse to do."""
import socket
import ssl
import struct

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
import hpack

READ_BYTES = 1 << 16
# The default of the protocol, which every peer must accept.
FRAME_BYTES = 1 << 14

# Frame types and flags of RFC 9113.
DATA, HEADERS, RST_STREAM, CONTINUATION = 0x0, 0x1, 0x3, 0x9
END_STREAM, END_HEADERS = 0x1, 0x4
CANCEL = struct.pack(">I", 0x8)


def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def grpc_message(payload=b""):
    """Returns the length-prefixed form of gRPC, uncompressed."""
    return struct.pack(">BI", 0, len(payload)) + payload


class RawConnection:
    """One connection. `window` is the number of bytes that the server may send on each stream.

    With a window of 0 the client never reads a message. `tls` is an ssl.SSLContext, or None for a
    connection without TLS. `metadata` are further headers of every call.
    """

    def __init__(self, address, window=65535, timeout=60, tls=None, metadata=()):
        self.reads = window > 0
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=host)
        self.scheme = "https" if tls else "http"
        self.authority, self.metadata = address, list(metadata)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.flush()
        # Until the server's settings are known, its limit of streams is not.
        while self.h2.remote_settings.max_concurrent_streams > 2**31:
            self.receive()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def receive(self):
        """Returns the next events. Raises ConnectionError if the server has closed."""
        data = self.socket.recv(READ_BYTES)
        if not data:
            raise ConnectionError("the server closed the connection")
        events = self.h2.receive_data(data)
        for event in events:
            if self.reads and isinstance(event, h2.events.DataReceived):
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        self.flush()
        return events

    def headers(self, method, seconds=None):
        limit = [("grpc-timeout", f"{round(1000 * seconds)}m")] if seconds else []
        return [(":method", "POST"), (":scheme", self.scheme), (":path", f"/{method}"),
                (":authority", self.authority), ("content-type", "application/grpc"),
                ("te", "trailers"), *limit, *self.metadata]

    def start(self, method, payload=b"", seconds=None):
        """Starts a unary or server-streaming call and returns its stream. Does not flush.

        `seconds` is the deadline of the call.
        """
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, self.headers(method, seconds))
        message = grpc_message(payload)
        for begin in range(0, len(message), FRAME_BYTES):
            part = message[begin:begin + FRAME_BYTES]
            self.h2.send_data(stream, part, end_stream=begin + FRAME_BYTES >= len(message))
        return stream

    def reset(self, stream):
        self.h2.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)

    def ends_of_some(self):
        """Receives once. Returns {stream: gRPC status or None} of the streams that have ended."""
        return self._ended(self.receive())

    @staticmethod
    def _ended(events):
        ended = {}
        for event in events:
            if isinstance(event, h2.events.TrailersReceived):
                ended[event.stream_id] = dict(event.headers).get("grpc-status")
            elif isinstance(event, h2.events.StreamReset):
                ended.setdefault(event.stream_id, None)
        return ended

    def ends(self, streams):
        """Receives until all of these streams have ended. Returns {stream: gRPC status or None}."""
        ended = {}
        while set(streams) - set(ended):
            ended = {**self._ended(self.receive()), **ended}
        return ended


class Flood:
    """Starts calls and resets them at once, with frames that are encoded ahead.

    With `payload`, each call has its message before it is reset. `more` goes to RawConnection.
    """

    def __init__(self, address, method, payload=None, **more):
        self.connection = RawConnection(address, **more)
        headers = [hpack.NeverIndexedHeaderTuple(*pair) for pair in self.connection.headers(method)]
        # Nothing enters the dynamic table, so the same bytes serve for every call.
        self.block = hpack.Encoder().encode(headers, huffman=False)
        self.message = None if payload is None else grpc_message(payload)
        self.stream = 1
        self.sent = 0

    def send(self, calls):
        parts = []
        for _ in range(calls):
            parts.append(frame(HEADERS, END_HEADERS, self.stream, self.block))
            if self.message is not None:
                parts.append(frame(DATA, END_STREAM, self.stream, self.message))
            parts.append(frame(RST_STREAM, 0, self.stream, CANCEL))
            self.stream += 2
        self.connection.socket.sendall(b"".join(parts))
        self.sent += calls
        # What the server says is thrown away, so that it never waits.
        self.connection.socket.setblocking(False)
        try:
            if not self.connection.socket.recv(READ_BYTES):
                raise ConnectionError("the server closed the connection")
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        finally:
            self.connection.socket.setblocking(True)
