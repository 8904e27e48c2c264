"""
Limits on request bodies, on every route: their charset, content coding, size and files.

1. `environ` prepares the WSGI environment, and tells the web server how many bytes of a body to receive.
2. `middleware` refuses charsets and content codings before anything is decoded.
3. `uploads` declares which files an action accepts; `forms` reads no others, and stops at their maximum size.
"""
