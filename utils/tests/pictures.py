"""
Pictures of every kind, made by Pillow or byte by byte, and how tests look at them.
"""

import functools
import io
import re
import struct
import zlib

from PIL import Image, ImageCms

from utils.images import (
    read_image,
)

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
SCRIPT = b"<script>alert(1)</script>"
REMARK = b"what nobody else shall know"
ALL_FORMATS = ["JPEG", "PNG", "WEBP", "GIF"]


def picture(mode="RGB", size=(40, 20), colour=RED):
    return Image.new(mode, size, colour)


def encoded(image, image_format, **options):
    out = io.BytesIO()
    image.save(out, image_format, **options)
    return out.getvalue()


def sample(image_format):
    return encoded(picture(), image_format)


def quadrants():
    image = picture(colour=WHITE)
    for corner, colour in (((0, 0), RED), ((20, 0), GREEN), ((0, 10), BLUE)):
        image.paste(colour, (*corner, corner[0] + 20, corner[1] + 10))
    return image


def exif_with(orientation=1, order="<"):
    """A camera's EXIF block: orientation and a GPS directory with a latitude."""
    head = struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8)
    first = struct.pack(order + "HHHIHH", 2, 0x0112, 3, 1, orientation, 0)
    first += struct.pack(order + "HHIII", 0x8825, 4, 1, 38, 0)
    gps = struct.pack(order + "HHHI4sI", 1, 1, 2, 2, b"N\0\0\0", 0)
    return b"Exif\0\0" + head + first + gps + b"GPS-52.5200N"


def exif_without_orientation():
    """A second EXIF block, as some programs add one: the maker's name and nothing else."""
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHI4sI", 1, 0x010F, 2, 4, b"Ann\0", 0)


def swapped_profile():
    """A colour profile whose red means sRGB's green, and the other way round."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    places = {}
    for start in range(132, 132 + 12 * struct.unpack_from(">I", profile, 128)[0], 12):
        places[bytes(profile[start : start + 4])] = start
    profile[places[b"rXYZ"] : places[b"rXYZ"] + 4] = b"gXYZ"
    profile[places[b"gXYZ"] : places[b"gXYZ"] + 4] = b"rXYZ"
    return bytes(profile)


def make_profile(space, **tags):
    """A colour profile of a monitor, with a white point and these tags."""
    tags = {"wtpt": profile_colour(0.9642, 1, 0.8249), **tags}
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for name, tag in tags.items():
        table += struct.pack(">4sII", name.encode(), start + len(body), len(tag))
        body += tag
    head = struct.pack(">I4xI4s4s4s12x4s28x", start + len(body), 0x02400000, b"mntr", space, b"XYZ ", b"acsp")
    return (head + tags["wtpt"][8:]).ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def profile_colour(*xyz):
    return b"XYZ " + struct.pack(">4x3i", *(round(value * 65_536) for value in xyz))


# The curve of linear light: a power of 1.
LINEAR = b"curv" + struct.pack(">4xIHxx", 1, 256)


def grey_profile():
    """A colour profile for grey of linear light."""
    return make_profile(b"GRAY", kTRC=LINEAR)


def linear_profile():
    """A colour profile of sRGB's red, green and blue in linear light."""
    red, green, blue = (0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)
    colours = {"rXYZ": profile_colour(*red), "gXYZ": profile_colour(*green), "bXYZ": profile_colour(*blue)}
    return make_profile(b"RGB ", **colours, rTRC=LINEAR, gTRC=LINEAR, bTRC=LINEAR)


def profile_with(kind, body):
    """The profile of sRGB with one more tag."""
    profile = bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (count,) = struct.unpack_from(">I", profile, 128)
    tags = [struct.unpack_from(">4sII", profile, 132 + 12 * tag) for tag in range(count)]
    table = b"".join(struct.pack(">4sII", name, start + 12, length) for name, start, length in tags)
    table += struct.pack(">4sII", kind, len(profile) + 12, len(body))
    profile = profile[4:128] + struct.pack(">I", count + 1) + table + profile[132 + 12 * count :] + body
    return struct.pack(">I", len(profile) + 4) + profile


def profile_of_steps(steps):
    """A profile that swaps red and green once for each step, eight bytes a step."""
    swap = b"matf" + bytes(4) + struct.pack(">HH12f", 3, 3, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0)
    head = b"mpet" + bytes(4) + struct.pack(">HHI", 3, 3, steps)
    return profile_with(b"D2B0", head + struct.pack(">II", 16 + 8 * steps, len(swap)) * steps + swap)


def press_profile(lab):
    """A profile for CMYK in which every mixture of inks is the same colour, given as Lab."""
    table = b"mft1" + bytes(4) + b"\4\3\2\0" + struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table += bytes(range(256)) * 4 + bytes(lab) * 2**4 + bytes(range(256)) * 3
    head = struct.pack(">I4sI4s4s4s", 144 + len(table), b"lcms", 0x02400000, b"prtr", b"CMYK", b"Lab ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I4sII", 1, b"A2B0", 144, len(table)) + table


@functools.cache
def zeros_deflated(megabytes):
    deflater = zlib.compressobj(9)
    block = bytes(1 << 20)
    return b"".join(deflater.compress(block) for _ in range(megabytes)) + deflater.flush()


def png_chunk(kind, body=b""):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width, height, depth=8, colour_type=0):
    return png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0))


def make_png(*chunks):
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + png_chunk(b"IEND")


