cp -r tree copy && mv copy/two.txt moved && rm -r copy/deep && ls copy && cat moved
