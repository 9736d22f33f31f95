"""Unpacks some folders of a wheel: WHEEL TARGET FOLDER..."""

import sys
import zipfile

wheel, target, *folders = sys.argv[1:]
wanted = tuple(f"{folder}/" for folder in folders)
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(target, [name for name in archive.namelist() if name.startswith(wanted)])