def png_with(*chunks):
    """A small PNG with more chunks between its header and its pixels."""
    rows = (b"\0" + bytes([200]) * 40) * 20
    return make_png(png_header(40, 20), *chunks, png_chunk(b"IDAT", zlib.compress(rows)))


# The passes of an interlaced PNG: first column and row, and the steps from one to the next.
INTERLACED = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def large_png(colour_type, depth, size=(5000, 5000), *, transparent=None, interlaced=False):
    """A PNG of grey, of as many bits as asked for, and of a few kilobytes."""
    width, height = size
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour_type]
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, int(interlaced))
    chunks = [png_chunk(b"IHDR", header)]
    if colour_type == 3:
        chunks.append(png_chunk(b"PLTE", bytes(range(256)) * 3))
    if transparent:
        chunks.append(png_chunk(b"tRNS", transparent))
    deflater, rows = zlib.compressobj(1), []
    for left, top, across, down in INTERLACED if interlaced else [(0, 0, 1, 1)]:
        row = b"\0" + b"\x55" * ((-(-(width - left) // across) * bits + 7) // 8)
        rows += [deflater.compress(row) for _ in range(top, height, down)]
    return make_png(*chunks, png_chunk(b"IDAT", b"".join(rows) + deflater.flush()))


def noise(size, mode="RGB"):
    """What compresses badly."""
    grey = Image.effect_noise(size, 30)
    return Image.merge(mode, [grey] * len(mode)) if mode != "L" else grey


def animated(image_format, size):
    frames = [picture(size=size, colour=colour) for colour in (RED, GREEN)]
    return encoded(frames[0], image_format, save_all=True, append_images=frames[1:])


def gif_with_small_frame():
    whole, frame = struct.pack("<HH", 5000, 5000), struct.pack("<HH", 4999, 4999)
    return encoded(picture("P", (4999, 4999), 0), "GIF").replace(frame, whole, 1)


def pixel_bomb():
    """The real thing: 13,300 x 13,300 black pixels in 172 KB, whole and valid."""
    return make_png(png_header(13_300, 13_300), png_chunk(b"IDAT", zeros_deflated(169)))


def jpeg_segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg_with(*segments, tail=b"", **options):
    data = encoded(picture(), "JPEG", **options)
    return data[:2] + b"".join(segments) + data[2:] + tail


def jpeg_header(width, height):
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0"
    return b"\xff\xd8" + jpeg_segment(0xC0, frame) + jpeg_segment(0xDA, b"\1\1\0\0\x3f\0") + b"\0\xff\xd9"


def jpeg_of_scans(count):
    """A progressive JPEG that says its first scan again and again."""
    data = encoded(picture(), "JPEG", progressive=True)
    start = data.index(b"\xff\xda")
    end = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]").search(data, start + 2).start()
    return data[:start] + data[start:end] * count + data[end:]


def mpo():
    return encoded(picture(), "MPO", save_all=True, append_images=[picture(colour=BLUE)])


def make_gif(*blocks, size=(1, 1)):
    head = b"GIF89a" + struct.pack("<HHBBB", *size, 0x80, 0, 0) + bytes(RED) + bytes(BLUE)
    return head + b"".join(blocks) + b";"


def gif_frame(size=(1, 1), left=0):
    return b"," + struct.pack("<HHHHB", left, 0, *size, 0) + b"\x02\x02\x44\x01\0"


def riff_chunk(kind, body):
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def make_webp(*chunks):
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_header(width, height, flags=0):
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return riff_chunk(b"VP8X", struct.pack("<I", flags) + size)


def webp_with(*chunks, tail=b""):
    pixels = encoded(picture(), "WEBP")[12:]
    return make_webp(webp_header(40, 20), pixels, *chunks) + tail


def webp_frame():
    place = struct.pack("<IIII", 0, 0, 0, 0)
    return riff_chunk(b"ANMF", place + encoded(picture(size=(1, 1)), "WEBP", lossless=True)[12:])


def many_frames(image_format, count, after=b""):
    if image_format == "GIF":
        return make_gif(*[gif_frame()] * count, after)
    if image_format == "WEBP":
        head = webp_header(1, 1, flags=2) + riff_chunk(b"ANIM", bytes(6))
        return make_webp(head, *[webp_frame()] * count, after)
    control = struct.pack(">IIIIHHBB", 1, 1, 0, 0, 1, 10, 0, 0)
    frames = [png_chunk(b"fcTL", struct.pack(">I", number) + control) for number in range(count)]
    # It claims a single frame, so that those that are there must be counted.
    return png_with(png_chunk(b"acTL", struct.pack(">II", 1, 0)), *frames, after)


def animation(image_format):
    frames = [picture(colour=colour) for colour in (RED, GREEN, BLUE)]
    return encoded(frames[0], image_format, save_all=True, append_images=frames[1:], duration=100)


def clean(data, max_pixels=2048 * 2048):
    return read_image(io.BytesIO(data), max_pixels=max_pixels)


def opened(result):
    """What another program sees in the cleaned file."""
    image = Image.open(io.BytesIO(result.data))
    assert (image.format, image.size) == (result.format, (result.width, result.height))
    return image


def colour_at(result, place=(0, 0), mode="RGB"):
    return opened(result).convert(mode).getpixel(place)


def near(colour, expected, tolerance=12):
    return all(abs(one - other) <= tolerance for one, other in zip(colour, expected, strict=True))
