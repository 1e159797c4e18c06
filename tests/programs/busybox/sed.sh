sed -n -e 's/\(a\)pple/\1PPLE/p' -e '$=' words
