"""
Multipart forms as raw bytes, which a test client would correct.
"""

BOUNDARY = "the-boundary"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def part(name, content, *, filename=None, content_type=None, **headers):
    """
    Return the bytes of one part. `filename` may be "", which is a file input that nobody touched.

    :param content: str or bytes.
    :param headers: of the part, such as Content_Transfer_Encoding="base64".
    """
    disposition = f'form-data; name="{name}"' + ("" if filename is None else f'; filename="{filename}"')
    lines = {"Content-Disposition": disposition, "Content-Type": content_type, **headers}
    head = "".join(f"{line.replace('_', '-')}: {value}\r\n" for line, value in lines.items() if value is not None)
    return head.encode() + b"\r\n" + (content if isinstance(content, bytes) else content.encode())


def untouched(name):
    """
    Return the part that a browser sends for a file input that nobody touched.
    """
    return part(name, b"", filename="", content_type="application/octet-stream")


def form(*parts):
    """
    Return a body of these parts.
    """
    delimiter = f"--{BOUNDARY}\r\n".encode()
    return b"".join(delimiter + each + b"\r\n" for each in parts) + f"--{BOUNDARY}--\r\n".encode()


def send_form(client, method, path, *parts, content_type=MULTIPART, **headers):
    """
    Send a form and return the response.
    """
    return client.generic(method, path, form(*parts), content_type=content_type, **headers)
