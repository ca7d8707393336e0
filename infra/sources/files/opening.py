"""A file's bytes as they were before somebody packed them."""

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path
from typing import IO, Final, cast

from backports import zstd


class NotATable(ValueError):
    """The file can't be read as rows of named columns; the message says what is missing and what to do."""


_MAGIC: Final = 8


def kind_of(path: Path) -> str:
    """Return what a file's first bytes say it is: gzip, bz2, xz, zstd, zip, workbook, parquet, arrow, or text.

    Raises:
        OSError: it can't be opened.
    """
    with path.open("rb") as file:
        first = file.read(_MAGIC)
    kinds = (
        (b"\x1f\x8b", "gzip"),
        (b"BZh", "bz2"),
        (b"\xfd7zXZ", "xz"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"PAR1", "parquet"),
        (b"ARROW1", "arrow"),
        (b"\xff\xff\xff\xff", "arrow stream"),
        (b"\xd0\xcf\x11\xe0", "workbook"),
        (b"PK", "zip"),
    )
    kind = next((kind for magic, kind in kinds if first.startswith(magic)), "text")
    if kind == "zip" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
        return (
            "workbook"
            if any(name.startswith(("xl/", "[Content_Types]")) or name == "content.xml" for name in names)
            else "zip"
        )
    return kind


def opened(path: Path) -> IO[bytes]:
    """Return the unpacked bytes of a file, read as they are asked for.

    Raises:
        NotATable: it is a zip with none or several files in it.
        OSError: it can't be opened.
    """
    match kind_of(path):
        case "gzip":
            return cast("IO[bytes]", gzip.open(path, "rb"))
        case "bz2":
            return cast("IO[bytes]", bz2.open(path, "rb"))
        case "xz":
            return cast("IO[bytes]", lzma.open(path, "rb"))
        case "zstd":
            return cast("IO[bytes]", zstd.open(path, "rb"))
        case "zip":
            return _only_member(path)
    return path.open("rb")


DAMAGED: Final = (EOFError, zipfile.BadZipFile, lzma.LZMAError, zstd.ZstdError, gzip.BadGzipFile)
"""What reading a damaged packed file raises, beside OSError."""


def _only_member(path: Path) -> IO[bytes]:
    packed = zipfile.ZipFile(path)
    names = [
        info.filename
        for info in packed.infolist()
        if not info.is_dir()
        and not info.filename.startswith("__MACOSX/")
        and not Path(info.filename).name.startswith(".")
    ]
    if len(names) != 1:
        packed.close()
        shown = ", ".join(names[:5]) or "nothing"
        raise NotATable(f"{path} holds {len(names)} files ({shown}): unpack it, and name the folder instead")
    return packed.open(names[0])
