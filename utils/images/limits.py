"""
How much picture one upload may be, each number with its reason.
"""

# A phone's 12 Mpx file is 2 to 6 MB; a camera's 24 Mpx file at high quality just fits.
MAX_BYTES = 10 * 1024 * 1024

# 24 Mpx cameras fit. Decoded, a pixel takes four bytes: 100 MB.
MAX_PIXELS = 25_000_000

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

# One picture is decoded in a process at a time. It is pure work for a processor, and there is a
# process for each of those; a second decoder would add memory and no speed. What one takes for
# 25 Mpx shrunk to 2,048, measured: an ordinary JPEG 64 MB, a progressive one 220, PNG and GIF 220,
# WEBP 400, of which its library's own two canvases are the half.
DECODES_AT_ONCE = 1

# Five of the slowest pictures. Who waits longer than that is told to come back.
DECODE_WAIT_SECONDS = 10
