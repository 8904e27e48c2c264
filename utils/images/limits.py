"""
Limits of uploaded pictures, each with its reason.
"""

# A phone's 12 Mpx file is 2 to 6 MB; a camera's 24 Mpx file at high quality just fits.
MAX_BYTES = 10 * 1024 * 1024

# Pixels of one picture. A JPEG is decoded at a half, a quarter or an eighth of its size, so phones' 50 Mpx and a
# panorama of 16,382 x 3,628 fit. PNG and GIF are decoded whole, at four bytes a pixel: 100 MB, and as much again while
# they are shrunk. The WEBP library also allocates two canvases of its own.
MAX_PIXELS = {"JPEG": 64_000_000, "PNG": 25_000_000, "GIF": 25_000_000, "WEBP": 13_000_000}

# Twice the longest panorama of a phone. Each row costs a pointer and an allocation, whatever its width: a picture of
# 1 x 25,000,000 pixels took 430 MB.
MAX_SIDE = 32_768

# A JPEG of several scans is collected as coefficients, two bytes each, before anything can be shrunk. This is
# 50 Mpx with the usual halved colours, 25 Mpx with full ones.
MAX_COEFFICIENT_BYTES = 152_000_000

# Two minutes of a screen recording. Only the first frame is stored; the limit refuses files
# with so many frames that reading them takes long.
MAX_FRAMES = 2000

# How many chunks, segments and blocks a file may have. Reading this many takes 20 ms. A GIF's
# blocks are the smallest in honest use, 255 bytes each: this is enough for a GIF of 15 MB.
MAX_PARTS = 60_000

# Four times as many as a progressive JPEG usually has. Each scan visits the whole picture, which
# at 25 Mpx takes 13 ms, for 42 bytes of file when it is empty. 10 MB of those: an hour.
MAX_SCANS = 40

# Several times the size of profiles for printing presses, which are the largest. A larger
# profile is ignored, which only costs exact colours.
MAX_PROFILE_BYTES = 4 * 1024 * 1024

# How much a decoder may allocate after its start: the worst picture within the limits above takes 195 MB. The kernel
# enforces the second number, which counts address space and so includes some memory that is never used.
PROMISED_MEGABYTES, MAX_MEGABYTES = 220, 320

# Each process that accepts pictures has one decoder. Decoding is bound by the processor, and
# there is one web process for each processor, so a second decoder would cost memory and gain no
# speed. A decoder has a lower priority than web processes.
NICENESS = 10

# How many requests may use the decoder at once: one is served, one waits. Others are refused at once, so that at least
# two of the four threads of a process stay free for reading.
REQUESTS_AT_ONCE = 2

# Processor time for one picture. The slowest honest ones take 1.5 s.
DECODE_CPU_SECONDS = 6
# The waiting request waits for one picture, usually a second; a decoder that does not respond for so long is killed.
MAX_WAIT_SECONDS = 10
# After this time no further picture of a request is begun. Including the last one, the
# request takes less than a minute.
MAX_REQUEST_SECONDS = 30

# Pixels of one user within a minute. Five tweets, which is their limit, of nine photos of 12 Mpx are 549 million, and
# one tweet of nine photos from a 50 Mpx phone is 450 million.
MAX_PIXELS_PER_MINUTE = 600_000_000
