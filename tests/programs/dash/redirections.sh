echo out >f 2>&1; echo more >>f; cat <f; exec 5>g; echo five >&5; exec 5>&-; cat g
{ echo a; echo b >&2; } 2>err | cat; cat err; ls /nope 2>/dev/null || echo failed
echo through <&0 | cat; : >empty; [ -s empty ] || echo still empty; set -C; echo x >f
echo $?
