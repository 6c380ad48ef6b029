"""Compile the English catalogue: gongdao.po becomes gongdao.mo beside it."""

from __future__ import annotations

import sys

from po_file import CATALOG, PoError, compile_mo, read_po


def main() -> int:
    """Write the binary catalogue. Exit code 0, or 1 with the line that cannot be used."""
    try:
        binary = compile_mo(read_po(CATALOG))
    except (OSError, PoError) as error:
        print(f"the catalogue cannot be compiled: {error}", file=sys.stderr)
        return 1
    CATALOG.with_suffix(".mo").write_bytes(binary)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
