"""
What the body of a request may be, on every route: its charset and coding, its size, its files.

1. `environ` prepares what the web server gives, and tells it how much of a body is worth receiving.
2. `middleware` refuses charsets and codings before anything is decoded.
3. `uploads` says which files an action takes, `forms` reads no others, and stops at that size.
"""
