"""What a file looks to be by its extension: which icon it gets."""

from __future__ import annotations

_EXTENSIONS = {
    "archive": "7z apk bz2 deb dmg gz iso jar rar rpm tar tbz tgz txz whl xz zip zst",
    "audio": "aac flac m4a mid mp3 oga ogg opus wav weba wma",
    "code": "c cc cpp cs css go h hpp html htm java js json kt lua mjs php pl py rb rs sh sql toml ts xml yaml yml",
    "image": "avif bmp gif heic ico jpeg jpg jxl png psd svg tif tiff webp",
    "text": "csv doc docx epub log md odp ods odt pdf ppt pptx rst rtf tex txt xls xlsx",
    "video": "avi flv m4v mkv mov mp4 mpeg mpg ogv webm wmv",
}
_KINDS = {extension: kind for kind, extensions in _EXTENSIONS.items() for extension in extensions.split()}


def kind_of(name: str) -> str:
    """The kind of a file: one of those above, or "file"."""
    return _KINDS.get(name[name.rfind(".") + 1 :].lower(), "file")
