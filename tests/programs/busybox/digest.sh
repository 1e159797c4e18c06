md5sum words
sha1sum words
sha256sum words tree/*
cksum words
