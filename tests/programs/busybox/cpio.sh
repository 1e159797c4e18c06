find tree | sort | cpio -o -H newc 2>/dev/null | cpio -t 2>/dev/null
