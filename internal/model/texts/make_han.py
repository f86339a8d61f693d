"""Writes han.txt: characters of Chinese that only one of the two ways of writing has, from OpenCC's tables in the wheel
opencc_python_reimplemented-0.1.7-py2.py3-none-any.whl (Apache-2.0), given as the argument."""
import pathlib
import sys
import zipfile

wheel = zipfile.ZipFile(sys.argv[1])


def table(name):
    lines = wheel.read(f"opencc/dictionary/{name}.txt").decode().splitlines()
    return {k: v.split() for k, _, v in (line.partition("\t") for line in lines) if v}


to_simplified, to_traditional = table("TSCharacters"), table("STCharacters")
regional = {c for name in ("TWVariants", "HKVariants") for forms in table(name).values() for c in forms}
simplified = {s for s, forms in to_traditional.items() if s not in forms} - regional
traditional = {t for t, forms in to_simplified.items() if t not in forms}
both = simplified & traditional
header = """# Characters that only simplified (first line), and only traditional (second line) Chinese has. Made by make_han.py from the character
# tables of OpenCC (https://github.com/BYVoid/OpenCC, Copyright Carbo Kuo, Apache License 2.0) as opencc-python-reimplemented 0.1.7 ships
# them; what Taiwan or Hong Kong write as well counts as neither.
"""
path = pathlib.Path(__file__).parent / "han.txt"
path.write_text(header + "".join("".join(sorted(s - both)) + "\n" for s in (simplified, traditional)), encoding="utf-8")
