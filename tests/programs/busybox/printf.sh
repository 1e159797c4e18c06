printf '%05d|%-6s|%x|%c\n' 42 ab 255 z
echo -e 'a\tb'
echo -n no newline
