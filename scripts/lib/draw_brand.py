"""Draws the brand images: a warm house whose flame holds a hash. Run it after a change and look at the result."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

BRAND = Path(__file__).parents[2] / "custom_components" / "hashwarm" / "brand"
OVERSAMPLING = 4
ICON_PX = 256
LOGO_PX = 192
TOP, BOTTOM = (255, 167, 38), (216, 67, 21)
FLAME = (255, 248, 231, 255)
EMBER = (230, 81, 0, 255)
WORD_ON_LIGHT, WORD_ON_DARK = (62, 39, 35, 255), (255, 236, 210, 255)

type Point = tuple[float, float]


def curve(start: Point, control1: Point, control2: Point, end: Point, steps: int = 48) -> list[Point]:
    """Return points of a cubic Bezier curve."""
    points = []
    for step in range(steps + 1):
        t = step / steps
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        corners = (start, control1, control2, end)
        points.append(
            (
                sum(weight * corner[0] for weight, corner in zip(weights, corners, strict=True)),
                sum(weight * corner[1] for weight, corner in zip(weights, corners, strict=True)),
            )
        )
    return points


FLAME_OUTLINE = [
    *curve((0.53, 0.235), (0.50, 0.40), (0.715, 0.47), (0.715, 0.67)),
    *curve((0.715, 0.67), (0.715, 0.80), (0.62, 0.885), (0.50, 0.885)),
    *curve((0.50, 0.885), (0.38, 0.885), (0.285, 0.80), (0.285, 0.67)),
    *curve((0.285, 0.67), (0.285, 0.59), (0.32, 0.53), (0.365, 0.485)),
    *curve((0.365, 0.485), (0.375, 0.54), (0.395, 0.565), (0.425, 0.575)),
    *curve((0.425, 0.575), (0.39, 0.44), (0.43, 0.32), (0.53, 0.235)),
]
HOUSE = [(0.5, 0.055), (0.945, 0.44), (0.855, 0.44), (0.855, 0.945), (0.145, 0.945), (0.145, 0.44), (0.055, 0.44)]


def mark(size: int) -> Image.Image:
    """Return the mark, square, on nothing."""
    big = size * OVERSAMPLING
    shape = Image.new("L", (big, big), 0)
    draw = ImageDraw.Draw(shape)
    house = [(x * big, y * big) for x, y in HOUSE]
    draw.polygon(house, fill=255)
    # Thick round joints take the edge off every corner.
    draw.line([*house, house[0], house[1]], fill=255, width=round(0.09 * big), joint="curve")
    for x, y in house:
        radius = 0.045 * big
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    picture = Image.new("RGBA", (big, big), (0, 0, 0, 0))
    picture.paste(gradient(big), (0, 0), shape)
    draw = ImageDraw.Draw(picture)
    draw.polygon([(x * big, y * big) for x, y in FLAME_OUTLINE], fill=FLAME)
    draw_hash(draw, big)
    return picture.resize((size, size), Image.Resampling.LANCZOS)


def gradient(size: int) -> Image.Image:
    """Return the glow of the house, amber above and ember below."""
    column = Image.new("RGBA", (1, size))
    for y in range(size):
        share = y / (size - 1)
        red, green, blue = (round(top + share * (bottom - top)) for top, bottom in zip(TOP, BOTTOM, strict=True))
        column.putpixel((0, y), (red, green, blue, 255))
    return column.resize((size, size))


def draw_hash(draw: ImageDraw.ImageDraw, size: int) -> None:
    """Draw the hash sign into the flame."""
    width = round(0.036 * size)
    lean = 0.022
    for x in (0.448, 0.552):
        draw_bar(draw, size, ((x + lean, 0.585), (x - lean, 0.815)), width)
    for y in (0.655, 0.745):
        draw_bar(draw, size, ((0.385, y), (0.615, y)), width)


def draw_bar(draw: ImageDraw.ImageDraw, size: int, ends: tuple[Point, Point], width: int) -> None:
    """Draw one stroke with round ends."""
    points = [(x * size, y * size) for x, y in ends]
    draw.line(points, fill=EMBER, width=width)
    for x, y in points:
        draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=EMBER)


def logo(height: int, word: tuple[int, int, int, int]) -> Image.Image:
    """Return the mark with the name beside it, trimmed."""
    font = ImageFont.load_default(size=round(0.62 * height))
    left, top, right, bottom = font.getbbox("Hashwarm")
    gap = round(0.12 * height)
    picture = Image.new("RGBA", (height + gap + round(right - left) + height // 24, height), (0, 0, 0, 0))
    picture.alpha_composite(mark(height))
    baseline = (height - (bottom - top)) / 2 - top + 0.03 * height
    ImageDraw.Draw(picture).text(
        (height + gap - left, baseline), "Hashwarm", font=font, fill=word, stroke_width=height / 96, stroke_fill=word
    )
    return picture


def save(picture: Image.Image, name: str) -> None:
    """Write it as small as it goes without loss; a logo is trimmed."""
    box = picture.getbbox() if "logo" in name else None
    picture = picture.crop(box) if box else picture
    picture.save(BRAND / name, optimize=True)


def main() -> None:
    """Draw all of them."""
    BRAND.mkdir(exist_ok=True)
    for suffix, scale in (("", 1), ("@2x", 2)):
        save(mark(ICON_PX * scale), f"icon{suffix}.png")
        for prefix, word in (("", WORD_ON_LIGHT), ("dark_", WORD_ON_DARK)):
            save(logo(LOGO_PX * scale, word), f"{prefix}logo{suffix}.png")


if __name__ == "__main__":
    main()
