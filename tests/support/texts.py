"""Files the shells, coreutils and interpreters under test find in their directory."""

TEXTS: dict[str, bytes | str] = {
    "words": "pear\napple\nfig\napple\nquince\nfig\napple\n",
    "table": "name qty price\nbolt 10 0.25\nnut 200 0.10\ngear 3 12.50\n",
    "tree/one.txt": "the needle is here\nnothing\n",
    "tree/two.txt": "hay\nhay\n",
    "tree/deep/three.txt": "another needle\n",
    "bytes": bytes(range(256)) * 300,
    "empty": "",
    "script": "echo sourced\n",
}
