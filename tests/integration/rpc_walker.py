"""Calls every RPC of assay.v1 with requests that are generated from the descriptors.

The messages are compiled from proto/assay/v1 when the walker is created, so that a new RPC is
called without a change here.
"""
import importlib.resources
import pathlib
import tempfile

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_tools import protoc

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
# Nested messages below this depth stay empty.
MAX_DEPTH = 4


def read_descriptors():
    """Returns {full name of a service: its descriptor}."""
    files = sorted(str(path.relative_to(PROTO)) for path in PROTO.glob("assay/v1/*.proto"))
    well_known = importlib.resources.files("grpc_tools") / "_proto"
    with tempfile.NamedTemporaryFile() as out:
        code = protoc.main(["protoc", f"-I{PROTO}", f"-I{well_known}", "--include_imports",
                            f"--descriptor_set_out={out.name}", *files])
        assert code == 0, "protoc failed"
        parsed = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out.name).read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in parsed.file:
        pool.Add(file)
    services = {}
    for name in files:
        for service in pool.FindFileByName(name).services_by_name.values():
            services[service.full_name] = service
    return services


def is_repeated(field):
    return field.label == field.LABEL_REPEATED if hasattr(field, "label") else field.is_repeated


def is_map(field):
    entry = field.message_type
    return entry is not None and entry.GetOptions().map_entry


def scalar(field, text, number):
    kind = field.cpp_type
    if kind == field.CPPTYPE_STRING:
        value = text(field)
        return value.encode() if field.type == field.TYPE_BYTES else value
    if kind == field.CPPTYPE_BOOL:
        return number > 0
    if kind == field.CPPTYPE_ENUM:
        return field.enum_type.values[min(1, len(field.enum_type.values) - 1)].number
    if kind in (field.CPPTYPE_UINT32, field.CPPTYPE_UINT64):
        return abs(number)
    return number


def fill(message, text, number, depth=0):
    """Sets every field: strings to text(field), numbers to `number`. Of a oneof, the last wins."""
    for field in message.DESCRIPTOR.fields:
        if is_map(field) or depth >= MAX_DEPTH:
            continue
        if field.message_type is not None:
            child = getattr(message, field.name)
            child = child.add() if is_repeated(field) else child
            child.SetInParent()
            fill(child, text, number, depth + 1)
        elif is_repeated(field):
            getattr(message, field.name).append(scalar(field, text, number))
        else:
            setattr(message, field.name, scalar(field, text, number))
    return message


class Walker:
    """Calls RPCs and returns everything that a client gets as one text."""

    def __init__(self, address, timeout=60):
        self.services = read_descriptors()
        self.channel = grpc.insecure_channel(address)
        self.timeout = timeout

    def methods(self):
        """Returns {"assay.v1.Service/Method": method descriptor}."""
        return {f"{name}/{method.name}": method
                for name, service in self.services.items() for method in service.methods}

    def requests(self, method, known):
        """Yields an empty, a plausible, and two invalid requests, and one per value of an enum.

        `known` has the plausible texts by field name; other strings are "x".
        """
        make = message_factory.GetMessageClass(method.input_type)
        yield make()
        yield fill(make(), lambda field: known.get(field.name, "x"), 1)
        yield fill(make(), lambda field: "no/such\nthing", -1)
        yield fill(make(), lambda field: known.get(field.name, ""), 0)
        for field in method.input_type.fields:
            named = {name: value for name, value in known.items()
                     if name in method.input_type.fields_by_name
                     and method.input_type.fields_by_name[name].cpp_type == field.CPPTYPE_STRING}
            request = make()
            for name, value in named.items():
                if is_repeated(method.input_type.fields_by_name[name]):
                    getattr(request, name).append(value)
                else:
                    setattr(request, name, value)
            if field.enum_type is None or is_repeated(field):
                yield request
                continue
            for value in field.enum_type.values:
                request = make.FromString(request.SerializeToString())
                setattr(request, field.name, value.number)
                yield request

    def call(self, name, request):
        """Returns the replies as JSON, or the status with its message, details and metadata."""
        method = self.methods()[name]
        reply = message_factory.GetMessageClass(method.output_type)
        kind = self.channel.unary_stream if method.server_streaming else self.channel.unary_unary
        stub = kind(f"/{name}", request_serializer=lambda message: message.SerializeToString(),
                    response_deserializer=reply.FromString)
        seen = []
        try:
            if method.server_streaming:
                call = stub(request, timeout=self.timeout)
                for message in call:
                    seen.append(json_format.MessageToJson(message))
            else:
                message, call = stub.with_call(request, timeout=self.timeout)
                seen.append(json_format.MessageToJson(message))
        except grpc.RpcError as error:
            call = error
            seen.append(f"{error.code()} {error.details()}")
        seen.append(repr(call.initial_metadata()) + repr(call.trailing_metadata()))
        return "\n".join(seen)

    def make(self, name, /, **fields):
        """Returns the request of an RPC with these fields, given as in protobuf's JSON."""
        make = message_factory.GetMessageClass(self.methods()[name].input_type)
        return json_format.ParseDict(fields, make())
