"""Exhibits as pages point at them: number, name, file page, and the place in the picture."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from gongdao.casework.online.files import CaseFileRow
from gongdao.evidence.kept.keep_preview import find_preview
from gongdao.front.stores import get_stores
from gongdao.front.web.file_details import picture_href, views_of
from gongdao.front.web.report import SeenCase


@dataclass(frozen=True)
class ExhibitLink:
    """One exhibit: ``no`` as in the letters, ``name`` as uploaded, ``href`` its file page."""

    no: int
    path: str
    name: str
    href: str
    file: CaseFileRow


@dataclass(frozen=True)
class Picture:
    """A place in a picture: ``src`` of the whole, its size in the pixels of ``box``."""

    src: str
    width: int
    height: int
    box: tuple[int, int, int, int]
    href: str


def link_exhibits(seen: SeenCase) -> dict[str, ExhibitLink]:
    """Every exhibit of the case by its path."""
    files = {file.facts.path: file for file in seen.assembled.files if file.facts.path}
    link = seen.assembled.case.content.link
    return {
        row["exhibit"]: ExhibitLink(
            row["no"],
            row["exhibit"],
            files[row["exhibit"]].facts.name,
            reverse("file", args=[link, files[row["exhibit"]].row.id]),
            files[row["exhibit"]],
        )
        for row in seen.report["evidence_list"]
        if row["exhibit"] in files
    }


def find_picture(seen: SeenCase, exhibit: ExhibitLink, names: tuple[str, ...]) -> Picture | None:
    """Where the first of the readings ``names`` that was made was read; None where it has no place
    in a picture, or where no picture was made yet: a page does not wait for one."""
    found = seen.assembled.judgement.dossier.exhibits
    read = next((one for one in found if one.path == exhibit.path), None)
    field = next((read.fields[n] for n in names if n in read.fields), None) if read else None
    if read is None or field is None or field.box is None:
        return None
    place = field.page or 1, field.frame_ms or 0
    view = next((v for v in views_of(read) if (v.page, v.frame_ms) == place), None)
    if view is None:
        return None
    case = seen.assembled.case
    shown = find_preview(
        stores=get_stores(), key=case.key, row=exhibit.file.row, view=view, at=seen.as_of
    )
    if shown is None or not shown.webp:
        return None
    src = f"{picture_href(case.content.link, exhibit.file)}?view={view.number}"
    return Picture(src, shown.width, shown.height, field.box, exhibit.href)
