"""
How much picture one upload may be, each number with its reason.
"""

# A phone's 12 Mpx file is 2 to 6 MB; a camera's 24 Mpx file at high quality just fits.
MAX_BYTES = 10 * 1024 * 1024

# Pixels of one picture. A JPEG is decoded at a half, a quarter or an eighth of its size, so phones' 50 Mpx and a
# panorama of 16,382 x 3,628 fit. PNG and GIF are decoded whole, at four bytes a pixel: 100 MB, and as much again
# while they are shrunk. WEBP's library draws on two canvases of its own besides.
MAX_PIXELS = {"JPEG": 64_000_000, "PNG": 25_000_000, "GIF": 25_000_000, "WEBP": 13_000_000}

# Twice the longest panorama of a phone. Each row costs a pointer and an allocation, whatever its width: a picture of
# 1 x 25,000,000 pixels took 430 MB.
MAX_SIDE = 32_768

# A JPEG of several scans is collected as coefficients, two bytes each, before anything can be shrunk. This is
# 50 Mpx with the usual halved colours, 25 Mpx with full ones.
MAX_COEFFICIENT_BYTES = 152_000_000

# Two minutes of a recorded screen. Only the first frame is kept, so this is no promise of a film:
# it refuses files whose frames were multiplied to keep a reader busy.
MAX_FRAMES = 2000

# Chunks, segments and blocks one file may be made of: a walk over so many takes 20 ms. A GIF's
# blocks are the smallest in honest use, 255 bytes each: this is enough for a GIF of 15 MB.
MAX_PARTS = 60_000

# Four times as many as a progressive JPEG usually has. Each scan visits the whole picture, which
# at 25 Mpx takes 13 ms, for 42 bytes of file when it is empty. 10 MB of those: an hour.
MAX_SCANS = 40

# Several times a press's profile, the biggest kind. A bigger one is left out, which costs only
# exact colour.
MAX_PROFILE_BYTES = 4 * 1024 * 1024

# What a decoder may need besides what it had when it started; the worst picture within the numbers above takes 195 MB.
# The kernel refuses it more than the second number, which counts address space: a little of that is never touched.
PROMISED_MEGABYTES, MAX_MEGABYTES = 220, 320

# Each process that takes pictures has one decoder beside it. It is pure work for a processor, and there is a process
# for each of those; a second decoder would add memory and no speed. It gives way to whatever answers requests.
NICENESS = 10

# Requests that may have a decoder at once: one is served, one is next. Everybody else is told to come back at once,
# so at least two of a process's four threads stay free for those who read.
REQUESTS_AT_ONCE = 2

# Processor time for one picture. The slowest honest ones take 1.5 s.
DECODE_CPU_SECONDS = 6
# Who is next waits for one picture, a second as a rule; a decoder that answers nothing for so long is ended.
MAX_WAIT_SECONDS = 10
# The pictures of one request: after this, none is begun. With the last one it stays below a minute.
MAX_REQUEST_SECONDS = 30

# Pixels of one user within a minute. Five tweets, which is their limit, of nine photos of 12 Mpx are 549 million, and
# one tweet of nine photos from a 50 Mpx phone is 450 million.
MAX_PIXELS_PER_MINUTE = 600_000_000
