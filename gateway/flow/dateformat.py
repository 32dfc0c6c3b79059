"""Java's SimpleDateFormat patterns, in UTC and English.

Source: java.text.SimpleDateFormat (Java 17); reference/runtime/templates.md section 5.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import groupby

from gateway.flow.expressions import ExpressionError

DateFormat = Callable[[int], str]
"""Milliseconds since the epoch to text; OverflowError outside the years 1 to 9999."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class DateFormatError(ExpressionError):
    """A pattern with a letter that SimpleDateFormat does not know, or an open quote."""


def compile_date_format(pattern: str) -> DateFormat:
    """Compile a pattern such as `yyyy-MM-dd'T'HH:mm:ss.SSSZ`."""
    parts = _parts(pattern)

    def format_millis(millis: int) -> str:
        moment = _EPOCH + timedelta(milliseconds=millis)
        return "".join(part if isinstance(part, str) else part(moment) for part in parts)

    return format_millis


_Field = Callable[[datetime], str]


def _parts(pattern: str) -> list[str | _Field]:
    parts: list[str | _Field] = []
    place = 0
    while place < len(pattern):
        char = pattern[place]
        if char == "'":
            text, place = _quoted(pattern, place)
            parts.append(text)
        elif char.isascii() and char.isalpha():
            count = len(next("".join(run) for _, run in groupby(pattern[place:])))
            parts.append(_field(char, count, place))
            place += count
        else:
            parts.append(char)
            place += 1
    return parts


def _quoted(pattern: str, start: int) -> tuple[str, int]:
    """The literal of a quote at `start`, and the place after it; `''` is one quote."""
    if pattern.startswith("''", start):
        return "'", start + 2
    text, place = "", start + 1
    while place < len(pattern):
        if pattern.startswith("''", place):
            text, place = text + "'", place + 2
        elif pattern[place] == "'":
            return text, place + 1
        else:
            text, place = text + pattern[place], place + 1
    raise DateFormatError("Unterminated quote", start)


def _field(letter: str, count: int, offset: int) -> _Field:
    if letter in _NUMBERS:
        number = _NUMBERS[letter]
        return lambda moment: str(number(moment)).zfill(count)
    if letter in _TEXTS:
        text = _TEXTS[letter]
        return lambda moment: text(moment, count)
    raise DateFormatError(f"Illegal pattern character '{letter}'", offset)


def _sunday_first(day: datetime) -> int:
    """0 for Sunday to 6 for Saturday: Java's English weeks begin on Sunday."""
    return (day.weekday() + 1) % 7


def _week_in(day_number: int, weekday: int) -> int:
    """Week of a month or year, whose first week holds its first day (both from 0)."""
    first_weekday = (weekday - day_number) % 7
    return (day_number + first_weekday) // 7 + 1


def _week_of_year(day: datetime) -> int:
    return 1 if _week_year(day) > day.year else _week_in(_year_day(day), _sunday_first(day))


def _week_year(day: datetime) -> int:
    """The week with 1 January belongs to the new year."""
    saturday = day.date() + timedelta(days=6 - _sunday_first(day))
    return saturday.year


def _year_day(day: datetime) -> int:
    return day.timetuple().tm_yday - 1


_NUMBERS: dict[str, Callable[[datetime], int]] = {
    "w": _week_of_year,
    "W": lambda day: _week_in(day.day - 1, _sunday_first(day)),
    "D": lambda day: _year_day(day) + 1,
    "d": lambda day: day.day,
    "F": lambda day: (day.day - 1) // 7 + 1,
    "u": lambda day: day.isoweekday(),
    "H": lambda day: day.hour,
    "k": lambda day: day.hour or 24,
    "K": lambda day: day.hour % 12,
    "h": lambda day: day.hour % 12 or 12,
    "m": lambda day: day.minute,
    "s": lambda day: day.second,
    "S": lambda day: day.microsecond // 1000,
}


def _year(number: int, count: int) -> str:
    return f"{number % 100:02d}" if count == 2 else str(number).zfill(count)


def _month(day: datetime, count: int) -> str:
    if count < 3:
        return str(day.month).zfill(count)
    name = _MONTHS[day.month - 1]
    return name[:3] if count == 3 else name


def _weekday(day: datetime, count: int) -> str:
    name = _DAYS[day.weekday()]
    return name if count > 3 else name[:3]


_TEXTS: dict[str, Callable[[datetime, int], str]] = {
    "G": lambda day, count: "AD",
    "y": lambda day, count: _year(day.year, count),
    "Y": lambda day, count: _year(_week_year(day), count),
    "M": _month,
    "L": _month,
    "E": _weekday,
    "a": lambda day, count: "AM" if day.hour < 12 else "PM",
    "z": lambda day, count: "UTC" if count < 4 else "Coordinated Universal Time",
    "Z": lambda day, count: "+0000",
    "X": lambda day, count: "Z",
}
